#include "api/handles.h"

#include <mutex>

#include "base/error.h"

namespace ltx::api {
namespace {

// Bits of a token: 0 is set, 1–4 type, 5–7 a mark, 8–31 index, 32–63 generation.
constexpr uint64_t kMark = 5;
constexpr uint64_t kMaxIndex = (1u << 24) - 1;

struct Token {
  HandleType type;
  uint32_t index;
  uint32_t generation;
};

void* pack(const Token& token) {
  const uint64_t bits = 1u | static_cast<uint64_t>(token.type) << 1 | kMark << 5 |
                        static_cast<uint64_t>(token.index) << 8 |
                        static_cast<uint64_t>(token.generation) << 32;
  return reinterpret_cast<void*>(static_cast<uintptr_t>(bits));
}

bool unpack(const void* handle, Token& token) {
  const uint64_t bits = reinterpret_cast<uintptr_t>(handle);
  if (!(bits & 1u) || (bits >> 5 & 7u) != kMark) return false;
  token.type = static_cast<HandleType>(bits >> 1 & 15u);
  token.index = static_cast<uint32_t>(bits >> 8 & kMaxIndex);
  token.generation = static_cast<uint32_t>(bits >> 32);
  return true;
}

const char* name_of(HandleType type) {
  switch (type) {
    case HandleType::None:
      return "nothing";
    case HandleType::Pipeline:
      return "ltx_pipeline";
    case HandleType::Job:
      return "ltx_job";
    case HandleType::Result:
      return "ltx_result";
    case HandleType::Info:
      return "ltx_info";
  }
  return "nothing";
}

}  // namespace

HandleTable& HandleTable::instance() {
  static HandleTable* table = new HandleTable;
  return *table;
}

void* HandleTable::insert(HandleType type, std::shared_ptr<void> object) {
  std::unique_lock lock(mutex_);
  uint32_t index;
  if (!free_.empty()) {
    index = free_.back();
    free_.pop_back();
  } else {
    if (slots_.size() > kMaxIndex)
      fail(Status::OutOfHostMemory,
           "{} handles are in use, the most there can be. Release some with ltx_free().", slots_.size());
    if (free_.capacity() <= slots_.size())
      free_.reserve(2 * slots_.size() + 64);  // so that remove() cannot fail
    slots_.emplace_back();
    index = static_cast<uint32_t>(slots_.size() - 1);
  }
  Slot& slot = slots_[index];
  slot.type = type;
  slot.object = std::move(object);
  return pack({type, index, slot.generation});
}

std::shared_ptr<void> HandleTable::get(HandleType type, const void* handle) const {
  const char* found = "never valid";
  Token token;
  if (handle == nullptr) {
    found = "NULL";
  } else if (unpack(handle, token)) {
    std::shared_lock lock(mutex_);
    if (token.index < slots_.size()) {
      const Slot& slot = slots_[token.index];
      if (slot.generation == token.generation && slot.type == token.type && slot.type != HandleType::None) {
        if (slot.type == type) return slot.object;
        found = name_of(slot.type);
      } else if (token.generation != 0 && token.generation < slot.generation) {
        found = "a handle that was freed";
      }
    }
  }
  fail(Status::InvalidHandle,
       "expected a handle of type {}, found: {}. Pass one that was returned and not yet freed.",
       name_of(type), found);
}

std::pair<HandleType, std::shared_ptr<void>> HandleTable::remove(const void* handle) noexcept {
  Token token;
  if (handle == nullptr || !unpack(handle, token)) return {};
  std::unique_lock lock(mutex_);
  if (token.index >= slots_.size()) return {};
  Slot& slot = slots_[token.index];
  if (slot.generation != token.generation || slot.type != token.type || slot.type == HandleType::None)
    return {};
  const HandleType type = std::exchange(slot.type, HandleType::None);
  // A slot whose generations are used up is retired: its old tokens must never become valid again.
  if (++slot.generation != 0) free_.push_back(token.index);
  return {type, std::move(slot.object)};
}

}  // namespace ltx::api
