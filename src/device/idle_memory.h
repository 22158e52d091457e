// Memory of the host that nothing uses any more.
#pragma once

namespace ltx::device {

/// When it goes, gives the system what the C library keeps of freed memory: a clip's tensors leave holes of
/// all sizes in the heap, and the program around the library should not pay for them between two clips.
/// Declared before what shall be freed first. Does nothing where the C library has no such call.
class GiveBackHostMemory {
 public:
  GiveBackHostMemory() = default;
  GiveBackHostMemory(const GiveBackHostMemory&) = delete;
  GiveBackHostMemory& operator=(const GiveBackHostMemory&) = delete;
  ~GiveBackHostMemory();
};

}  // namespace ltx::device
