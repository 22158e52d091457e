// A run leaves the process as it found it: torch's globals, the working directory, the locale, signal
// handlers, the floating point mode, the environment. Prints nothing; neither may the library.
//
// usage: good_guest MODELS
#include <ATen/Context.h>
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <signal.h>
#include <unistd.h>
#include <xmmintrin.h>

#include <cfenv>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "ltx.hpp"

extern char** environ;

namespace {

std::string state() {
  std::string s;
  const auto add = [&](const std::string& name, const std::string& value) { s += name + "=" + value + "\n"; };
  add("grad", std::to_string(at::GradMode::is_enabled()));
  add("deterministic", std::to_string(at::globalContext().deterministicAlgorithms()));
  add("tf32", std::to_string(static_cast<int>(at::globalContext().float32MatmulPrecision())));
  add("threads", std::to_string(at::get_num_threads()));
  add("dtype",
      std::string(at::typeMetaToScalarType(at::get_default_dtype()) == at::kFloat ? "float" : "other"));
  const at::Tensor rng = at::globalContext().defaultGenerator(at::kCPU).get_state();
  add("rng", std::string(static_cast<const char*>(rng.data_ptr()), rng.nbytes()));
  char folder[4096];
  add("cwd", getcwd(folder, sizeof folder));
  add("locale", setlocale(LC_ALL, nullptr));
  add("mxcsr", std::to_string(_mm_getcsr() & ~0x3fu));  // without the sticky flags
  add("round", std::to_string(fegetround()));
  for (int number = 1; number < 32; ++number) {
    struct sigaction action;
    sigaction(number, nullptr, &action);
    add("signal", std::to_string(reinterpret_cast<uintptr_t>(action.sa_handler)));
  }
  for (char** entry = environ; *entry; ++entry) add("env", *entry);
  return s;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) return 2;
  at::set_num_threads(1);
  auto models = ltx::make<ltx_model_paths>();
  models.root = argv[1];
  auto params = ltx::make<ltx_pipeline_params>();
  params.kind = LTX_PIPELINE_DISTILLED;
  params.models = &models;
  params.device_type = LTX_DEVICE_CPU;
  auto request = ltx::make<ltx_request>();
  request.prompt = "rain";
  request.width = request.height = 64;
  request.num_frames = 9;
  const std::string before = state();
  ltx::pipeline pipeline(params);
  pipeline.generate(request);
  bool same = state() == before;
  ltx::job job = pipeline.start(request);
  job.next_event(std::chrono::milliseconds(200));
  job.cancel();
  try {
    job.wait();
    return 3;
  } catch (const ltx::error& error) {
    if (error.status() != LTX_E_CANCELLED) throw;
  }
  same = same && state() == before;
  static ltx::job unfinished = pipeline.start(request);  // the program ends while it runs
  unfinished.next_event(std::chrono::milliseconds(300));
  return same ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 4;
}
