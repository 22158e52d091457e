// Handles are tokens, not addresses: type, generation and index, with the lowest bit set. Every use goes
// through the table, so a stale, foreign or mistyped handle is an error and never a crash (docs/c-api.md R6).
#pragma once
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <utility>
#include <vector>

namespace ltx::api {

class Pipeline;
class Job;
class Result;
class Info;

enum class HandleType : uint32_t { None = 0, Pipeline = 1, Job = 2, Result = 3, Info = 4 };

template <class T>
struct HandleTypeOf;
template <>
struct HandleTypeOf<Pipeline> {
  static constexpr HandleType value = HandleType::Pipeline;
};
template <>
struct HandleTypeOf<Job> {
  static constexpr HandleType value = HandleType::Job;
};
template <>
struct HandleTypeOf<Result> {
  static constexpr HandleType value = HandleType::Result;
};
template <>
struct HandleTypeOf<Info> {
  static constexpr HandleType value = HandleType::Info;
};

class HandleTable {
 public:
  /// The process's table; never destroyed, because handles may be freed while the process ends.
  static HandleTable& instance();

  template <class T>
  void* insert(std::shared_ptr<T> object) {
    return insert(HandleTypeOf<T>::value, std::move(object));
  }

  /// Throws InvalidHandle that says what was expected and what was found.
  template <class T>
  std::shared_ptr<T> get(const void* handle) const {
    return std::static_pointer_cast<T>(get(HandleTypeOf<T>::value, handle));
  }

  /// Forgets a handle and returns what it stood for; nothing for NULL, stale and foreign ones.
  std::pair<HandleType, std::shared_ptr<void>> remove(const void* handle) noexcept;

 private:
  struct Slot {
    HandleType type = HandleType::None;
    uint32_t generation = 1;
    std::shared_ptr<void> object;
  };

  void* insert(HandleType type, std::shared_ptr<void> object);
  std::shared_ptr<void> get(HandleType type, const void* handle) const;

  mutable std::shared_mutex mutex_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
};

}  // namespace ltx::api
