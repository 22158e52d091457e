#include "formats/scale_swizzle.h"

#include <doctest/doctest.h>

#include "expect_error.h"

using namespace ltx;
using namespace ltx::formats;

TEST_CASE("scale swizzle: every scale lies where spec 08 §12.3 says, the rest is zero") {
  for (const auto& [rows, columns] :
       {std::pair<int64_t, int64_t>{32, 8}, {128, 4}, {130, 5}, {300, 13}, {1, 1}}) {
    // No zeros among the scales, so that padding shows.
    const auto linear = (at::arange(rows * columns, at::TensorOptions(at::kLong)) % 255 + 1)
                            .to(at::kByte)
                            .view({rows, columns});
    const auto stored = swizzle_scales(linear);
    const int64_t padded = (columns + 3) / 4 * 4;
    CHECK(stored.sizes() == at::IntArrayRef({(rows + 127) / 128 * 128, padded}));
    const auto flat = stored.flatten();
    const uint8_t* const bytes = flat.const_data_ptr<uint8_t>();
    bool placed = true;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c) {
        const int64_t at = (r / 128 * (padded / 4) + c / 4) * 512 + r % 32 * 16 + r % 128 / 32 * 4 + c % 4;
        placed = placed && bytes[at] == linear[r][c].item<uint8_t>();
      }
    CHECK(placed);
    CHECK(stored.ne(0).sum().item<int64_t>() == rows * columns);
    CHECK(at::equal(unswizzle_scales(stored, rows, columns), linear));
    // Rows beyond the multiple of 128, and torchao's frame: the same bytes.
    const auto longer = at::cat({stored, at::zeros({128, padded}, at::kByte)});
    CHECK(at::equal(unswizzle_scales(longer, rows, columns), linear));
    CHECK(at::equal(unswizzle_scales(stored.view({stored.size(0) / 4, padded * 4}), rows, columns), linear));
  }
}

TEST_CASE("scale swizzle: the dtype stays, sizes that do not fit are refused") {
  const auto linear = at::ones({40, 3}).to(at::kFloat8_e4m3fn);
  CHECK((swizzle_scales(linear).scalar_type() == at::kFloat8_e4m3fn));
  CHECK((unswizzle_scales(swizzle_scales(linear), 40, 3).scalar_type() == at::kFloat8_e4m3fn));
  const auto stored = at::zeros({128, 8}, at::kByte);
  expect_error(Status::TensorMismatch,
               "129 rows and 8 columns are one byte each in [256, 8], found 1024 bytes in [128, 8]",
               [&] { unswizzle_scales(stored, 129, 8); });
  expect_error(Status::TensorMismatch, "[128, 12]", [&] { unswizzle_scales(stored, 128, 12); });
  expect_error(Status::TensorMismatch, "4096 bytes",
               [&] { unswizzle_scales(stored.to(at::kFloat), 128, 8); });
}
