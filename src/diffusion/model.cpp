#include "diffusion/model.h"

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "latents/same_view.h"

namespace ltx::diffusion {
namespace {

using latents::Modality;

/// Samples [first, first + count) of one pass.
struct Slice {
  size_t pass;
  int64_t first, count;
};

std::optional<Modality> gather_modality(const std::vector<ModelPass>& passes,
                                        const std::vector<Slice>& slices,
                                        std::optional<Modality> ModelPass::*stream, JoinedInputs& joined) {
  if (!(passes[0].*stream)) return std::nullopt;
  using TensorOf = std::function<const at::Tensor&(const Modality&)>;
  const auto parts = [&](const TensorOf& tensor_of) {
    std::vector<at::Tensor> result;
    for (const auto& [pass, first, count] : slices) {
      const auto& tensor = tensor_of(*(passes[pass].*stream));
      result.push_back(count == tensor.size(0) ? tensor : tensor.narrow(0, first, count));
    }
    return result;
  };
  const auto varying = [&](at::Tensor Modality::*field) {
    const auto all = parts([&](const Modality& m) -> const at::Tensor& { return m.*field; });
    return all.size() == 1 ? all[0] : at::cat(all, 0);
  };
  const auto constant = [&](at::Tensor Modality::*field) {
    return joined.join(parts([&](const Modality& m) -> const at::Tensor& { return m.*field; }));
  };
  const auto optional = [&](std::optional<at::Tensor> Modality::*field) -> std::optional<at::Tensor> {
    if (!((*(passes[0].*stream)).*field)) return std::nullopt;
    return joined.join(parts([&](const Modality& m) -> const at::Tensor& { return *(m.*field); }));
  };
  Modality chunk;
  chunk.latent = varying(&Modality::latent);
  chunk.sigma = varying(&Modality::sigma);
  chunk.timesteps = varying(&Modality::timesteps);
  chunk.positions = constant(&Modality::positions);
  chunk.context = constant(&Modality::context);
  chunk.context_mask = optional(&Modality::context_mask);
  chunk.attention_mask = optional(&Modality::attention_mask);
  chunk.keyframes_mask = optional(&Modality::keyframes_mask);
  chunk.denoise_mask = optional(&Modality::denoise_mask);
  chunk.enabled = (passes[0].*stream)->enabled;
  return chunk;
}

latents::Perturbations gather_perturbations(const std::vector<ModelPass>& passes,
                                            const std::vector<Slice>& slices) {
  latents::Perturbations chunk;
  bool any = false;
  for (const auto& [pass, first, count] : slices)
    for (int64_t sample = first; sample < first + count; ++sample) {
      const auto& all = passes[pass].perturbations;
      chunk.push_back(all.empty() ? std::vector<latents::Perturbation>{}
                                  : all.at(static_cast<size_t>(sample)));
      any = any || !chunk.back().empty();
    }
  return any ? chunk : latents::Perturbations{};
}

/// Consecutive samples over the passes of each group, at most `size` in each chunk.
std::vector<std::vector<Slice>> chunks_of(const std::vector<std::vector<size_t>>& groups, int64_t batch,
                                          int64_t size) {
  std::vector<std::vector<Slice>> chunks;
  for (const auto& group : groups) {
    int64_t room = 0;
    for (const size_t pass : group)
      for (int64_t first = 0; first < batch;) {
        if (room == 0) chunks.emplace_back(), room = size;
        const int64_t count = std::min(room, batch - first);
        chunks.back().push_back({pass, first, count});
        first += count, room -= count;
      }
  }
  return chunks;
}

/// Whether two passes differ in nothing but what they leave out.
bool same_inputs(const ModelPass& a, const ModelPass& b) {
  const auto same = [](const std::optional<Modality>& m, const std::optional<Modality>& n) {
    if (!m || !n) return m.has_value() == n.has_value();
    using latents::same_view;
    return m->enabled == n->enabled && same_view(m->latent, n->latent) && same_view(m->sigma, n->sigma) &&
           same_view(m->timesteps, n->timesteps) && same_view(m->positions, n->positions) &&
           same_view(m->context, n->context) && same_view(m->context_mask, n->context_mask) &&
           same_view(m->attention_mask, n->attention_mask) && same_view(m->keyframes_mask, n->keyframes_mask);
  };
  return same(a.video, b.video) && same(a.audio, b.audio);
}

/// The passes that may be mixed in a batch. A pass that saves more by going on from another one than batching
/// could make up for, and the one it goes on from, have batches of their own.
std::vector<std::vector<size_t>> groups_of(const std::vector<ModelPass>& passes, const VelocityModel& model) {
  constexpr double kWorthwhile = 0.25;
  std::vector<bool> alone(passes.size(), false);
  for (size_t i = 0; i < passes.size(); ++i)
    for (size_t j = 0; j < i && !alone[i]; ++j)
      if (same_inputs(passes[j], passes[i]) &&
          model.common_share(passes[j].perturbations, passes[i].perturbations) >= kWorthwhile)
        alone[i] = alone[j] = true;
  std::vector<std::vector<size_t>> groups;
  std::optional<size_t> mixed;
  for (size_t i = 0; i < passes.size(); ++i) {
    if (alone[i]) {
      groups.push_back({i});
    } else if (mixed) {
      groups[*mixed].push_back(i);
    } else {
      mixed = groups.size();
      groups.push_back({i});
    }
  }
  return groups;
}

/// Appends the chunk's x0 to each pass's parts.
void scatter(const std::optional<Modality>& modality, const std::optional<at::Tensor>& velocity,
             const char* stream, const std::vector<Slice>& slices,
             std::vector<std::vector<at::Tensor>>& parts) {
  if (!modality || !modality->enabled) return;
  if (!velocity || velocity->sizes() != modality->latent.sizes())
    fail(Status::Internal,
         "the network gave no {} velocity of the latent's shape. Report this as a fault of the library.",
         stream);
  const auto x0 = x0_of_velocity(modality->latent, *velocity, modality->timesteps);
  int64_t offset = 0;
  for (const auto& [pass, first, count] : slices) {
    parts[pass].push_back(x0.narrow(0, offset, count));
    offset += count;
  }
}

}  // namespace

std::vector<StreamTensors> VelocityModel::velocities_of(const std::vector<ModelPass>& batches) {
  std::vector<StreamTensors> all;
  for (const auto& batch : batches) all.push_back(velocities(batch.video, batch.audio, batch.perturbations));
  return all;
}

at::Tensor x0_of_velocity(const at::Tensor& latent, const at::Tensor& velocity, const at::Tensor& timesteps) {
  return (latent.to(at::kFloat) - velocity.to(at::kFloat) * timesteps.to(at::kFloat))
      .to(latent.scalar_type());
}

Modality modality_of(const latents::State& state, const at::Tensor& context, double sigma,
                     at::ScalarType sigma_dtype) {
  const int64_t batch = state.latent.size(0);
  const auto level = at::full({batch}, sigma, at::TensorOptions(sigma_dtype).device(state.latent.device()));
  Modality modality;
  modality.latent = state.latent;
  modality.sigma = state.frozen ? at::zeros_like(level) : level;
  modality.timesteps = state.denoise_mask * level.view({batch, 1, 1});
  modality.positions = state.positions;
  modality.context = context;
  modality.attention_mask = state.attention_mask;
  modality.keyframes_mask = state.keyframes_mask;
  modality.denoise_mask = state.denoise_mask;
  return modality;
}

at::Tensor JoinedInputs::join(std::vector<at::Tensor> parts) {
  const auto same = [](const at::Tensor& a, const at::Tensor& b) { return latents::same_view(a, b); };
  for (const auto& joined : known_)
    if (std::equal(parts.begin(), parts.end(), joined.parts.begin(), joined.parts.end(), same))
      return joined.whole;
  // A loop has a few batches of a few fields; more means that the inputs do change.
  constexpr size_t kMostKnown = 256;
  if (known_.size() == kMostKnown) known_.clear();
  auto whole = parts.size() == 1 ? parts[0] : at::cat(parts, 0);
  known_.push_back({std::move(parts), whole});
  return whole;
}

X0Model::X0Model(VelocityModel& model, int64_t max_batch_size, const Monitor& monitor)
    : model_(model), max_batch_size_(max_batch_size), monitor_(monitor) {
  if (max_batch_size < 1)
    fail(Status::InvalidArgument, "the largest batch of the network is {}. Use 1 or more.", max_batch_size);
}

std::vector<StreamTensors> X0Model::predict(const std::vector<ModelPass>& passes) {
  const auto& first = passes.at(0);
  const int64_t batch = first.video ? first.video->latent.size(0) : first.audio->latent.size(0);
  std::vector<std::vector<at::Tensor>> video(passes.size()), audio(passes.size());
  const auto chunks = chunks_of(groups_of(passes, model_), batch, max_batch_size_);
  std::vector<ModelPass> batches;
  for (const auto& slices : chunks) {
    monitor_.checkpoint();
    batches.push_back({gather_modality(passes, slices, &ModelPass::video, joined_),
                       gather_modality(passes, slices, &ModelPass::audio, joined_),
                       gather_perturbations(passes, slices)});
  }
  const auto velocities = model_.velocities_of(batches);
  for (size_t i = 0; i < chunks.size(); ++i) {
    scatter(batches[i].video, velocities[i].video, "video", chunks[i], video);
    scatter(batches[i].audio, velocities[i].audio, "audio", chunks[i], audio);
  }
  const auto joined = [](const std::vector<at::Tensor>& parts) -> std::optional<at::Tensor> {
    if (parts.empty()) return std::nullopt;
    return parts.size() == 1 ? parts[0] : at::cat(parts, 0);
  };
  std::vector<StreamTensors> predictions;
  for (size_t pass = 0; pass < passes.size(); ++pass)
    predictions.push_back({joined(video[pass]), joined(audio[pass])});
  return predictions;
}

}  // namespace ltx::diffusion
