// The CUDA kernels give the bits of the CPU twins.
#include <doctest/doctest.h>

#include "device/device.h"
#include "formats/activations.h"
#include "formats/dither.h"
#include "formats/float8.h"
#include "formats/fp6.h"
#include "formats/mxfp8.h"
#include "formats/nvfp4.h"
#include "formats_integer_support.h"

using namespace ltx;
using namespace ltx::formats;

namespace {

bool same_flat(const at::Tensor& a, const at::Tensor& b) {
  return same_bits(a.cpu().flatten(), b.flatten());
}

/// Equal bits, but a NaN is a NaN: devices give it different payloads.
bool same_values(const at::Tensor& a, const at::Tensor& b) {
  return at::equal(a.isnan(), b.isnan()) &&
         same_bits(at::where(a.isnan(), at::zeros_like(a), a), at::where(b.isnan(), at::zeros_like(b), b));
}

void check_same(const Matrix& found, const Matrix& expected) {
  CHECK(same_bits(found.codes.cpu(), expected.codes));
  if (expected.scale.defined()) CHECK(same_flat(found.scale, expected.scale));
  if (expected.scale_2.defined()) CHECK(same_flat(found.scale_2, expected.scale_2));
  for (const auto dtype : {at::kFloat, at::kBFloat16})
    CHECK(same_values(decode(found, dtype).cpu(), decode(expected, dtype)));
}

void check_same(const Quantized& found, const Quantized& expected) {
  CHECK(same_bits(found.codes.cpu(), expected.codes));
  CHECK(same_flat(found.scale, expected.scale));
  if (expected.scale_2.defined()) CHECK(same_flat(found.scale_2, expected.scale_2));
}

}  // namespace

TEST_SUITE("gpu") {
  TEST_CASE("floating formats: CUDA equals the CPU bit for bit") {
    if (device::cuda_device_count() == 0) {
      MESSAGE("no CUDA device: skipped");
      return;
    }
    const at::NoGradGuard no_grad;
    const at::Device cuda(at::kCUDA, 0);
    const auto random = at::randint(0, 1LL << 32, {1000, 1003}, at::make_generator<at::CPUGeneratorImpl>(3),
                                    at::TensorOptions(at::kLong))
                            .sub(1LL << 31)
                            .to(at::kInt)
                            .view(at::kFloat);
    for (const auto dtype : {at::kFloat8_e4m3fn, at::kFloat8_e5m2})
      for (const auto overflow : {Overflow::Saturate, Overflow::Cast})
        for (const auto& x : {random, random.to(at::kBFloat16)}) {
          const auto expected = encode_float8(x, dtype, overflow);
          CHECK(same_bits(encode_float8(x.to(cuda), dtype, overflow).cpu(), expected));
        }
    auto wide = gaussian({256, 640});
    wide.slice(0, 0, 9).copy_(awkward(640).slice(0, 0, 9));
    wide[7].mul_(1e-30);
    for (const auto dtype : {at::kFloat, at::kBFloat16})
      for (const auto& size : {std::pair<int64_t, int64_t>{256, 640}, {77, 48}, {128, 128}}) {
        const auto rows = size.first,
                   columns = size.second;  // lambdas take no structured binding in Clang 14
        const auto w = wide.slice(0, 0, rows).slice(1, 0, columns).to(dtype).contiguous();
        for (const auto format : {Format::Fp8Unscaled, Format::Fp8PerTensor, Format::Fp8PerRow, Format::Mxfp8,
                                  Format::Nvfp4, Format::Fp8Block128, Format::Fp6Block128})
          for (const auto form : {Encoding::Fp8Form::Multiply, Encoding::Fp8Form::Divide})
            for (const bool reference : {false, true}) {
              Encoding encoding{.format = format};
              encoding.fp8_form = form;
              encoding.reference = reference;
              if (can_store(encoding, rows, columns))
                check_same(encode(w.to(cuda), encoding), encode(w, encoding));
            }
        // Memory that begins anywhere.
        const Encoding six_bits{.format = Format::Fp6Block128};
        if (can_store(six_bits, rows, columns)) {
          const auto expected = encode(w, six_bits);
          const auto begin_at_one = [&](at::ScalarType type) {
            return at::zeros({rows * columns + 1}, at::TensorOptions(type).device(cuda))
                .narrow(0, 1, rows * columns)
                .view({rows, columns});
          };
          check_same(encode(begin_at_one(dtype).copy_(w), six_bits), expected);
          for (const auto out_dtype : {at::kFloat, at::kBFloat16}) {
            const auto out = begin_at_one(out_dtype);
            decode_into(expected.to(cuda), out);
            CHECK(same_values(out.cpu(), decode(expected, out_dtype)));
          }
        }
        for (const auto scale : {MxScale::Floor, MxScale::Even, MxScale::Ceil})
          check_same(quantize_mxfp8(w.to(cuda), scale), quantize_mxfp8(w, scale));
        for (const bool reference : {false, true}) {
          check_same(fp8_per_tensor(w.to(cuda), reference), fp8_per_tensor(w, reference));
          check_same(fp8_per_row(w.to(cuda), reference), fp8_per_row(w, reference));
          const auto scale = at::full({}, 0.0157F);
          CHECK(same_bits(fp8_static(w.to(cuda), scale.to(cuda), reference).cpu(),
                          fp8_static(w, scale, reference)));
        }
        check_same(fp8_1x128(w.to(cuda)), fp8_1x128(w));
        check_same(nvfp4(w.to(cuda)), nvfp4(w));
        check_same(nvfp4(w.to(cuda), at::ones({}).to(cuda)), nvfp4(w, at::ones({})));
        for (const auto code : {at::kFloat8_e4m3fn, at::kFloat8_e5m2}) {
          const auto codes = encode_float8(w, code);
          const auto delta = gaussian({rows, columns}, 0.001, 4).to(at::kBFloat16);
          const auto found = add_with_dither(codes.to(cuda), delta.to(cuda), 7),
                     expected = add_with_dither(codes, delta, 7);
          CHECK(same_bits(found.values.cpu(), expected.values));
          CHECK(same_bits(found.codes.cpu(), expected.codes));
        }
      }
  }
}
