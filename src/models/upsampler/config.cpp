#include "models/upsampler/config.h"

#include <cmath>

#include "base/error.h"

namespace ltx::upsampler {
namespace {

using nlohmann::json;

[[noreturn]] void wrong(const std::string& file, const std::string& key, std::string_view expected,
                        const json& found) {
  fail(Status::ModelConfig,
       "{}: config key '{}' is {}, expected {}. Use a latent upsampler file of the LTX-2 family.", file, key,
       found.dump(), expected);
}

struct Reader {
  const json& object;
  const std::string& file;

  const json* find(const std::string& key) const {
    const auto found = object.find(key);
    return found == object.end() || found->is_null() ? nullptr : &*found;
  }
  int64_t integer(const std::string& key, int64_t fallback, int64_t minimum) const {
    const auto* value = find(key);
    if (!value) return fallback;
    if (!value->is_number_integer() || value->get<double>() < static_cast<double>(minimum) ||
        value->get<double>() > 1e9)
      wrong(file, key, fmt::format("an integer of at least {}", minimum), *value);
    return value->get<int64_t>();
  }
  bool boolean(const std::string& key, bool fallback) const {
    const auto* value = find(key);
    if (!value) return fallback;
    if (!value->is_boolean()) wrong(file, key, "true or false", *value);
    return value->get<bool>();
  }
};

Ratio ratio_of(const Reader& reader) {
  const auto* value = reader.find("spatial_scale");
  if (!value) return {2, 1};
  const double scale = value->is_number() ? value->get<double>() : 0;
  if (scale == 0.75) return {3, 4};
  if (scale == 1.5) return {3, 2};
  if (scale == 2.0) return {2, 1};
  if (scale == 4.0) return {4, 1};
  wrong(reader.file, "spatial_scale", "0.75, 1.5, 2.0 or 4.0", *value);
}

}  // namespace

UpsamplerConfig UpsamplerConfig::parse(const json& object, const std::string& file) {
  if (!object.is_object())
    fail(Status::ModelConfig,
         "{}: 'config' is {}, expected an object. Use a latent upsampler file with its embedded config.",
         file, object.is_null() ? "missing" : object.type_name());
  const Reader reader{object, file};
  UpsamplerConfig config;
  config.file = file;
  config.in_channels = reader.integer("in_channels", 128, 1);
  config.mid_channels = reader.integer("mid_channels", 512, 1);
  config.num_blocks_per_stage = reader.integer("num_blocks_per_stage", 4, 0);
  config.dims = reader.integer("dims", 3, 2);
  config.spatial = reader.boolean("spatial_upsample", true);
  config.temporal = reader.boolean("temporal_upsample", false);
  if (!config.spatial && !config.temporal)
    wrong(file, "spatial_upsample", "true where 'temporal_upsample' is false", config.spatial);
  // With `temporal_upsample` the other two keys are read by nobody: released temporal files state a scale
  // of 1.
  config.rational = !config.temporal && reader.boolean("rational_resampler", false);
  if (config.rational) config.ratio = ratio_of(reader);
  if (config.dims > 3 || (config.dims == 2 && (config.temporal || config.rational)))
    wrong(file, "dims", config.dims > 3 ? "2 or 3" : "3 for temporal and rational upsampling", config.dims);
  if (config.mid_channels % 32 != 0) wrong(file, "mid_channels", "a multiple of 32", config.mid_channels);
  return config;
}

}  // namespace ltx::upsampler
