// Writes a safetensors file tensor by tensor; the file appears complete or not at all.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/atomic_file.h"

namespace ltx::io {

struct TensorDeclaration {
  std::string name, dtype;  // dtype as the format spells it: "BF16", "F32", …
  std::vector<int64_t> shape;
};

class SafetensorsWriter {
 public:
  /// Writes the header. Wider dtypes come first, so that every tensor is aligned to its element size; the
  /// header is padded to a multiple of 8. Throws InvalidArgument for a declaration that a reader would
  /// refuse, FileAccess, DiskFull.
  SafetensorsWriter(const std::filesystem::path& path, std::vector<TensorDeclaration> tensors,
                    const std::map<std::string, std::string>& metadata = {});

  /// The bytes of one declared tensor, in any order, each once; little endian, row-major.
  void write(std::string_view name, std::span<const std::byte> bytes);
  /// Where the bytes are until commit().
  const std::filesystem::path& temporary() const { return file_.temporary(); }
  /// Throws InvalidArgument if a declared tensor was not written; otherwise the file is there under its name.
  void commit();

 private:
  struct Place {
    uint64_t begin, size;
    bool written = false;
  };
  AtomicFile file_;
  std::map<std::string, Place, std::less<>> places_;
};

}  // namespace ltx::io
