#include "weights/view.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <tuple>

#include "base/error.h"

namespace ltx::weights {
namespace {

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t next = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = row[j];
      row[j] = next;
    }
  }
  return row.back();
}

std::string nearest_names(const Store& store, std::string_view wanted) {
  std::vector<std::pair<size_t, std::string>> ranked;
  for (auto& name : store.names()) ranked.emplace_back(edit_distance(name, wanted), std::move(name));
  const size_t keep = std::min<size_t>(3, ranked.size());
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<ptrdiff_t>(keep), ranked.end());
  std::string text;
  for (size_t i = 0; i < keep; ++i) text += (i ? ", '" : "'") + ranked[i].second + "'";
  return text.empty() ? "none" : text;
}

}  // namespace

View::View(std::shared_ptr<const Store> store, std::string prefix)
    : store_(std::move(store)), record_(std::make_shared<Record>()), prefix_(std::move(prefix)) {
  if (!prefix_.empty() && prefix_.back() != '.') prefix_ += '.';
}

View View::operator/(std::string_view name) const {
  View child = *this;
  child.prefix_ = prefix_ + std::string(name) + ".";
  return child;
}

View View::operator/(int64_t index) const {
  return *this / std::to_string(index);
}

std::string View::path(std::string_view name) const {
  return prefix_ + std::string(name);
}

bool View::has(std::string_view name) const {
  return store_->find(path(name)) != nullptr;
}

bool View::has_any() const {
  const auto names = store_->names();
  return std::any_of(names.begin(), names.end(), [&](const auto& name) { return name.starts_with(prefix_); });
}

const TensorInfo* View::info(std::string_view name) const {
  return store_->find(path(name));
}

int64_t View::count(std::string_view name) const {
  int64_t n = 0;
  while ((*this / name / n).has_any()) ++n;
  return n;
}

at::Tensor View::take(std::string_view name) const {
  const auto full = path(name);
  if (!store_->find(full)) {
    auto text = fmt::format("{}: tensor '{}' is missing; nearest names: {}", store_->describe(), full,
                            nearest_names(*store_, full));
    record_->missing.push_back(std::move(text));
    require_complete();  // even while collecting: nobody knows the shape of a stand-in
  }
  record_->taken.insert(full);
  return store_->read(full);
}

at::Tensor View::take(std::string_view name, at::IntArrayRef shape) const {
  const auto full = path(name);
  auto missing = claim(full, shape);
  return missing.defined() ? missing : store_->read(full);
}

WeightParts View::take_parts(std::string_view name, at::IntArrayRef shape) const {
  const auto full = path(name);
  auto missing = claim(full, shape);
  return missing.defined() ? WeightParts{std::move(missing), {}, {}} : store_->parts(full);
}

at::Tensor View::claim(const std::string& full, at::IntArrayRef shape) const {
  const auto* found = store_->find(full);
  if (!found) {
    auto text = fmt::format("{}: tensor '{}' of shape [{}] is missing", store_->describe(), full,
                            fmt::join(shape, ", "));
    if (record_->missing.empty()) text += "; nearest names: " + nearest_names(*store_, full);
    return stand_in(Status::TensorMissing, std::move(text), shape);
  }
  const bool same =
      found->shape.size() == shape.size() &&
      std::equal(shape.begin(), shape.end(), found->shape.begin(),
                 [](int64_t expected, int64_t actual) { return expected < 0 || expected == actual; });
  if (!same)
    return stand_in(Status::TensorMismatch,
                    fmt::format("{}: expected shape [{}], found [{}] ({})", found->source,
                                fmt::join(shape, ", "), fmt::join(found->shape, ", "), found->dtype),
                    shape);
  record_->taken.insert(full);
  return {};
}

at::Tensor View::stand_in(Status status, std::string text, at::IntArrayRef shape) const {
  auto& list = status == Status::TensorMissing ? record_->missing : record_->mismatched;
  list.push_back(std::move(text));
  const bool shapeless = std::any_of(shape.begin(), shape.end(), [](int64_t extent) { return extent < 0; });
  if (!record_->collecting || shapeless) require_complete();
  return at::zeros({}).expand(shape);
}

View View::collecting() const {
  View copy = *this;
  copy.record_ = std::make_shared<Record>();
  copy.record_->collecting = true;
  return copy;
}

void View::require_complete() const {
  // A tensor of another shape says more about what is wrong than one that is not there.
  for (const auto& [list, status, advice] :
       {std::tuple{&record_->mismatched, Status::TensorMismatch,
                   "The config of the file does not describe its weights."},
        {&record_->missing, Status::TensorMissing,
         "Use a complete file of the model version that its config states."}}) {
    if (list->empty()) continue;
    constexpr size_t kShown = 10;
    const std::vector<std::string> shown(
        list->begin(), list->begin() + static_cast<ptrdiff_t>(std::min(kShown, list->size())));
    const auto count = list->size() == 1 ? std::string() : fmt::format(" ({} tensors in all)", list->size());
    fail(status, "{}{}. {}", fmt::join(shown, "; "), count, advice);
  }
}

std::vector<std::string> View::unused() const {
  std::vector<std::string> result;
  for (auto& name : store_->names())
    if (name.starts_with(prefix_) && !record_->taken.contains(name)) result.push_back(std::move(name));
  return result;
}

}  // namespace ltx::weights
