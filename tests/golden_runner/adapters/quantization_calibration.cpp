// quant.calibration
#include <algorithm>

#include "base/error.h"
#include "golden.h"
#include "io/json.h"
#include "quant/calibration.h"
#include "quantization.h"

namespace ltx::golden {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

Results read(const Case& c) {
  const auto layers = c.params.at("layers").get<std::vector<std::string>>();
  const auto calibration = quant::Calibration::read(c.folder / c.params.at("file").get<std::string>());
  calibration.require_known(layers);
  Results results;
  const bool nvfp4 = c.param<std::string>("format", "fp8") == "nvfp4";
  for (const auto& [layer, amax] : calibration.entries())
    results.tensors[layer] = calibration.input_scale(layer, nvfp4);
  auto dynamic = calibration.without_entry(layers);
  std::sort(dynamic.begin(), dynamic.end());
  results.values["dynamic"] = dynamic;
  return results;
}

Results record(const Case& c) {
  quant::Recorder recorder;
  for (const auto& [name, x] : c.inputs) {
    const auto slash = name.rfind('/');
    recorder.record(name.substr(0, slash), x);
  }
  const auto calibration = recorder.result();
  Results results;
  for (const auto& [layer, amax] : calibration.entries())
    results.tensors[layer] = at::full({}, amax, at::kFloat);
  results.values["json"] = io::parse_json(calibration.text(), "written");
  return results;
}

Results resolve(const Case& c) {
  quant::AmaxTable amax;
  for (const auto& [layer, value] : c.params.at("amax").items()) amax[layer] = value.get<float>();
  const quant::Calibration calibration(amax);
  Results results;
  for (const auto& [mode, expected] : c.description.at("expect").items()) {
    const auto wanted = mode == "static"    ? quant::ActScale::Static
                        : mode == "dynamic" ? quant::ActScale::Dynamic
                                            : quant::ActScale::Auto;
    auto& sources = results.values[mode] = json::object();
    try {
      for (const auto& [layer, stored] : c.params.at("input_scale").items()) {
        const auto scale = stored.is_null() ? at::Tensor() : at::full({}, stored.get<double>(), at::kFloat);
        sources[layer] = quant::name_of(
            quant::resolve_scale(wanted, scale, mode == "calibrated" ? &calibration : nullptr, layer).source);
      }
    } catch (const Error& error) {
      sources = error_value(error, expected);
    }
  }
  return results;
}

Results run_calibration(const Case& c) {
  const auto op = c.params.at("op").get<std::string>();
  const auto& expect = c.description.value("expect", json::object());
  try {
    if (op == "read") return read(c);
    if (op == "record") return record(c);
    if (op == "resolve") return resolve(c);
  } catch (const Error& error) {
    if (expect.contains("error")) return {{}, error_value(error, expect)};
    throw;
  }
  throw std::runtime_error("unknown op '" + op + "'");
}

}  // namespace

void register_quant_calibration(Registry& registry) {
  registry["quant.calibration"] = run_calibration;
}

}  // namespace ltx::golden
