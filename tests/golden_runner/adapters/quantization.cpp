// Chapter 08, one file per component.
#include "quantization.h"

#include <algorithm>

namespace ltx::golden {
namespace {

bool belongs(Status status, const std::string& category) {
  const auto is_one_of = [&](std::initializer_list<Status> all) {
    return std::find(all.begin(), all.end(), status) != all.end();
  };
  if (category == "argument") return status == Status::InvalidArgument;
  if (category == "runtime") return is_one_of({Status::Quant, Status::Unsupported});
  return category == "value" &&
         is_one_of({Status::TensorMissing, Status::TensorMismatch, Status::Quant, Status::LoraMismatch,
                    Status::FileCorrupt, Status::FileFormat, Status::ModelConfig, Status::Unsupported,
                    Status::Numeric, Status::InvalidArgument});
}

}  // namespace

nlohmann::json error_value(const Error& error, const nlohmann::json& expect) {
  const auto category = expect.value("error", "");
  auto names = nlohmann::json::array();
  for (const auto& name : expect.value("names", nlohmann::json::array()))
    if (std::string_view(error.what()).find(name.get<std::string>()) != std::string_view::npos)
      names.push_back(name);
  return {{"error", belongs(error.status(), category)
                        ? category
                        : "status " + std::to_string(static_cast<int>(error.status()))},
          {"names", names}};
}

void register_quantization(Registry& registry) {
  register_quant_codec(registry);
  register_quant_linear(registry);
  register_quant_checkpoint(registry);
  register_quant_lora(registry);
  register_quant_calibration(registry);
  register_quant_select(registry);
}

}  // namespace ltx::golden
