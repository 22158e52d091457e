#include "models/transformer/batch_splitter.h"

#include <algorithm>
#include <deque>

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
  part.denoise_mask = optional(m.denoise_mask, "denoise_mask");
  return part;
}

/// The chunks of all passes, as passes of the inner model.
class Chunks {
 public:
  using Slice = latents::Modality (*)(const latents::Modality&, int64_t, Range);

  Chunks(at::ArrayRef<Pass> passes, int64_t largest, Slice slice) {
    for (size_t i = 0; i < passes.size(); ++i) {
      const auto *video = passes[i].video, *audio = passes[i].audio;
      const auto* perturbations = passes[i].perturbations;
      const int64_t batch = batch_of(video, audio);
      if (perturbations && static_cast<int64_t>(perturbations->size()) != batch) {
        fail(Status::InvalidArgument,
             "Perturbations are given for {} samples; the batch has {}. Give one list per sample.",
             perturbations->size(), batch);
      }
      for (int64_t begin = 0; begin < batch; begin += largest) {
        const Range range{begin, std::min(largest, batch - begin)};
        const auto part = [&](const latents::Modality* m) -> const latents::Modality* {
          return m ? &modalities_.emplace_back(slice(*m, batch, range)) : nullptr;
        };
        const auto list = [&]() -> const latents::Perturbations* {
          if (!perturbations) return nullptr;
          const auto first = perturbations->begin() + range.begin;
          return &perturbations_.emplace_back(first, first + range.count);
        };
        passes_.push_back({part(video), part(audio), list()});
        pass_of_.push_back(i);
      }
    }
  }

  at::ArrayRef<Pass> passes() const { return passes_; }
  size_t pass_of(size_t chunk) const { return pass_of_[chunk]; }

 private:
  std::deque<latents::Modality> modalities_;  // addresses stay
  std::deque<latents::Perturbations> perturbations_;
  std::vector<Pass> passes_;
  std::vector<size_t> pass_of_;
};

class SplitSession : public Session {
 public:
  SplitSession(const Model& inner, at::ArrayRef<Pass> passes, int64_t largest)
      : largest_(largest), inner_(inner.prepare(Chunks(passes, largest, slice_request).passes())) {}

  std::vector<Outputs> evaluate(at::ArrayRef<Pass> passes, const Monitor& monitor) const override {
    const Chunks chunks(passes, largest_, slice_step);
    const auto outputs = inner_->evaluate(chunks.passes(), monitor);
    std::vector<std::vector<at::Tensor>> videos(passes.size()), audios(passes.size());
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].video) videos[chunks.pass_of(i)].push_back(*outputs[i].video);
      if (outputs[i].audio) audios[chunks.pass_of(i)].push_back(*outputs[i].audio);
    }
    std::vector<Outputs> all(passes.size());
    for (size_t i = 0; i < passes.size(); ++i) {
      if (!videos[i].empty()) all[i].video = at::cat(videos[i]);
      if (!audios[i].empty()) all[i].audio = at::cat(audios[i]);
    }
    return all;
  }

  int64_t bytes() const override { return inner_->bytes(); }

 private:
  int64_t largest_;
  std::unique_ptr<Session> inner_;
};

}  // namespace

BatchSplitter::BatchSplitter(std::shared_ptr<const Model> inner, int64_t max_batch_size)
    : inner_(std::move(inner)), max_batch_size_(max_batch_size) {
  if (max_batch_size < 1) {
    fail(Status::InvalidArgument, "The largest batch is {}; expected at least 1. Give a positive number.",
         max_batch_size);
  }
}

std::unique_ptr<Session> BatchSplitter::prepare(at::ArrayRef<Pass> passes) const {
  const bool fits = std::all_of(passes.begin(), passes.end(), [&](const Pass& pass) {
    return batch_of(pass.video, pass.audio) <= max_batch_size_;
  });
  if (fits) return inner_->prepare(passes);
  return std::make_unique<SplitSession>(*inner_, passes, max_batch_size_);
}

}  // namespace ltx::transformer
