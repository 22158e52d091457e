#include <cstdio>
#include <memory>

#include "commands.h"
#include "options.h"
#include "progress.h"

namespace cli {
namespace {

int run(options& o, const std::string& style, bool json) {
  o.request.output = nullptr;
  ltx::pipeline pipeline(o.params);
  watch_interrupts();
  progress_view view(style);
  const std::string report = pipeline
                                 .enhance_prompt(o.request,
                                                 [&](const ltx_event& event) {
                                                   view.show(event);
                                                   return !interrupted();
                                                 })
                                 .json();
  std::puts(json ? report.c_str()
                 : nlohmann::json::parse(report).at("prompt").get_ref<const std::string&>().c_str());
  return 0;
}

}  // namespace

command add_enhance(CLI::App& app, const bool& json) {
  CLI::App& sub = *app.add_subcommand("enhance", "Rewrite a prompt, with a look at the first --image");
  auto o = std::make_shared<options>();
  o->add_to(sub);
  auto style = std::make_shared<std::string>("auto");
  sub.add_option("--progress", *style, "On stderr")->check(CLI::IsMember({"auto", "plain", "json", "off"}));
  return [o, style, &json] {
    o->finish();
    if (!o->output_path.empty()) throw usage_error("--output: the prompt goes to stdout");
    return run(*o, *style, json);
  };
}

}  // namespace cli
