// Exported functions: model files into model files.
#include "api/backend.h"
#include "api/from_c.h"
#include "api/handles.h"
#include "api/job.h"
#include "api/structs.h"
#include "ltx_c.h"

namespace ltx::api {
namespace {

/// Validates on the caller's thread and describes the run.
JobSpec conversion(const char* function, const ltx_convert_params* client) {
  const engine::ConvertParams params = convert_from(client);
  JobSpec spec;
  spec.function = function;
  spec.log_level = params.source.log_level;
  spec.body = [params](JobSink& sink) {
    backend().convert(params, sink);
    return nullptr;
  };
  return spec;
}

}  // namespace
}  // namespace ltx::api

using namespace ltx::api;

ltx_status ltx_convert(const ltx_convert_params* params, ltx_event_fn on_event, void* user_data) noexcept {
  return guard([&] { Job::run(conversion("ltx_convert", params), on_event, user_data); });
}

ltx_status ltx_convert_start(const ltx_convert_params* params, ltx_job** out_job) noexcept {
  return guard([&] {
    ltx_job*& out = receive(out_job, "out_job");
    out = static_cast<ltx_job*>(
        HandleTable::instance().insert(Job::start(conversion("ltx_convert_start", params))));
  });
}
