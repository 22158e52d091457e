#include "quant/cache.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <mutex>
#include <set>
#include <thread>

#include "base/error.h"
#include "io/atomic_file.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "io/sha256.h"

#ifdef LTX_WITH_CUDA
#include <ATen/cuda/CUDAContextLight.h>
#endif

namespace ltx::quant {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Changes when an encoder or a layout changes: entries of older versions are then no longer found.
constexpr int kVersion = 2;
constexpr uint64_t kChunk = 16u << 20;

/// SHA-256 over the SHA-256 of each chunk: chunks are independent, so every core helps.
std::string content_digest(const fs::path& path, Monitor& monitor) {
  const io::MappedFile file(path);
  const auto bytes = file.bytes();
  const auto chunks = static_cast<int64_t>((bytes.size() + kChunk - 1) / kChunk);
  std::vector<io::Sha256::Digest> digests(static_cast<size_t>(chunks));
  const int64_t at_once = std::max<int64_t>(1, at::get_num_threads());
  for (int64_t first = 0; first < chunks; first += at_once) {
    monitor.checkpoint();
    at::parallel_for(first, std::min(chunks, first + at_once), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const uint64_t offset = static_cast<uint64_t>(i) * kChunk;
        const auto chunk = bytes.subspan(offset, std::min<uint64_t>(kChunk, bytes.size() - offset));
        digests[static_cast<size_t>(i)] = io::Sha256::of(chunk);
        file.release(chunk);
      }
    });
  }
  return io::hex(io::Sha256::of(std::as_bytes(std::span(digests))));
}

std::string text_digest(const std::string& text) {
  return io::hex(io::Sha256::of(std::as_bytes(std::span(text))));
}

void write_text(const fs::path& path, const std::string& text) {
  io::AtomicFile file(path);
  file.write(std::as_bytes(std::span(text)));
  file.commit();
}

/// What tells a file from what it was: a change of contents changes one of these, unless somebody hides it.
json identity_of(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return nullptr;
  return {{"path", path.string()},
          {"device", info.st_dev},
          {"inode", info.st_ino},
          {"size", info.st_size},
          {"modified", {info.st_mtim.tv_sec, info.st_mtim.tv_nsec}},
          {"changed", {info.st_ctim.tv_sec, info.st_ctim.tv_nsec}}};
}

json read_note(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return nullptr;
  json value;
  std::string reason;
  try {
    if (io::try_parse_json(io::read_text_file(path), value, reason) && value.is_object()) return value;
  } catch (const Error&) {
    // Unreadable is as good as absent: the note is written again.
  }
  return nullptr;
}

std::string text_in(const json& note, const char* key) {
  const auto found = note.find(key);
  return found != note.end() && found->is_string() ? found->get<std::string>() : "";
}

/// One process at a time per entry. The file stays: removing it would let two processes lock different files.
class Lock {
 public:
  Lock(const fs::path& path, Monitor& monitor) {
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0)
      fail(Status::FileAccess,
           "'{}': cannot create a lock: {}. Choose a cache folder that can be written to.", path.string(),
           std::strerror(errno));
    while (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      // A file system without locks: the rename of finished files still keeps readers safe.
      if (errno != EWOULDBLOCK && errno != EINTR) {
        held_ = false;
        return;
      }
      try {
        monitor.checkpoint();
      } catch (...) {
        ::close(descriptor_);
        throw;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  ~Lock() { ::close(descriptor_); }
  /// False where the file system has no locks.
  bool held() const { return held_; }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  int descriptor_ = -1;
  bool held_ = true;
};

/// Where an entry is written: a folder that only the owner of the entry's lock uses, so that what a killed
/// process left in it is nobody's. Without locks it is the cache's own folder.
class Workplace {
 public:
  Workplace(const Lock& lock, const fs::path& folder, const std::string& name)
      : own_(lock.held()), path_(own_ ? folder / (name + ".building") : folder) {
    clear();
  }
  ~Workplace() { clear(); }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

  fs::path of(const fs::path& target) const { return path_ / target.filename(); }
  void publish(const fs::path& target) const {
    std::error_code error;
    if (own_) fs::rename(of(target), target, error);
    if (error)
      fail(Status::FileAccess, "'{}' cannot be renamed to '{}': {}. Choose another cache folder.",
           of(target).string(), target.string(), error.message());
  }

 private:
  void clear() const {
    std::error_code ignored;
    if (own_) fs::remove_all(path_, ignored);
  }

  bool own_;
  fs::path path_;
};

json policy_text(const Policy& policy) {
  const auto& o = policy.options();
  json rules = json::array();
  for (const auto& rule : policy.rules())
    rules.push_back({rule.pattern, static_cast<int>(rule.format), rule.keep});
  return {{"kind", name_of(policy.kind())},
          {"granularity", static_cast<int>(o.granularity)},
          {"layer_set", static_cast<int>(o.layer_set)},
          {"lora_order", static_cast<int>(o.lora_order)},
          {"lora_rounding", static_cast<int>(o.lora_rounding)},
          {"act_scale", static_cast<int>(o.act_scale)},
          {"group_size", o.group_size ? json(*o.group_size) : json()},
          {"keep_bf16_blocks", o.keep_bf16_blocks},
          {"reference", o.reference},
          {"rules", std::move(rules)}};
}

/// Who multiplies on `device`: its kind and name, and the libraries that sum with their versions.
json products_of(const at::Device& device) {
  json who = {c10::DeviceTypeName(device.type()), at::show_config()};
#ifdef LTX_WITH_CUDA
  if (device.is_cuda()) who.push_back(at::cuda::getDeviceProperties(device.index())->name);
#endif
  return who;
}

/// Whether the entry is what its note says. A process looks at all bytes once.
bool is_intact(const fs::path& data, const json& note, Monitor& monitor) {
  static std::mutex mutex;
  static std::set<std::string> verified;
  const auto identity = identity_of(data);
  if (identity.is_null() || note.is_null()) return false;
  const auto size = note.find("bytes");
  if (size == note.end() || *size != identity.at("size")) return false;
  const auto digest = text_in(note, "digest");
  const auto seen = identity.dump() + digest;
  {
    const std::lock_guard lock(mutex);
    if (verified.contains(seen)) return true;
  }
  if (content_digest(data, monitor) != digest) return false;
  const std::lock_guard lock(mutex);
  verified.insert(seen);
  return true;
}

}  // namespace

ConversionCache::ConversionCache(fs::path folder) : folder_(fs::absolute(std::move(folder))) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error || !fs::is_directory(folder_, error))
    fail(Status::FileAccess, "cache folder '{}' cannot be created: {}. Choose another folder.",
         folder_.string(), error ? error.message() : "a file has that name");
}

std::string ConversionCache::digest_of(const fs::path& file, Monitor& monitor) const {
  std::error_code error;
  const auto path = fs::canonical(file, error);
  if (error) fail(Status::FileNotFound, "'{}' does not exist. Check the path.", file.string());
  const auto identity = identity_of(path);
  const auto note_path = folder_ / "digests" / (text_digest(path.string()) + ".json");
  const auto note = read_note(note_path);
  if (!note.is_null() && note.contains("file") && note.at("file") == identity)
    if (auto digest = text_in(note, "digest"); digest.size() == 64) return digest;
  auto digest = content_digest(path, monitor);
  // What changed while it was read has no digest that could be remembered.
  if (identity_of(path) != identity) return digest;
  try {
    write_text(note_path, json{{"file", identity}, {"digest", digest}}.dump(1) + "\n");
  } catch (const Error&) {
    // A folder that is full or may only be read costs the time of another look at the file.
  }
  return digest;
}

std::string ConversionCache::key(const std::vector<fs::path>& sources, const ConvertOptions& options,
                                 Monitor& monitor) const {
  json what = {{"version", kVersion},
               {"component", options.only ? std::string(weights::name_of(*options.only)) : ""},
               {"transformer", policy_text(options.transformer)},
               {"text_encoder", policy_text(options.text_encoder)},
               {"config", options.config},
               {"compute", at::toString(options.compute)}};
  for (const auto& source : sources) what["sources"].push_back(digest_of(source, monitor));
  for (const auto& lora : options.loras)
    what["loras"].push_back({digest_of(lora.file->path(), monitor), lora.strength});
  // An update is a product of matrices, whose sums every device and library orders its own way.
  if (!options.loras.empty()) what["products"] = products_of(options.device);
  if (options.calibration) what["calibration"] = options.calibration->text();
  return text_digest(what.dump());
}

ConversionCache::Entry ConversionCache::open(const std::vector<fs::path>& sources,
                                             const ConvertOptions& options, Monitor& monitor) const {
  const auto name = key(sources, options, monitor);
  const auto data = folder_ / (name + ".safetensors"), note = folder_ / (name + ".json");
  Entry entry{data, false, {}};
  const auto use = [&] {
    const auto said = read_note(note);
    if (!is_intact(data, said, monitor)) return false;
    if (const auto found = said.find("warnings"); found != said.end() && found->is_array())
      for (const auto& warning : *found)
        if (warning.is_string()) entry.warnings.push_back(warning.get<std::string>());
    return true;
  };
  if (use()) return entry;

  const Lock lock(folder_ / (name + ".lock"), monitor);
  if (use()) return entry;  // somebody else has built it meanwhile
  std::error_code error;
  if (fs::exists(note, error)) {
    entry.warnings.push_back(fmt::format("cache entry '{}' is damaged and is built again", data.string()));
    fs::remove(note, error);
  }
  auto building = options;
  building.split = false;
  building.overwrite = true;
  building.join = true;
  const Workplace place(lock, folder_, name);
  const auto result = convert(sources, place.of(data), building, monitor);
  entry.built = true;
  // The rest of what a conversion warns about is said by every load.
  const auto lost = survival_warnings(result.report->fusions());
  entry.warnings.insert(entry.warnings.end(), lost.begin(), lost.end());
  place.publish(data);
  const auto bytes = fs::file_size(data, error);
  if (error)
    fail(Status::FileAccess,
         "'{}' cannot be looked at after it was written: {}. Choose another cache folder.", data.string(),
         error.message());
  write_text(place.of(note), json{{"bytes", bytes},
                                  {"digest", content_digest(data, monitor)},
                                  {"policy", name_of(options.transformer.kind())},
                                  {"text_policy", name_of(options.text_encoder.kind())},
                                  {"warnings", lost},
                                  {"source", sources.front().filename().string()}}
                                     .dump(1) +
                                 "\n");
  place.publish(note);
  return entry;
}

}  // namespace ltx::quant
