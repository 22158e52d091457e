// Exported functions: pipelines and what they run.
#include <memory>
#include <string>

#include "api/backend.h"
#include "api/from_c.h"
#include "api/handles.h"
#include "api/job.h"
#include "api/structs.h"
#include "engine/rules.h"
#include "ltx_c.h"

namespace ltx::api {
namespace {

std::shared_ptr<Pipeline> pipeline_of(const ltx_pipeline* handle) {
  return HandleTable::instance().get<Pipeline>(handle);
}

template <class Handle, class T>
Handle* hand_out(std::shared_ptr<T> object) {
  return static_cast<Handle*>(HandleTable::instance().insert(std::move(object)));
}

/// Validates the request on the caller's thread and describes the run.
JobSpec generation(const char* function, const std::shared_ptr<Pipeline>& pipeline, const ltx_request* client,
                   bool keep) {
  JobSpec spec;
  spec.function = function;
  spec.hold.emplace(pipeline->acquire(function));
  spec.log_level = pipeline->params().log_level;
  auto request = std::make_shared<engine::Request>(
      pipeline->engine().resolve(request_from(client, pipeline->params().kind)));
  request->output.keep_frames &= keep;
  spec.request = request;
  spec.body = [engine = &pipeline->engine(), params = pipeline->params(), request](JobSink& sink) {
    return sink.finish(engine->generate(*request, sink), *request, params);
  };
  return spec;
}

JobSpec preload(const char* function, const std::shared_ptr<Pipeline>& pipeline, ltx_component component) {
  const auto part = enum_from<engine::Component>(LTX_ENUM_COMPONENT, component, "component");
  JobSpec spec;
  spec.function = function;
  spec.hold.emplace(pipeline->acquire(function));
  spec.log_level = pipeline->params().log_level;
  spec.body = [engine = &pipeline->engine(), part](JobSink& sink) {
    engine->preload(part, sink);
    return nullptr;
  };
  return spec;
}

}  // namespace
}  // namespace ltx::api

using namespace ltx::api;
namespace engine = ltx::engine;

ltx_status ltx_pipeline_create(const ltx_pipeline_params* params, ltx_pipeline** out_pipeline) noexcept {
  return guard([&] {
    ltx_pipeline*& out = receive(out_pipeline, "out_pipeline");
    const engine::PipelineParams own = params_from(params);
    auto pipeline = std::make_shared<Pipeline>(backend().make_engine(own));
    pipeline->check_device();
    out = hand_out<ltx_pipeline>(std::move(pipeline));
  });
}

ltx_status ltx_pipeline_info(const ltx_pipeline* pipeline, ltx_info** out_info) noexcept {
  return guard([&] {
    ltx_info*& out = receive(out_info, "out_info");
    nlohmann::json report = nlohmann::json::parse(pipeline_of(pipeline)->engine().info_json());
    report["schema"] = 1;
    out = hand_out<ltx_info>(
        std::make_shared<Info>(report.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
  });
}

ltx_status ltx_pipeline_resolve(const ltx_pipeline* pipeline, const ltx_request* request,
                                ltx_request* out_request) noexcept {
  return guard([&] {
    if (out_request == request)
      fail(ltx::Status::InvalidArgument, "out_request is the request itself. Pass another object.");
    Out<ltx_request> out(out_request, "out_request");
    const std::shared_ptr<Pipeline> own = pipeline_of(pipeline);
    engine::Request resolved = own->engine().resolve(request_from(request, own->params().kind));
    out.write(own->keep(std::make_unique<ResolvedRequest>(std::move(resolved), *request)));
  });
}

ltx_status ltx_pipeline_component(const ltx_pipeline* pipeline, ltx_component component,
                                  ltx_component_state* out_state) noexcept {
  return guard([&] {
    Out<ltx_component_state> out(out_state, "out_state");
    const std::shared_ptr<Pipeline> own = pipeline_of(pipeline);
    const engine::ComponentState state =
        own->engine().component(enum_from<engine::Component>(LTX_ENUM_COMPONENT, component, "component"));
    ltx_component_state c = make<ltx_component_state>();
    c.component = static_cast<ltx_component>(state.component);
    c.residency = static_cast<ltx_residency>(state.residency);
    c.quant = static_cast<ltx_quant_policy>(state.quant);
    c.on_device = state.on_device;
    c.shared = state.shared;
    c.device_bytes = state.device_bytes;
    c.host_bytes = state.host_bytes;
    c.file_bytes = state.file_bytes;
    out.write(c);
  });
}

ltx_status ltx_pipeline_preload(ltx_pipeline* pipeline, ltx_component component, ltx_event_fn on_event,
                                void* user_data) noexcept {
  return guard([&] {
    const std::shared_ptr<Pipeline> own = pipeline_of(pipeline);
    Job::run(preload("ltx_pipeline_preload", own, component), on_event, user_data);
  });
}

ltx_status ltx_pipeline_preload_start(ltx_pipeline* pipeline, ltx_component component,
                                      ltx_job** out_job) noexcept {
  return guard([&] {
    ltx_job*& out = receive(out_job, "out_job");
    out = hand_out<ltx_job>(
        Job::start(preload("ltx_pipeline_preload_start", pipeline_of(pipeline), component)));
  });
}

ltx_status ltx_pipeline_evict(ltx_pipeline* pipeline, ltx_component component) noexcept {
  return guard([&] {
    const std::shared_ptr<Pipeline> own = pipeline_of(pipeline);
    const auto part = enum_from<engine::Component>(LTX_ENUM_COMPONENT, component, "component");
    const Pipeline::Hold hold = own->acquire("ltx_pipeline_evict");
    own->engine().evict(part);
  });
}

ltx_status ltx_encode_text(ltx_pipeline* pipeline, const ltx_request* request, const char* path,
                           ltx_event_fn on_event, void* user_data) noexcept {
  return guard([&] {
    const std::shared_ptr<Pipeline> own = pipeline_of(pipeline);
    JobSpec spec;
    spec.function = "ltx_encode_text";
    spec.hold.emplace(own->acquire(spec.function));
    spec.log_level = own->params().log_level;
    const engine::Request text = request_from(request, own->params().kind, Purpose::Text);
    const std::string file = text_from(path, "path");
    spec.body = [engine = &own->engine(), text, file](JobSink& sink) {
      engine->encode_text(text, file, sink);
      return nullptr;
    };
    Job::run(std::move(spec), on_event, user_data);
  });
}

ltx_status ltx_enhance_prompt(ltx_pipeline* pipeline, const ltx_request* request, ltx_event_fn on_event,
                              void* user_data, ltx_info** out_info) noexcept {
  return guard([&] {
    ltx_info*& out = receive(out_info, "out_info");
    const std::shared_ptr<Pipeline> own = pipeline_of(pipeline);
    JobSpec spec;
    spec.function = "ltx_enhance_prompt";
    spec.hold.emplace(own->acquire(spec.function));
    spec.log_level = own->params().log_level;
    const engine::Request wanted = request_from(request, own->params().kind, Purpose::Text);
    const auto prompt = std::make_shared<engine::EnhancedPrompt>();
    spec.body = [engine = &own->engine(), wanted, prompt](JobSink& sink) {
      *prompt = engine->enhance_prompt(wanted, sink);
      return nullptr;
    };
    Job::run(std::move(spec), on_event, user_data);
    out = hand_out<ltx_info>(std::make_shared<Info>(nlohmann::json{
        {"schema", 1},
        {"prompt", prompt->text},
        {"seed", prompt->seed},
        {"tokens", prompt->token_count},
        {"from_image", prompt->from_image},
        {"complete", prompt->complete}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
  });
}

ltx_status ltx_calibrate(ltx_pipeline* pipeline, const ltx_request* requests, size_t request_count,
                         const char* path, ltx_event_fn on_event, void* user_data) noexcept {
  return guard([&] {
    const std::shared_ptr<Pipeline> own = pipeline_of(pipeline);
    JobSpec spec;
    spec.function = "ltx_calibrate";
    spec.hold.emplace(own->acquire(spec.function));
    spec.log_level = own->params().log_level;
    const std::string file = text_from(path, "path");
    std::vector<engine::Request> resolved;
    for (const auto& request : requests_from(requests, request_count, own->params().kind))
      resolved.push_back(own->engine().resolve(request));
    spec.body = [engine = &own->engine(), resolved = std::move(resolved), file](JobSink& sink) {
      engine->calibrate(resolved, file, sink);
      return nullptr;
    };
    Job::run(std::move(spec), on_event, user_data);
  });
}

ltx_status ltx_generate(ltx_pipeline* pipeline, const ltx_request* request, ltx_event_fn on_event,
                        void* user_data, ltx_result** out_result) noexcept {
  return guard([&] {
    if (out_result != nullptr) *out_result = nullptr;
    const std::shared_ptr<Pipeline> own = pipeline_of(pipeline);
    std::shared_ptr<Result> result =
        Job::run(generation("ltx_generate", own, request, out_result != nullptr), on_event, user_data);
    if (out_result != nullptr) *out_result = hand_out<ltx_result>(std::move(result));
  });
}

ltx_status ltx_generate_start(ltx_pipeline* pipeline, const ltx_request* request,
                              ltx_job** out_job) noexcept {
  return guard([&] {
    ltx_job*& out = receive(out_job, "out_job");
    out =
        hand_out<ltx_job>(Job::start(generation("ltx_generate_start", pipeline_of(pipeline), request, true)));
  });
}
