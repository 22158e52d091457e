// Loader throughput: every tensor of a 512 MiB file through the store, against plain reading of the same
// bytes, from the page cache and after asking the kernel to drop the file's pages.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "bench/timing.h"
#include "io/safetensors_writer.h"
#include "weights/store.h"

namespace {

using namespace ltx;

constexpr int64_t kTensors = 64, kRows = 1024, kColumns = 4096;  // 8 MiB each in bf16

std::string write_file() {
  const auto path = (std::filesystem::temp_directory_path() / "ltx-bench-loader.safetensors").string();
  std::vector<io::TensorDeclaration> declarations;
  for (int64_t i = 0; i < kTensors; ++i)
    declarations.push_back({"layer." + std::to_string(i), "BF16", {kRows, kColumns}});
  io::SafetensorsWriter writer(path, declarations);
  std::vector<std::byte> data(static_cast<size_t>(kRows * kColumns * 2));
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>(i * 2654435761u >> 13);
  for (int64_t i = 0; i < kTensors; ++i) writer.write("layer." + std::to_string(i), data);
  writer.commit();
  return path;
}

void drop_pages(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY);
  ::fdatasync(fd);
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  ::close(fd);
}

void load(const std::string& path, std::vector<at::Tensor>& tensors) {
  const weights::FileStore store(std::vector<std::string>{path});
  for (const auto& name : store.names()) tensors.push_back(store.read(name).clone());
}

/// Into buffers of the tensors' size, so that both sides ask the allocator for the same.
void read_plain(const std::string& path, std::vector<at::Tensor>& tensors) {
  const int fd = ::open(path.c_str(), O_RDONLY);
  for (;;) {
    auto buffer = at::empty({kRows * kColumns * 2}, at::kByte);
    int64_t filled = 0;
    while (filled < buffer.numel()) {
      const auto n =
          ::read(fd, buffer.data_ptr<uint8_t>() + filled, static_cast<size_t>(buffer.numel() - filled));
      if (n <= 0) break;
      filled += n;
    }
    if (filled == 0) break;
    tensors.push_back(buffer);
  }
  ::close(fd);
}

}  // namespace

int main() {
  const auto path = write_file();
  const double gigabytes = static_cast<double>(std::filesystem::file_size(path)) / 1e9;
  for (const bool cold : {false, true}) {
    const auto timed = [&](auto&& work) {
      return [&, cold] {
        if (cold) drop_pages(path);
        std::vector<at::Tensor> tensors;
        work(path, tensors);
      };
    };
    const auto result = bench::compare(5, timed(load), timed(read_plain));
    char extra[96];
    std::snprintf(extra, sizeof extra, ", \"gigabytes_per_second\": %.2f", gigabytes / result.subject);
    bench::report(cold ? "loader-cold" : "loader-page-cache", result, "read() of the same bytes", extra);
  }
  std::filesystem::remove(path);
}
