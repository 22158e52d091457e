// ltx: the command line of libltx. Results go to stdout, progress and logs to stderr.
#include <csignal>
#include <cstdio>
#include <exception>

#include "commands.h"
#include "ltx.hpp"
#include "options.h"

namespace cli {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;

void on_interrupt(int) {
  g_interrupted = 1;
}

void report(bool json, const std::string& name, const std::string& message) {
  if (json)
    std::puts(nlohmann::json({{"schema", 1}, {"error", {{"status", name}, {"message", message}}}})
                  .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                  .c_str());
  std::fprintf(stderr, "ltx: %s\n", message.c_str());
}

}  // namespace

bool interrupted() {
  return g_interrupted != 0;
}

void watch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESETHAND;
  sigaction(SIGINT, &action, nullptr);
}

int exit_code(int status) {
  if (status == LTX_OK) return 0;
  if (status == LTX_E_CANCELLED) return 130;
  if (status == LTX_E_INVALID_ARGUMENT) return 2;
  if (status >= LTX_E_FILE_NOT_FOUND && status <= LTX_E_QUANT) return 3;
  if (status >= LTX_E_OUT_OF_DEVICE_MEMORY && status <= LTX_E_BUDGET) return 4;
  return 1;
}

}  // namespace cli

int main(int argc, char** argv) {
  CLI::App app("LTX-2 video and audio generation", "ltx");
  app.require_subcommand(1);
  app.set_version_flag("--version", ltx_version_string());
  app.fallthrough();
  bool json = false;
  app.add_flag("--json", json, "One JSON object on stdout");
  try {
    const cli::command generate = cli::add_generate(app, json);
    const cli::command info = cli::add_info(app, json);
    const cli::command convert = cli::add_convert(app, json, "convert");
    const cli::command quantize = cli::add_convert(app, json, "quantize");
    const cli::command calibrate = cli::add_calibrate(app, json);
    const cli::command enhance = cli::add_enhance(app, json);
    const cli::command quality = cli::add_quality(app, json);
    app.parse(argc, argv);
    for (const auto& [name, run] : {std::pair{"generate", &generate},
                                    {"info", &info},
                                    {"convert", &convert},
                                    {"quantize", &quantize},
                                    {"calibrate", &calibrate},
                                    {"enhance", &enhance},
                                    {"quality", &quality}})
      if (app.got_subcommand(name)) return (*run)();
    return 2;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const cli::usage_error& error) {
    cli::report(json, "usage", error.what());
    return 2;
  } catch (const ltx::error& error) {
    cli::report(json, error.name(), error.what());
    return cli::exit_code(error.status());
  } catch (const std::exception& error) {
    cli::report(json, "LTX_E_INTERNAL", error.what());
    return 1;
  }
}
