#include "weights/store.h"

#include <cstring>

#include "base/error.h"
#include "io/safetensors.h"
#include "io/safetensors_writer.h"

namespace ltx::weights {

namespace {

const std::map<std::string_view, at::ScalarType>& dtypes() {
  static const std::map<std::string_view, at::ScalarType> types = {{"F64", at::kDouble},
                                                                   {"F32", at::kFloat},
                                                                   {"F16", at::kHalf},
                                                                   {"BF16", at::kBFloat16},
                                                                   {"F8_E4M3", at::kFloat8_e4m3fn},
                                                                   {"F8_E5M2", at::kFloat8_e5m2},
                                                                   {"F8_E8M0", at::kFloat8_e8m0fnu},
                                                                   {"U8", at::kByte},
                                                                   {"I8", at::kChar},
                                                                   {"I64", at::kLong},
                                                                   {"I32", at::kInt},
                                                                   {"I16", at::kShort},
                                                                   {"U16", at::kUInt16},
                                                                   {"U32", at::kUInt32},
                                                                   {"U64", at::kUInt64},
                                                                   {"BOOL", at::kBool}};
  return types;
}

}  // namespace

at::ScalarType scalar_type_of(std::string_view dtype, std::string_view source) {
  const auto found = dtypes().find(dtype);
  if (found == dtypes().end())
    fail(Status::FileFormat,
         "{} has dtype '{}', which cannot be read. Use a file in F32, BF16, F16 or a quantized layout.",
         source, dtype);
  return found->second;
}

std::string dtype_name(at::ScalarType type) {
  for (const auto& [name, value] : dtypes())
    if (value == type) return std::string(name);
  fail(Status::InvalidArgument,
       "dtype {} has no name in a safetensors file. Convert the tensor to F32 or BF16.", at::toString(type));
}

void save_tensors(const std::string& path, const std::map<std::string, at::Tensor>& tensors,
                  const std::map<std::string, std::string>& metadata) {
  std::vector<io::TensorDeclaration> declarations;
  for (const auto& [name, tensor] : tensors)
    declarations.push_back({name, dtype_name(tensor.scalar_type()), tensor.sizes().vec()});
  io::SafetensorsWriter writer(path, std::move(declarations), metadata);
  for (const auto& [name, tensor] : tensors) {
    const auto plain = tensor.detach().to(at::kCPU).contiguous();
    writer.write(name, {static_cast<const std::byte*>(plain.const_data_ptr()), plain.nbytes()});
  }
  writer.commit();
}

MemoryStore::MemoryStore(std::map<std::string, at::Tensor> tensors) {
  for (auto& [name, tensor] : tensors) {
    infos_[name] = {tensor.sizes().vec(), dtype_name(tensor.scalar_type()), "memory: " + name};
    infos_[name].key = name;
    tensors_[name] = tensor;
  }
}

std::vector<std::string> MemoryStore::names() const {
  std::vector<std::string> result;
  for (const auto& [name, tensor] : tensors_) result.push_back(name);
  return result;
}

const TensorInfo* MemoryStore::find(std::string_view name) const {
  const auto found = infos_.find(name);
  return found == infos_.end() ? nullptr : &found->second;
}

at::Tensor MemoryStore::read(std::string_view name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end())
    fail(Status::TensorMissing, "memory: tensor '{}' is missing. Give all tensors of the network.", name);
  return found->second;
}

struct FileStore::Impl {
  struct Place {
    const io::TensorFile* file;
    const io::TensorEntry* entry;
    TensorInfo info;
  };
  std::vector<std::shared_ptr<const io::TensorFile>> files;
  std::map<std::string, Place, std::less<>> places;
  std::vector<std::string> overwritten;
};

FileStore::FileStore(const std::vector<std::string>& paths, const Rename& rename)
    : FileStore(
          [&] {
            std::vector<std::shared_ptr<const io::TensorFile>> files;
            for (const auto& path : paths) files.push_back(io::TensorFile::open(path));
            return files;
          }(),
          [&](const io::TensorFile&) { return rename; }) {}

FileStore::FileStore(std::vector<std::shared_ptr<const io::TensorFile>> files,
                     const std::function<Rename(const io::TensorFile&)>& names_in) {
  auto impl = std::make_shared<Impl>();
  impl->files = std::move(files);
  for (const auto& file : impl->files) {
    const auto rename = names_in(*file);
    for (const auto& [name, entry] : file->tensors()) {
      std::string own = rename ? rename(name) : name;
      if (own.empty()) continue;
      const auto [place, first] = impl->places.insert_or_assign(
          own, Impl::Place{file.get(),
                           &entry,
                           {entry.shape, entry.dtype,
                            fmt::format("'{}': tensor '{}'", file->path().string(), name)}});
      place->second.info.key = name;
      place->second.info.gguf = file->container() == io::Container::Gguf;
      if (!first) impl->overwritten.push_back(std::move(own));
    }
  }
  impl_ = std::move(impl);
}

const std::vector<std::string>& FileStore::overwritten() const {
  return impl_->overwritten;
}

std::vector<std::string> FileStore::names() const {
  std::vector<std::string> result;
  for (const auto& [name, place] : impl_->places) result.push_back(name);
  return result;
}

const TensorInfo* FileStore::find(std::string_view name) const {
  const auto found = impl_->places.find(name);
  return found == impl_->places.end() ? nullptr : &found->second.info;
}

at::Tensor FileStore::read(std::string_view name) const {
  const auto found = impl_->places.find(name);
  if (found == impl_->places.end())
    fail(Status::TensorMissing, "{}: tensor '{}' is missing. Use a complete file.", describe(), name);
  const auto& place = found->second;
  const auto type = scalar_type_of(place.entry->dtype, place.info.source);
  const auto bytes = place.file->data(*place.entry);
  const auto element = at::elementSize(type);
  auto* data = const_cast<std::byte*>(bytes.data());
  if (bytes.empty() || reinterpret_cast<uintptr_t>(data) % element != 0) {
    // Third-party writers do not align (spec 01 §1.3).
    auto copy = at::empty(place.entry->shape, type);
    if (!bytes.empty()) std::memcpy(copy.data_ptr(), data, bytes.size());
    return copy;
  }
  return at::from_blob(
      data, place.entry->shape, [keep = impl_](void*) {}, at::TensorOptions(type));
}

at::Tensor FileStore::bytes(std::string_view name) const {
  const auto found = impl_->places.find(name);
  if (found == impl_->places.end())
    fail(Status::TensorMissing, "{}: tensor '{}' is missing. Use a complete file.", describe(), name);
  const auto data = found->second.file->data(*found->second.entry);
  const auto size = static_cast<int64_t>(data.size());
  if (data.empty()) return at::empty({0}, at::kByte);
  return at::from_blob(
      const_cast<std::byte*>(data.data()), {size}, [keep = impl_](void*) {}, at::TensorOptions(at::kByte));
}

void FileStore::release(std::string_view name) const {
  if (const auto found = impl_->places.find(name); found != impl_->places.end())
    found->second.file->release(*found->second.entry);
}

std::string FileStore::describe() const {
  return impl_->files.empty() ? "no file" : "'" + impl_->files.front()->path().string() + "'";
}

const std::map<std::string, std::string, std::less<>>& FileStore::metadata() const {
  return impl_->files.front()->metadata();
}

}  // namespace ltx::weights
