#include "api/backend.h"

namespace ltx::api {

Backend& backend() {
  static Backend* instance = [] {
    std::unique_ptr<Backend> made = make_backend();
    set_exception_translator(made->translator());
    made->check_environment();  // throws: the next call tries again
    return made.release();
  }();
  return *instance;
}

}  // namespace ltx::api
