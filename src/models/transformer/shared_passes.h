// What the passes of one step have in common: a pass with the inputs of an earlier one is the same until the
// first block that leaves out something else. Everything here is decided by which tensors are given, never by
// their values, and is exact: the shared numbers come from the very calls that the pass would make itself.
#pragma once
#include <unordered_set>

#include "models/transformer/block_keep.h"
#include "models/transformer/model.h"
#include "models/transformer/stream_pass.h"

namespace ltx::transformer {

/// What does not change over the steps of one pass.
struct PassConstants {
  std::optional<StreamConstants> video, audio;
};

/// A pass on its way through the blocks.
struct RunningPass {
  Pass given;
  const PassConstants* constants = nullptr;
  KeepTable keep;
  std::optional<StreamPass> video{}, audio{};
  std::optional<size_t> leader{};  // the pass whose state this one takes over …
  int64_t first = 0;               // … before this block; 0: runs from the beginning

  /// Takes over modulations, texts and leading blocks of earlier passes where they are the same.
  void share(const std::vector<RunningPass>& earlier);

  /// The state of the leader, which stands before block `first`.
  void fork(const RunningPass& from);
};

/// Bytes of the tensors behind constants, each memory counted once; what was given is not counted.
class HeldBytes {
 public:
  void add(const StreamConstants& constants);
  int64_t total() const { return total_; }

 private:
  void add(const at::Tensor& tensor);
  std::unordered_set<const void*> given_, seen_;
  int64_t total_ = 0;
};

}  // namespace ltx::transformer
