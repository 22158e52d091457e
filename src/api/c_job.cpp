// Exported functions: jobs.
#include "api/from_c.h"
#include "api/handles.h"
#include "api/job.h"
#include "api/structs.h"
#include "base/error.h"
#include "ltx_c.h"

namespace ltx::api {
namespace {

std::shared_ptr<Job> job_of(const ltx_job* handle) {
  return HandleTable::instance().get<Job>(handle);
}

int32_t checked_timeout(int32_t timeout_ms) {
  if (timeout_ms < -1)
    fail(Status::InvalidArgument,
         "timeout_ms is {}. Allowed: 0 to poll, -1 to wait without limit, or milliseconds.", timeout_ms);
  return timeout_ms;
}

[[noreturn]] void throw_not_ready(const Job& job) {
  fail(Status::NotReady,
       "the job has not finished; it is at: {}, {:.0f} % done. Wait for its FINISHED event.", job.position(),
       100 * job.progress().fraction);
}

}  // namespace
}  // namespace ltx::api

using namespace ltx::api;

ltx_status ltx_job_next_event(ltx_job* job, int32_t timeout_ms, ltx_event* out_event) noexcept {
  return guard([&] {
    Out<ltx_event> out(out_event, "out_event");
    out.write(job_of(job)->next_event(checked_timeout(timeout_ms)));
  });
}

ltx_status ltx_job_wait(ltx_job* job, int32_t timeout_ms) noexcept {
  return guard([&] { job_of(job)->wait(checked_timeout(timeout_ms)); });
}

ltx_status ltx_job_progress(const ltx_job* job, ltx_progress* out_progress) noexcept {
  return guard([&] {
    Out<ltx_progress> out(out_progress, "out_progress");
    out.write(job_of(job)->progress());
  });
}

ltx_status ltx_job_cancel(ltx_job* job) noexcept {
  return guard([&] { job_of(job)->cancel(Job::Canceller::Cancel); });
}

ltx_status ltx_job_status(const ltx_job* job) noexcept {
  return guard([&] {
    const std::shared_ptr<Job> own = job_of(job);
    if (!own->finished()) throw_not_ready(*own);
    if (own->outcome().status != ltx::Status::Ok)
      throw ltx::Error(own->outcome().status, own->outcome().message);
  });
}

const char* ltx_job_error(const ltx_job* job) noexcept {
  const char* text = "";
  guard([&] {
    const std::shared_ptr<Job> own = job_of(job);
    if (own->finished()) text = own->outcome().message.c_str();
  });
  return text;
}

ltx_status ltx_job_result(const ltx_job* job, ltx_result** out_result) noexcept {
  return guard([&] {
    ltx_result*& out = receive(out_result, "out_result");
    const std::shared_ptr<Job> own = job_of(job);
    if (!own->finished()) throw_not_ready(*own);
    if (own->outcome().status != ltx::Status::Ok)
      throw ltx::Error(own->outcome().status, own->outcome().message);
    if (!own->result())
      fail(ltx::Status::Unsupported,
           "the job has no result: it was no generation. Ask one of ltx_generate_start().");
    out = static_cast<ltx_result*>(HandleTable::instance().insert(own->result()));
  });
}
