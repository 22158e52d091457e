#include <cstdio>
#include <memory>

#include "commands.h"
#include "options.h"
#include "progress.h"

namespace cli {
namespace {

struct flags {
  options common;
  ltx_convert_params params = ltx::make<ltx_convert_params>();
  std::string output, style = "auto";
  bool no_verify = false;
};

int run(flags& f, bool json) {
  auto& p = f.params;
  const auto& c = f.common.params;
  p.quant = c.quant;
  p.text_quant = c.text_quant;
  p.device_type = c.device_type;
  p.device_index = c.device_index;
  p.log_level = c.log_level;
  p.models = c.models;
  p.quant_options = c.quant_options;
  p.text_quant_options = c.text_quant_options;
  p.loras = c.loras;
  p.lora_count = c.lora_count;
  p.quant_rules = c.quant_rules;
  p.quant_rule_count = c.quant_rule_count;
  p.output_path = f.output.c_str();
  p.verify = !f.no_verify;
  watch_interrupts();
  progress_view view(f.style);
  ltx::convert(p, [&](const ltx_event& event) {
    view.show(event);
    return !interrupted();
  });
  if (json)
    std::puts(nlohmann::json({{"schema", 1}, {"output", f.output}}).dump().c_str());
  else
    std::printf("%s\n", f.output.c_str());
  return 0;
}

}  // namespace

command add_convert(CLI::App& app, const bool& json, const std::string& name) {
  const bool quantize = name == "quantize";
  CLI::App& sub = *app.add_subcommand(
      name, quantize ? "As convert, with --quant required" : "Write model files in another number format");
  auto f = std::make_shared<flags>();
  f->common.add_conversion_to(sub);
  if (quantize) sub.get_option("--quant")->required();
  sub.add_option("-o,--output", f->output, "File to write, or a folder for several")
      ->type_name("PATH")
      ->required();
  sub.add_option_function<std::string>(
         "--container",
         [f](const std::string& text) { f->params.container = ltx::parse(LTX_ENUM_CONTAINER, text); },
         "Of the files written (safetensors)")
      ->type_name("auto|safetensors");
  sub.add_flag("--split", f->params.split, "One file per component");
  sub.add_flag("--overwrite", f->params.overwrite, "Replace files of the same name");
  sub.add_flag("--no-verify", f->no_verify, "Do not read the files again");
  sub.add_option("--progress", f->style, "On stderr")->check(CLI::IsMember({"auto", "plain", "json", "off"}));
  return [f, &json] {
    f->common.finish();
    return run(*f, json);
  };
}

}  // namespace cli
