#include <cstdio>
#include <memory>

#include "commands.h"
#include "ltx.hpp"
#include "options.h"

namespace cli {
namespace {

/// Shell pattern: * any text, ? any character.
bool matches(const char* pattern, const char* text) {
  for (; *pattern; ++pattern, ++text) {
    if (*pattern == '*') {
      for (const char* rest = text;; ++rest) {
        if (matches(pattern + 1, rest)) return true;
        if (!*rest) return false;
      }
    }
    if (!*text || (*pattern != '?' && *pattern != *text)) return false;
  }
  return !*text;
}

std::string size_text(double bytes) {
  const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  for (; bytes >= 1024 && unit < 4; ++unit) bytes /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
  return text;
}

std::string text(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// Number formats that a device multiplies as they are.
nlohmann::json native_formats(const ltx_device_info& device) {
  nlohmann::json names = nlohmann::json::array();
  for (int32_t format = 0; format < 64; ++format)
    if (device.native_formats >> format & 1) names.push_back(ltx::name(LTX_ENUM_FORMAT, format));
  return names;
}

nlohmann::json devices_json() {
  nlohmann::json list = nlohmann::json::array();
  for (int32_t i = 0; i < ltx::device_count(); ++i) {
    const ltx_device_info d = ltx::device(i);
    list.push_back({{"type", ltx::name(LTX_ENUM_DEVICE, d.type)},
                    {"index", d.index},
                    {"name", d.name},
                    {"compute_capability", d.compute_capability},
                    {"multiprocessor_count", d.multiprocessor_count},
                    {"total_bytes", d.total_bytes},
                    {"free_bytes", d.free_bytes},
                    {"native_formats", native_formats(d)}});
  }
  return list;
}

/// A file's report reduced to what was asked for.
void trim_file(nlohmann::json& file, const std::string& tensors, bool metadata) {
  nlohmann::json kept = nlohmann::json::array();
  for (const auto& tensor : file.value("tensor_list", nlohmann::json::array()))
    if (!tensors.empty() && matches(tensors.c_str(), tensor["name"].get<std::string>().c_str()))
      kept.push_back(tensor);
  file.erase("tensor_list");
  if (!tensors.empty()) file["tensor_list"] = std::move(kept);
  if (!metadata) {
    file.erase("metadata");
    file.erase("config");
  }
}

void trim(nlohmann::json& report, const std::string& tensors, bool metadata) {
  if (!report.contains("files")) return trim_file(report, tensors, metadata);
  for (auto& file : report["files"]) trim_file(file, tensors, metadata);
}

/// "format 12, format 3" of counted things.
std::string counted(const nlohmann::json& counts) {
  std::string line;
  for (const auto& [name, count] : counts.items())
    line += (line.empty() ? "" : ", ") + name + " " + text(count);
  return line;
}

/// How the layers of each component are stored, or what would suit the devices that are there.
void print_quantization(const nlohmann::json& file) {
  const nlohmann::json components = file.value("components", nlohmann::json::object());
  for (const auto& [name, part] : components.items()) {
    if (part.contains("quantization_error"))
      std::printf("    %s: quantized layers cannot be read: %s\n", name.c_str(),
                  text(part["quantization_error"]).c_str());
    if (part.value("quantization", nlohmann::json::object()).empty()) continue;
    std::printf("    %s: policy %s; layers: %s, unquantized %s\n", name.c_str(),
                text(part["quantization_policy"]).c_str(), counted(part["quantization"]).c_str(),
                text(part["unquantized_layers"]).c_str());
    const nlohmann::json attributes = part.value("quantization_attributes", nlohmann::json::object());
    for (const auto& [attribute, counts] : attributes.items())
      if (counts != 0)
        std::printf("      %s: %s\n", attribute.c_str(),
                    (counts.is_object() ? counted(counts) : text(counts)).c_str());
  }
  for (const auto& choice : file.value("recommended", nlohmann::json::array()))
    std::printf("    %s on %s: --quant %s, %s%s\n",
                choice["fits"].get<bool>() ? "suits" : "too large even so", text(choice["device"]).c_str(),
                text(choice["policy"]).c_str(), size_text(choice["bytes"].get<double>()).c_str(),
                choice["fits"].get<bool>() ? "" : " needed");
}

void print_file(const nlohmann::json& file) {
  std::printf("%s\n", text(file.value("path", nlohmann::json(""))).c_str());
  if (file.contains("error")) {
    std::printf("  cannot be read: %s\n", text(file["error"]).c_str());
    return;
  }
  std::printf("  %s", text(file.value("kind", nlohmann::json("unknown"))).c_str());
  if (const auto version = file.value("model_version", nlohmann::json()); !version.is_null())
    std::printf(", version %s", text(version).c_str());
  if (file.contains("bytes"))
    std::printf(", %s tensors, %s", file["tensors"].dump().c_str(),
                size_text(file["bytes"].get<double>()).c_str());
  std::printf("\n");
  const nlohmann::json components = file.value("components", nlohmann::json::object());
  for (const auto& [name, part] : components.items()) {
    std::string formats;
    for (const auto& [dtype, count] : part["dtypes"].items())
      formats += (formats.empty() ? "" : ", ") + count.dump() + " " + dtype;
    std::printf("    %-16s %9s  %s\n", name.c_str(), size_text(part["bytes"].get<double>()).c_str(),
                formats.c_str());
  }
  print_quantization(file);
  for (const char* key : {"metadata", "config"})
    if (file.contains(key)) std::printf("  %s %s\n", key, file[key].dump(2).c_str());
  for (const auto& tensor : file.value("tensor_list", nlohmann::json::array()))
    std::printf("  %s %s %s\n", text(tensor["name"]).c_str(), text(tensor["dtype"]).c_str(),
                tensor["shape"].dump().c_str());
}

void print(const nlohmann::json& report) {
  if (!report.contains("files")) return print_file(report);
  std::printf("%s\n", text(report["path"]).c_str());
  if (report.contains("models") && report["models"].is_object())
    for (const auto& [slot, path] : report["models"].items())
      if (!path.is_null()) std::printf("  %-18s %s\n", slot.c_str(), text(path).c_str());
  for (const auto& name : report.value("missing", nlohmann::json::array()))
    std::printf("  missing            %s\n", text(name).c_str());
  for (const auto& line : report.value("warnings", nlohmann::json::array()))
    std::printf("  warning            %s\n", text(line).c_str());
  for (const auto& file : report["files"]) print_file(file);
}

struct choices {
  std::vector<std::string> paths;
  std::string tensors;
  bool metadata = false, devices = false, build = false;
};

int run(const choices& c, bool json) {
  if (c.paths.empty() && !c.devices && !c.build) throw usage_error("info needs a path, --devices or --build");
  nlohmann::json report = {{"schema", 1}};
  for (const std::string& path : c.paths) {
    nlohmann::json file = nlohmann::json::parse(ltx::inspect(path).json());
    trim(file, c.tensors, c.metadata);
    if (!json) print(file);
    report["paths"].push_back(std::move(file));
  }
  if (c.devices) {
    report["devices"] = devices_json();
    if (!json)
      for (const auto& d : report["devices"]) {
        std::printf("%s:%d  %s, %s of %s free\n", text(d["type"]).c_str(), d["index"].get<int>(),
                    text(d["name"]).c_str(), size_text(d["free_bytes"].get<double>()).c_str(),
                    size_text(d["total_bytes"].get<double>()).c_str());
        std::string formats;
        for (const auto& format : d["native_formats"]) formats += " " + text(format);
        std::printf("  multiplies as they are:%s\n", formats.c_str());
      }
  }
  if (c.build) {
    report["build"] = nlohmann::json::parse(ltx_build_info());
    if (!json) std::puts(report["build"].dump(2).c_str());
  }
  if (json) std::puts(report.dump().c_str());
  return 0;
}

}  // namespace

command add_info(CLI::App& app, const bool& json) {
  CLI::App& sub = *app.add_subcommand("info", "What files hold, and what this machine and build can");
  auto c = std::make_shared<choices>();
  sub.add_option("paths", c->paths, "Files or folders")->type_name("PATH");
  sub.add_option("--tensors", c->tensors, "List tensors whose name matches")
      ->type_name("GLOB")
      ->expected(0, 1)
      ->default_str("*");
  sub.add_flag("--metadata", c->metadata, "Show the metadata");
  sub.add_flag("--devices", c->devices, "List devices");
  sub.add_flag("--build", c->build, "What the library was built with");
  return [c, &json] { return run(*c, json); };
}

}  // namespace cli
