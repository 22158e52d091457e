// Encoding and decoding of the floating formats on one core, against a plain copy of the bf16 matrix. The
// matrix is larger than any cache. Results are allocated on both sides, as the loader and the dequantizing
// Linear do; `rows` lines leave allocation out.
#include <ATen/Parallel.h>

#include <cstring>

#include "bench/timing.h"
#include "formats/activations.h"
#include "formats/cpu/rows.h"
#include "formats/matrix.h"

namespace {

using namespace ltx;
using namespace ltx::formats;

constexpr int64_t kRows = 8192, kColumns = 8192;
constexpr int kRounds = 7;

std::string instruction_set(const cpu::Rows& rows) {
  return std::string(", \"instruction_set\": \"") + rows.name + "\"";
}

/// Into memory that exists, every build that this machine runs.
void bench_rows(const at::Tensor& w) {
  auto codes = at::zeros({kRows, kColumns}, at::kByte), copy = at::zeros_like(w);
  const auto plain_copy = [&] { std::memcpy(copy.data_ptr(), w.const_data_ptr(), w.nbytes()); };
  const auto scales = at::full({kRows}, 0.01F);
  auto bits = at::zeros({kRows}, at::kInt);
  const auto& builds = cpu::available();
  for (int i = 0; i < builds.count; ++i) {
    const auto& rows = *builds.rows[i];
    Fp8EncodeArguments e;
    e.element = Element::BFloat16;
    e.rows = kRows;
    e.columns = e.codes_stride = kColumns;
    e.x = w.const_data_ptr();
    e.codes = codes.mutable_data_ptr<uint8_t>();
    e.bits = bits.mutable_data_ptr<int32_t>();
    bench::report("formats.rows.encode_e4m3",
                  bench::compare(
                      kRounds, [&] { rows.fp8_encode(e, 0, kRows); }, plain_copy),
                  "copy of the bf16 matrix", instruction_set(rows));
    Fp8DecodeArguments d;
    d.out_element = Element::BFloat16;
    d.rows = kRows;
    d.columns = d.codes_stride = kColumns;
    d.codes = codes.const_data_ptr<uint8_t>();
    d.scale = scales.const_data_ptr<float>();
    d.scale_stride = 1;
    d.block_columns = kColumns;
    d.out = copy.data_ptr();
    bench::report("formats.rows.decode_e4m3_per_row",
                  bench::compare(
                      kRounds, [&] { rows.fp8_decode(d, 0, kRows); }, plain_copy),
                  "copy of the bf16 matrix", instruction_set(rows));
  }
}

}  // namespace

int main() {
  at::set_num_threads(1);
  const auto w = at::randn({kRows, kColumns}).mul_(0.02).to(at::kBFloat16);
  bench_rows(w);
  const auto copy = [&] { w.clone(); };
  const auto extra = instruction_set(cpu::rows());
  for (const auto format : {Format::Fp8Unscaled, Format::Fp8PerTensor, Format::Fp8PerRow, Format::Fp8Block128,
                            Format::Fp6Block128, Format::Mxfp8, Format::Nvfp4}) {
    const Encoding encoding{.format = format};
    const auto matrix = encode(w, encoding);
    const std::string target = format == Format::Fp8Unscaled ? ", \"target\": 2" : "";
    const std::string name(name_of(format));
    bench::report("formats.encode." + name,
                  bench::compare(
                      kRounds, [&] { encode(w, encoding); }, copy),
                  "copy of the bf16 matrix", extra + target);
    bench::report("formats.decode." + name,
                  bench::compare(
                      kRounds, [&] { decode(matrix, at::kBFloat16); }, copy),
                  "copy of the bf16 matrix", extra);
  }
  const auto x = w.slice(0, 0, 1536).clone();
  const auto copy_x = [&] { x.clone(); };
  const std::pair<const char*, std::function<void()>> activations[] = {
      {"fp8_per_tensor", [&] { fp8_per_tensor(x); }},
      {"fp8_per_row", [&] { fp8_per_row(x); }},
      {"fp8_static", [&, s = at::full({}, 0.01F)] { fp8_static(x, s); }},
      {"fp8_1x128", [&] { fp8_1x128(x); }},
      {"mxfp8", [&] { mxfp8(x); }},
      {"nvfp4", [&] { nvfp4(x); }}};
  for (const auto& [name, work] : activations)
    bench::report(std::string("formats.activations.") + name, bench::compare(kRounds, work, copy_x),
                  "copy of the activations", extra);
}
