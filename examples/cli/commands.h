// The subcommands. Each adds its flags and returns what main runs after parsing: the exit code.
#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>

namespace cli {

using command = std::function<int()>;

command add_generate(CLI::App& app, const bool& json);
command add_info(CLI::App& app, const bool& json);
/// `name`: "convert", or "quantize", which needs --quant.
command add_convert(CLI::App& app, const bool& json, const std::string& name);
command add_calibrate(CLI::App& app, const bool& json);
command add_enhance(CLI::App& app, const bool& json);
command add_quality(CLI::App& app, const bool& json);

/// 0 done, 1 failure, 2 usage, 3 model or file, 4 memory, 130 cancelled.
int exit_code(int status);

/// True once the first SIGINT has arrived; a second one ends the program.
bool interrupted();
void watch_interrupts();

}  // namespace cli
