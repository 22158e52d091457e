#include <doctest/doctest.h>

#include "expect_error.h"
#include "formats/activations.h"
#include "formats_integer_support.h"

using namespace ltx;
using namespace ltx::formats;

namespace {

/// The matrix as spec 08 §9.3 writes it.
at::Tensor hadamard_matrix(int64_t group) {
  const auto h4 = at::tensor({1, 1, 1, -1, 1, 1, -1, 1, 1, -1, 1, 1, -1, 1, 1, 1}, at::kDouble).view({4, 4});
  auto h = at::ones({1, 1}, at::kDouble);
  for (int64_t size = 1; size < group; size *= 4) h = at::kron(h, h4);
  return h / std::sqrt(static_cast<double>(group));
}

}  // namespace

TEST_CASE("rotation: each group times the Hadamard matrix, its own inverse") {
  for (const int64_t group : {4, 16, 64, 256, 1024}) {
    INFO("group ", group);
    const auto x = gaussian({3, 2, 3 * group}, 1);
    const auto expected =
        at::matmul(x.to(at::kDouble).unflatten(2, {3, group}), hadamard_matrix(group)).flatten(2);
    CHECK(relative_error(rotate(x, group), expected) < 3e-7);
    CHECK(relative_error(rotate(rotate(x, group), group), x) < 5e-7);
  }
}

TEST_CASE("rotation: bf16 is rounded once") {
  const auto x = gaussian({4, 512}, 1).to(at::kBFloat16);
  CHECK(same_bits(rotate(x, 256), rotate(x.to(at::kFloat), 256).to(at::kBFloat16)));
  CHECK((rotate(x, 256, at::kFloat).scalar_type() == at::kFloat));
  CHECK((rotate(x.to(at::kHalf), 64).scalar_type() == at::kHalf));
}

TEST_CASE("rotation: groups that do not exist or do not fit") {
  const auto x = at::zeros({2, 96});
  for (const int64_t group : {0, 1, 2, 8, 32, 65536}) {
    expect_error(Status::Quant, "power of 4", [&] { rotate(x, group); });
  }
  expect_error(Status::Quant, "96 elements", [&] { rotate(x, 64); });
}
