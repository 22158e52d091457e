#include "models/transformer/batch_splitter.h"

#include "base/error.h"

namespace ltx::transformer {
namespace {

struct Range {
  int64_t begin, count;
};

int64_t batch_of(const latents::Modality* video, const latents::Modality* audio) {
  return video ? video->latent.size(0) : audio ? audio->latent.size(0) : 0;
}

at::Tensor slice(const at::Tensor& field, const char* name, int64_t batch, Range range) {
  if (!field.defined()) return field;
  if (field.dim() == 0 || field.size(0) != batch) {
    fail(Status::InvalidArgument,
         "The field {} has batch {}; a batch of {} is to be split. Give every field the whole batch.", name,
         field.dim() ? field.size(0) : 0, batch);
  }
  return field.narrow(0, range.begin, range.count);
}

/// The fields that a step reads.
latents::Modality slice_step(const latents::Modality& m, int64_t batch, Range range) {
  latents::Modality part;
  part.latent = slice(m.latent, "latent", batch, range);
  part.sigma = slice(m.sigma, "sigma", batch, range);
  part.timesteps = slice(m.timesteps, "timesteps", batch, range);
  part.enabled = m.enabled;
  return part;
}

latents::Modality slice_request(const latents::Modality& m, int64_t batch, Range range) {
  auto part = slice_step(m, batch, range);
  part.positions = slice(m.positions, "positions", batch, range);
  part.context = slice(m.context, "context", batch, range);
  const auto optional = [&](const std::optional<at::Tensor>& field, const char* name) {
    return field ? std::optional(slice(*field, name, batch, range)) : std::nullopt;
  };
  part.context_mask = optional(m.context_mask, "context_mask");
  part.attention_mask = optional(m.attention_mask, "attention_mask");
  part.keyframes_mask = optional(m.keyframes_mask, "keyframes_mask");
  return part;
}

class SplitSession : public Session {
 public:
  SplitSession(const Model& inner, const latents::Modality* video, const latents::Modality* audio,
               int64_t batch, int64_t chunk)
      : batch_(batch) {
    for (int64_t begin = 0; begin < batch; begin += chunk) {
      const Range range{begin, std::min(chunk, batch - begin)};
      const auto v = video ? std::optional(slice_request(*video, batch, range)) : std::nullopt;
      const auto a = audio ? std::optional(slice_request(*audio, batch, range)) : std::nullopt;
      chunks_.push_back({range, inner.open(v ? &*v : nullptr, a ? &*a : nullptr)});
    }
  }

  Outputs step(const latents::Modality* video, const latents::Modality* audio,
               const latents::Perturbations* perturbations, const Monitor& monitor) const override {
    if (perturbations && static_cast<int64_t>(perturbations->size()) != batch_) {
      fail(Status::InvalidArgument,
           "Perturbations are given for {} samples; the batch has {}. Give one list per sample.",
           perturbations->size(), batch_);
    }
    std::vector<at::Tensor> videos, audios;
    for (const auto& [range, session] : chunks_) {
      const auto v = video ? std::optional(slice_step(*video, batch_, range)) : std::nullopt;
      const auto a = audio ? std::optional(slice_step(*audio, batch_, range)) : std::nullopt;
      latents::Perturbations part;
      if (perturbations) {
        const auto first = perturbations->begin() + range.begin;
        part.assign(first, first + range.count);
      }
      auto outputs =
          session->step(v ? &*v : nullptr, a ? &*a : nullptr, perturbations ? &part : nullptr, monitor);
      if (outputs.video) videos.push_back(*outputs.video);
      if (outputs.audio) audios.push_back(*outputs.audio);
    }
    Outputs all;
    if (!videos.empty()) all.video = at::cat(videos);
    if (!audios.empty()) all.audio = at::cat(audios);
    return all;
  }

 private:
  struct Chunk {
    Range range;
    std::unique_ptr<Session> session;
  };
  int64_t batch_;
  std::vector<Chunk> chunks_;
};

}  // namespace

BatchSplitter::BatchSplitter(std::shared_ptr<const Model> inner, int64_t max_batch_size)
    : inner_(std::move(inner)), max_batch_size_(max_batch_size) {
  if (max_batch_size < 1) {
    fail(Status::InvalidArgument, "The largest batch is {}; expected at least 1. Give a positive number.",
         max_batch_size);
  }
}

std::unique_ptr<Session> BatchSplitter::open(const latents::Modality* video,
                                             const latents::Modality* audio) const {
  const int64_t batch = batch_of(video, audio);
  if (batch <= max_batch_size_) return inner_->open(video, audio);
  return std::make_unique<SplitSession>(*inner_, video, audio, batch, max_batch_size_);
}

}  // namespace ltx::transformer
