// Which LoRAs a stage of a recipe takes, and with what strength.
#include <algorithm>
#include <utility>

#include "base/error.h"
#include "device/free_memory.h"
#include "engine/rules.h"
#include "pipelines/components.h"
#include "pipelines/numbers.h"
#include "weights/progress_store.h"

namespace ltx::pipelines {
namespace {

using WeightPart = weights::Component;

bool has_two_stages(engine::PipelineKind kind) {
  return kind != engine::PipelineKind::OneStage && kind != engine::PipelineKind::Retake &&
         kind != engine::PipelineKind::TextToAudio;
}

/// The recipe's share of a distilled LoRA's strength in a stage (spec 07 §6.1).
double distilled_share(engine::PipelineKind kind, int32_t stage) {
  switch (kind) {
    case engine::PipelineKind::TwoStage:
    case engine::PipelineKind::Keyframes:
    case engine::PipelineKind::AudioToVideo:
      return stage == 2 ? 1.0 : 0.0;
    case engine::PipelineKind::TwoStageHq:
      return stage == 2 ? 0.5 : 0.25;
    default:
      return 0.0;
  }
}

/// The same of a user's LoRA: an IC-LoRA's second stage runs on the bare model (spec 07 §6.8).
double user_share(engine::PipelineKind kind, int32_t stage) {
  return kind == engine::PipelineKind::IcLora && stage == 2 ? 0.0 : 1.0;
}

}  // namespace

std::vector<weights::Lora> Components::stage_loras(int32_t stage) const {
  std::vector<weights::Lora> chosen;
  for (const auto role : {engine::LoraRole::User, engine::LoraRole::Distilled})
    for (const auto& lora : loras_) {
      if (lora.role != role) continue;
      const double factor = lora.stages != 0                      ? (lora.stages >> (stage - 1) & 1)
                            : role == engine::LoraRole::Distilled ? distilled_share(kind_, stage)
                                                                  : user_share(kind_, stage);
      if (lora.strength * factor != 0) chosen.push_back({lora.file, lora.strength * factor});
    }
  return chosen;
}

Components::LoraSet Components::set_of(const std::vector<weights::Lora>& loras) {
  LoraSet set;
  for (const auto& lora : loras)
    if (lora.strength != 0) set.emplace_back(lora.file->path(), lora.strength);
  return set;
}

bool Components::holds(const std::vector<weights::Lora>& loras) const {
  const auto wanted = set_of(loras);
  const std::lock_guard lock(mutex_);
  if (resting_.network && resting_.loras == wanted) return true;
  return fused_ == wanted && !slots_.at(engine::Component::Transformer).alive.expired();
}

/// Whether the transformer with these LoRAs is in memory; one that rests takes the place of the other.
bool Components::take(const LoraSet& wanted) {
  const std::lock_guard lock(mutex_);
  auto& entry = slot(engine::Component::Transformer);
  if (fused_ == wanted && !entry.alive.expired()) return true;
  if (!resting_.network || resting_.loras != wanted) return false;
  Resting former{std::move(fused_), std::move(entry.kept), entry.weight_bytes};
  fused_ = std::move(resting_.loras);
  entry.kept = std::move(resting_.network);
  entry.alive = entry.kept;
  entry.weight_bytes = resting_.bytes;
  resting_ = std::move(former);
  return true;
}

/// Bytes of a transformer beside the one whose layers the present load takes over, if both have room.
std::optional<uint64_t> Components::room_beside(uint64_t weight_bytes) const {
  if (!second_set_) return {};
  const auto store = transformer_store({});
  const uint64_t own = weights::stored_bytes(*store),
                 shared = quant::held_bytes(*store, quantization_.layers());
  const auto second = static_cast<uint64_t>(static_cast<double>(weight_bytes) *
                                            static_cast<double>(own - std::min(own, shared)) /
                                            static_cast<double>(std::max<uint64_t>(own, 1)));
  // As for AUTO: what takes more than 60 % of what is free leaves too little for a clip.
  if (second >= device::free_bytes(device_) / 10 * 6) return {};
  return second;
}

/// The transformer that is alive makes way for one with other LoRAs: it rests where both have room, else it
/// goes.
void Components::change_set(LoraSet wanted) {
  uint64_t weight_bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    weight_bytes = slot(engine::Component::Transformer).weight_bytes;
  }
  std::optional<uint64_t> second;
  try {
    second = room_beside(weight_bytes);
  } catch (const std::exception&) {  // what fails here fails again at the load, and is told there
  }
  Resting dropped, former;  // destroyed after the lock is released
  const std::lock_guard lock(mutex_);
  auto& entry = slot(engine::Component::Transformer);
  former = {std::move(fused_), std::move(entry.kept), entry.weight_bytes};
  fused_ = std::move(wanted);
  entry.alive.reset();
  second_bytes_ = second.value_or(0);
  if (!second)
    dropped = std::move(resting_);
  else if (former.network)
    std::swap(resting_, former);
  if (!second) resting_ = {};
}

void Components::keep_one_set() {
  Resting dropped;  // destroyed after the lock is released
  const std::lock_guard lock(mutex_);
  second_set_ = false;
  dropped = std::exchange(resting_, {});
}

void Components::check_loras() const {
  const int32_t stages = has_two_stages(kind_) ? 3 : 1;
  for (const auto& lora : loras_)
    if (lora.stages & ~stages)
      fail(Status::InvalidArgument,
           "params.loras[].stages is {} for '{}', but the recipe {} has {}. Use 0 or the bits of its stages.",
           lora.stages, lora.file->path(), engine::name_of(kind_), stages == 1 ? "one stage" : "two stages");
  const bool steers = std::any_of(loras_.begin(), loras_.end(), [](const auto& lora) {
    return lora.role == engine::LoraRole::User && (lora.stages == 0 || lora.stages & 1);
  });
  if (kind_ == engine::PipelineKind::IcLora && !steers)
    fail(Status::ComponentMissing,
         "the recipe ic-lora needs an IC-LoRA for its first stage, params.loras has none. Add one with the "
         "role user.");
  const bool distils = distilled_share(kind_, 2) != 0;
  const bool given = std::any_of(loras_.begin(), loras_.end(),
                                 [](const auto& l) { return l.role == engine::LoraRole::Distilled; });
  if (given && !distils)
    fail(Status::InvalidArgument,
         "params.loras has a distilled LoRA, but the recipe {} does not use one. Give it the role user.",
         engine::name_of(kind_));
  // One of strength 0 counts: it asks for a second stage on the model as it is.
  const bool used = std::any_of(loras_.begin(), loras_.end(), [](const auto& lora) {
    return lora.role == engine::LoraRole::Distilled && (lora.stages == 0 || lora.stages & 2);
  });
  if (distils && !used)
    fail(Status::ComponentMissing,
         "the recipe {} needs a distilled LoRA for its second stage, params.loras has none. Add one with the "
         "role distilled.",
         engine::name_of(kind_));
}

ReferenceScale Components::reference_scale(std::vector<std::string>* warnings) const {
  ReferenceScale scale;
  // The public reference counts what it cannot read as 1 (spec 07 §6.8).
  const auto stated_by = [&](const weights::LoraFile& file, auto&& read) -> std::optional<int64_t> {
    if (!file.reference()) return read();
    try {
      return read();
    } catch (const Error& error) {
      if (error.status() != Status::ModelConfig) throw;
      if (warnings) warnings->push_back(std::string(error.what()) + " It counts as 1.");
      return std::nullopt;
    }
  };
  const auto take = [](const weights::LoraFile& file, const char* key, std::optional<int64_t> stated,
                       int64_t& factor) {
    if (!stated || *stated == 1) return;
    if (factor != 1 && factor != *stated)
      fail(Status::LoraMismatch,
           "'{}': metadata '{}' is {}, another LoRA's is {}. Use LoRAs that were trained for references of "
           "one size.",
           file.path(), key, *stated, factor);
    factor = *stated;
  };
  for (const auto& lora : loras_) {
    const auto& file = *lora.file;
    take(file, "reference_downscale_factor",
         stated_by(file, [&] { return file.reference_downscale_factor(); }), scale.down);
    take(file, "reference_temporal_scale_factor",
         stated_by(file, [&] { return file.reference_temporal_scale_factor(); }), scale.time);
  }
  return scale;
}

}  // namespace ltx::pipelines
