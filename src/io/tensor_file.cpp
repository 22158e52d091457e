#include "io/tensor_file.h"

#include <sys/stat.h>

#include <mutex>
#include <tuple>

#include "io/gguf.h"
#include "io/safetensors.h"

namespace ltx::io {

TensorFile::TensorFile(const std::filesystem::path& path) : file_(std::make_shared<MappedFile>(path)) {
  container_ = is_gguf(file_->bytes()) ? Container::Gguf : Container::Safetensors;
  table_ = container_ == Container::Gguf ? read_gguf_header(file_->bytes(), path.string())
                                         : read_safetensors_header(file_->bytes(), path.string());
}

std::shared_ptr<const TensorFile> TensorFile::open(const std::filesystem::path& path) {
  using Identity = std::tuple<std::string, dev_t, ino_t, off_t, time_t, long>;
  static std::mutex mutex;
  static std::map<Identity, std::weak_ptr<const TensorFile>> opened;

  struct stat info {};
  if (::stat(path.c_str(), &info) != 0)
    return std::make_shared<const TensorFile>(path);  // its error is the exact one
  const Identity identity{path.string(), info.st_dev,         info.st_ino,
                          info.st_size,  info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
  {
    const std::lock_guard lock(mutex);
    if (const auto found = opened.find(identity); found != opened.end())
      if (auto file = found->second.lock()) return file;
  }
  auto file = std::make_shared<const TensorFile>(path);
  const std::lock_guard lock(mutex);
  std::erase_if(opened, [](const auto& item) { return item.second.expired(); });
  opened[identity] = file;
  return file;
}

const TensorEntry* TensorFile::find(std::string_view name) const {
  const auto found = table_.tensors.find(name);
  return found == table_.tensors.end() ? nullptr : &found->second;
}

std::span<const std::byte> TensorFile::data(const TensorEntry& entry) const {
  return file_->bytes().subspan(table_.data_begin + entry.begin, entry.end - entry.begin);
}

}  // namespace ltx::io
