// The integer formats on one core: decoding a weight larger than the cache to bf16, encoding one from bf16,
// and quantizing activations, against a plain copy that moves as many bytes in and out.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cstring>

#include "bench/timing.h"
#include "formats/activations.h"
#include "formats/cpu/integer_rows.h"
#include "formats/gguf.h"
#include "formats/matrix.h"

namespace {

using namespace ltx;
using namespace ltx::formats;

constexpr int64_t kRows = 8192, kColumns = 4096;
constexpr int kRounds = 9;

std::string isa() {
  return std::string(", \"isa\": \"") + cpu::available_integer_rows().rows[0]->name + "\"";
}

/// Against copying half of `bytes` (read and written together), into memory that is new each time as the
/// subject's is.
void against_copy(const std::string& name, uint64_t bytes, const std::function<void()>& work) {
  const auto half = static_cast<int64_t>(bytes / 2);
  const auto source = at::ones({half}, at::TensorOptions(at::kByte));
  const auto copy = [&] {
    auto target = at::empty_like(source);
    std::memcpy(target.data_ptr(), source.data_ptr(), static_cast<size_t>(half));
  };
  bench::report(name, bench::compare(kRounds, work, copy), "copy of as many bytes", isa());
}

}  // namespace

int main() {
  at::set_num_threads(1);
  const at::NoGradGuard no_grad;
  const auto w = (at::randn({kRows, kColumns}) * 0.02).to(at::kBFloat16);
  const uint64_t plain = w.nbytes();

  std::vector<std::pair<std::string, Encoding>> encodings;
  encodings.push_back({"int8-row", {.format = Format::Int8}});
  encodings.push_back({"int8-tensorwise", {.format = Format::Int8}});
  encodings.back().second.int8_form = Encoding::Int8Form::TensorwiseRows;
  encodings.push_back({"int8-rotated-256", {.format = Format::Int8}});
  encodings.back().second.rotation = 256;
  encodings.push_back({"int4-g128", {.format = Format::Int4}});
  encodings.push_back({"int4-symmetric-g128", {.format = Format::Int4}});
  encodings.back().second.symmetric = true;
  encodings.push_back({"nf4", {.format = Format::Nf4}});
  for (const auto& [name, encoding] : encodings) {
    const auto m = encode(w, encoding);
    against_copy("encode " + name, plain + m.bytes(), [&] { encode(w, encoding); });
    against_copy("decode " + name, plain + m.bytes(), [&] { decode(m, at::kBFloat16); });
  }
  for (const auto& type : gguf_types()) {
    if (!is_gguf(type.format)) continue;
    Matrix m;
    m.format = type.format;
    m.rows = kRows;
    m.columns = kColumns;
    m.codes = at::randint(0, 256, {kRows, gguf_row_bytes(type, kColumns)}, at::TensorOptions(at::kByte));
    against_copy(std::string("decode ") + type.name, plain + m.bytes(), [&] { decode(m, at::kBFloat16); });
  }
  const auto x = at::randn({1536, kColumns}).to(at::kBFloat16);
  against_copy("activations uint8-per-row", x.nbytes() * 3 / 2, [&] { uint8_per_row(x); });
  against_copy("activations uint8-tensorwise", x.nbytes() * 3 / 2, [&] { uint8_tensorwise(x); });
  against_copy("activations rotate-256", x.nbytes() * 2, [&] { rotate(x, 256); });
}
