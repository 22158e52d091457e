// What the tests of the C API share: a pipeline on the toy recipe, and initialised structs.
#pragma once
#include <doctest/doctest.h>

#include <string>

#include "ltx_c.h"
#include "toy_backend.h"

namespace ltx::toy {

inline ltx_request request(const char* prompt = "rain") {
  ltx_request r;
  REQUIRE(ltx_request_init(&r) == LTX_OK);
  r.prompt = prompt;
  return r;
}

inline ltx_output output() {
  ltx_output o;
  REQUIRE(ltx_output_init(&o) == LTX_OK);
  return o;
}

struct Params {
  ltx_model_paths models;
  ltx_pipeline_params params;

  explicit Params(ltx_pipeline_kind kind = LTX_PIPELINE_DISTILLED) {
    REQUIRE(ltx_model_paths_init(&models) == LTX_OK);
    REQUIRE(ltx_pipeline_params_init(&params) == LTX_OK);
    models.checkpoint = "toy.safetensors";
    params.kind = kind;
    params.models = &models;
  }
  ltx_pipeline* create() {
    ltx_pipeline* pipeline = nullptr;
    const ltx_status status = ltx_pipeline_create(&params, &pipeline);
    INFO(ltx_last_error());
    REQUIRE(status == LTX_OK);
    return pipeline;
  }
};

/// A handle that is freed at the end of a test.
template <class T>
class Owned {
 public:
  explicit Owned(T* handle = nullptr) : handle_(handle) {}
  ~Owned() { ltx_free(handle_); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  T** out() { return &handle_; }
  operator T*() const { return handle_; }

 private:
  T* handle_;
};

inline bool says(const std::string& part) {
  return std::string(ltx_last_error()).find(part) != std::string::npos;
}

}  // namespace ltx::toy
