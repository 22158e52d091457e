#include <cstdio>
#include <fstream>
#include <memory>

#include "commands.h"
#include "options.h"
#include "progress.h"

namespace cli {
namespace {

/// One prompt a line; empty lines do not count.
std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw usage_error("--prompts: '" + path + "' cannot be read");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) lines.push_back(line);
  if (lines.empty()) throw usage_error("--prompts: '" + path + "' has no prompt");
  return lines;
}

int run(options& o, const std::string& prompts, const std::string& style, bool json) {
  std::vector<std::string> texts;
  if (!prompts.empty()) texts = lines_of(prompts);
  std::vector<ltx_request> requests;
  for (const auto& text : texts) requests.emplace_back(o.request).prompt = text.c_str();
  if (requests.empty()) requests.push_back(o.request);
  // What is measured are the layers, not a clip.
  const std::string path = o.output_path;
  o.output.path = nullptr;
  ltx::pipeline pipeline(o.params);
  watch_interrupts();
  progress_view view(style);
  pipeline.calibrate(requests, path, [&](const ltx_event& event) {
    view.show(event);
    return !interrupted();
  });
  std::ifstream file(path);
  const size_t layers = nlohmann::json::parse(file).at("amax_values").size();
  if (json)
    std::puts(nlohmann::json({{"schema", 1}, {"output", path}, {"layers", layers}}).dump().c_str());
  else
    std::printf("%s: %zu layers, %zu prompt%s\n", path.c_str(), layers, requests.size(),
                requests.size() == 1 ? "" : "s");
  return 0;
}

}  // namespace

command add_calibrate(CLI::App& app, const bool& json) {
  CLI::App& sub = *app.add_subcommand("calibrate", "Measure activations: a file for --calibration");
  auto o = std::make_shared<options>();
  o->add_to(sub);
  auto prompts = std::make_shared<std::string>();
  auto style = std::make_shared<std::string>("auto");
  sub.add_option("--prompts", *prompts, "File with one prompt a line")->type_name("PATH");
  sub.add_option("--progress", *style, "On stderr")->check(CLI::IsMember({"auto", "plain", "json", "off"}));
  return [o, prompts, style, &json] {
    o->finish();
    if (o->output_path.empty()) throw usage_error("--output is required: the JSON file to write");
    return run(*o, *prompts, *style, json);
  };
}

}  // namespace cli
