// A resolved request as the C API shows it.
#pragma once
#include <memory>
#include <vector>

#include "engine/request.h"
#include "ltx_c.h"

namespace ltx::api {

/// Owns everything that request() points to. Arrays keep the strides of the client's own.
class ResolvedRequest {
 public:
  ResolvedRequest(engine::Request resolved, const ltx_request& client);
  ResolvedRequest(const ResolvedRequest&) = delete;
  ResolvedRequest& operator=(const ResolvedRequest&) = delete;

  const ltx_request& request() const { return request_; }

 private:
  const engine::Request value_;
  ltx_request request_;
  ltx_guidance video_guidance_, audio_guidance_;
  ltx_tiling tiling_;
  ltx_output output_;
  ltx_audio_condition audio_;
  ltx_audio_buffer samples_;
  std::vector<ltx_video_buffer> pixels_;
  std::vector<std::byte> images_, videos_;
};

}  // namespace ltx::api
