// Writes GGUF files, valid or not, byte by byte.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace ltx::test {

template <class T>
std::string little_endian(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

inline std::string gguf_text(const std::string& text) {
  return little_endian<uint64_t>(text.size()) + text;
}

class GgufWriter {
 public:
  uint32_t version = 3;
  uint64_t alignment = 32;

  GgufWriter& text(const std::string& key, const std::string& value) {
    return raw_key(key, 8, gguf_text(value));
  }
  GgufWriter& u32(const std::string& key, uint32_t value) { return raw_key(key, 4, little_endian(value)); }
  GgufWriter& shape(const std::string& tensor, const std::vector<int32_t>& extents) {
    std::string bytes = little_endian<uint32_t>(5) + little_endian<uint64_t>(extents.size());
    for (const auto extent : extents) bytes += little_endian(extent);
    return raw_key("comfy.gguf.orig_shape." + tensor, 9, bytes);
  }
  GgufWriter& raw_key(const std::string& key, uint32_t type, const std::string& value) {
    keys_ += gguf_text(key) + little_endian(type) + value;
    ++key_count_;
    return *this;
  }
  /// `dims`: fastest first, as the container has them.
  GgufWriter& tensor(const std::string& name, const std::vector<uint64_t>& dims, uint32_t type,
                     const std::string& data) {
    data_.resize((data_.size() + alignment - 1) / alignment * alignment, '\0');
    raw_tensor(name, dims, type, data_.size());
    data_ += data;
    return *this;
  }
  GgufWriter& raw_tensor(const std::string& name, const std::vector<uint64_t>& dims, uint32_t type,
                         uint64_t offset) {
    tensors_ += gguf_text(name) + little_endian<uint32_t>(static_cast<uint32_t>(dims.size()));
    for (const auto extent : dims) tensors_ += little_endian(extent);
    tensors_ += little_endian(type) + little_endian(offset);
    ++tensor_count_;
    return *this;
  }

  std::string bytes() const {
    std::string file = "GGUF" + little_endian(version) + little_endian(tensor_count_) +
                       little_endian(key_count_) + keys_ + tensors_;
    file.resize((file.size() + alignment - 1) / alignment * alignment, '\0');
    return file + data_;
  }

 private:
  std::string keys_, tensors_, data_;
  uint64_t key_count_ = 0, tensor_count_ = 0;
};

}  // namespace ltx::test
