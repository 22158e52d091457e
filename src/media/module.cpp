#include "media/module.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <vector>

namespace ltx::media {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "libltx_media_";

/// The modules of a folder, the newest FFmpeg first.
std::vector<fs::path> modules_in(const fs::path& folder) {
  std::vector<std::pair<int, fs::path>> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(kPrefix) && name.ends_with(".so"))
      found.emplace_back(std::atoi(name.c_str() + kPrefix.size()), entry->path());
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<fs::path> paths;
  for (auto& [version, path] : found) paths.push_back(std::move(path));
  return paths;
}

fs::path own_folder() {
  Dl_info info{};
  if (!dladdr(reinterpret_cast<const void*>(&own_folder), &info) || !info.dli_fname) return {};
  std::error_code error;
  return fs::canonical(info.dli_fname, error).parent_path();
}

/// Programs of the build tree have this code inside and lie in many folders; an installed library must not
/// find the module of the tree it came from.
bool in_build_tree(const fs::path& folder) {
  std::error_code error;
  const fs::path way = folder.lexically_relative(fs::canonical(LTX_BUILD_TREE, error));
  return !way.empty() && *way.begin() != "..";
}

/// The module's table, or null with the reason. A module that was opened stays open: FFmpeg does not support
/// being unloaded.
const ltx_media_table* open_module(const fs::path& path, std::string& reason) {
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char* text = dlerror();
    reason = text ? text : "cannot be opened";
    return nullptr;
  }
  const auto entry = reinterpret_cast<ltx_media_module_entry>(dlsym(handle, LTX_MEDIA_MODULE_ENTRY));
  const ltx_media_table* table = entry ? entry() : nullptr;
  if (!table || table->version != LTX_MEDIA_MODULE_VERSION || table->size != sizeof(ltx_media_table)) {
    dlclose(handle);
    reason = table ? "belongs to another version of libltx" : "is no media module of libltx";
    return nullptr;
  }
  return table;
}

struct Found {
  const ltx_media_table* table = nullptr;
  std::string reasons;
};

Found find_module(const char* override_path) {
  std::vector<fs::path> candidates;
  if (override_path) {
    candidates = {override_path};
  } else {
    const fs::path folder = own_folder();
    if (!folder.empty()) candidates = modules_in(folder);
    if (in_build_tree(folder))
      for (auto& path : modules_in(LTX_MEDIA_BUILD_FOLDER)) candidates.push_back(std::move(path));
    if (candidates.empty()) return {nullptr, fmt::format("no {}*.so in {}", kPrefix, folder.string())};
  }
  Found found;
  for (const auto& path : candidates) {
    std::string reason;
    if ((found.table = open_module(path, reason))) return found;
    found.reasons += fmt::format("{}{}: {}", found.reasons.empty() ? "" : "; ", path.string(), reason);
  }
  return found;
}

Found current_module() {
  // Never destroyed: other threads may still decode while the process ends.
  static auto& mutex = *new std::mutex;
  static auto& opened = *new std::map<std::string, const ltx_media_table*>;
  const char* override_path = std::getenv("LTX_MEDIA_MODULE");
  if (override_path && !*override_path) override_path = nullptr;
  const std::string key = override_path ? override_path : "";
  const std::lock_guard lock(mutex);
  if (const auto entry = opened.find(key); entry != opened.end()) return {entry->second, {}};
  Found found = find_module(override_path);
  // A failure is not remembered: the remedy may come while the process lives.
  if (found.table) opened.emplace(key, found.table);
  return found;
}

}  // namespace

const ltx_media_table& module() {
  const Found found = current_module();
  if (!found.table)
    fail(Status::NotBuilt,
         "media files need libltx's FFmpeg module, which cannot be opened ({}). Install FFmpeg's libraries "
         "(Debian: "
         "libavcodec59, libavformat59, libswscale6) and keep {}*.so beside libltx, or name it in "
         "LTX_MEDIA_MODULE; frames and "
         "samples can be exchanged in memory without it.",
         found.reasons, kPrefix);
  return *found.table;
}

std::string module_libraries() {
  const Found found = current_module();
  return found.table ? found.table->libraries() : "";
}

void fail_media(int32_t code, std::string_view subject, std::string_view message) {
  switch (code) {
    case LTX_MEDIA_FORMAT:
      fail(Status::FileFormat, "{}: {}. Give an image, video or audio file that FFmpeg reads.", subject,
           message);
    case LTX_MEDIA_NO_STREAM:
      throw NoStream(Status::FileFormat, fmt::format("{}: {}. Give a file that has one.", subject, message));
    case LTX_MEDIA_DECODE:
      fail(Status::MediaDecode,
           "{}: cannot decode: {}. The file is damaged or of an unusual kind; convert it.", subject, message);
    case LTX_MEDIA_ENCODE:
      fail(Status::MediaEncode, "{}: cannot encode: {}. Change the output settings.", subject, message);
    case LTX_MEDIA_NO_CODEC:
      fail(Status::NotBuilt, "{}: {}. Install an FFmpeg that has it.", subject, message);
    case LTX_MEDIA_MEMORY:
      throw std::bad_alloc();
    default:
      fail(Status::Internal, "{}: media module: {}. Please report this.", subject, message);
  }
}

void FileDoor::connect() {
  callbacks_ = {this, read, write, seek, size};
}

bool FileDoor::finish(int32_t code, const ltx_media_error& error) {
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  if (code == LTX_MEDIA_OK) return true;
  if (code == LTX_MEDIA_END) return false;
  fail_media(code, path_.string(), error.message);
}

template <class Body>
int64_t FileDoor::guarded(Body body) noexcept {
  try {
    return body();
  } catch (...) {
    if (!failure_) failure_ = std::current_exception();
    return -1;
  }
}

int64_t FileDoor::read(void* self, uint8_t* data, int64_t size) {
  auto* door = static_cast<FileDoor*>(self);
  const std::span bytes(reinterpret_cast<std::byte*>(data), static_cast<size_t>(size));
  return door->guarded([&] {
    return static_cast<int64_t>(door->input_ ? door->input_->read(bytes) : door->output_->read(bytes));
  });
}

int64_t FileDoor::write(void* self, const uint8_t* data, int64_t size) {
  auto* door = static_cast<FileDoor*>(self);
  if (!door->output_) return -1;
  return door->guarded([&] {
    door->output_->write({reinterpret_cast<const std::byte*>(data), static_cast<size_t>(size)});
    return size;
  });
}

int64_t FileDoor::seek(void* self, int64_t position) {
  auto* door = static_cast<FileDoor*>(self);
  if (door->input_)
    door->input_->seek(static_cast<uint64_t>(position));
  else
    door->output_->seek(static_cast<uint64_t>(position));
  return position;
}

int64_t FileDoor::size(void* self) {
  auto* door = static_cast<FileDoor*>(self);
  return static_cast<int64_t>(door->input_ ? door->input_->size() : door->output_->size());
}

}  // namespace ltx::media
