#include "quant/lora_fusion.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"
#include "formats/dither.h"
#include "formats/float8.h"
#include "quant/row_blocks.h"
#include "weights/lora_delta.h"

namespace ltx::quant {
namespace {

using formats::Encoding;
using formats::Format;
using formats::Matrix;
using weights::LoraDelta;
using weights::ScaledFactors;

/// Rows begin … begin + count of a matrix of values, F32 [count, K].
using Rows = std::function<at::Tensor(int64_t begin, int64_t count)>;

/// Adds up DeltaSurvival where the weight lies, so that a device is waited for once per weight.
class Measure {
 public:
  /// F32 [count, K] each; `stored` is overwritten.
  void add(const at::Tensor& without, const at::Tensor& delta, at::Tensor stored) {
    const auto dot = [](const at::Tensor& a, const at::Tensor& b) {
      return at::dot(a.reshape({-1}), b.reshape({-1}));
    };
    const auto change = stored.sub_(without);
    const auto kept = dot(change, delta);
    const auto missed = change.sub_(delta);
    const auto part = at::stack({dot(delta, delta), kept, dot(missed, missed), dot(without, without)});
    sums_ = sums_.defined() ? sums_ + part : part.to(at::kDouble);
  }

  DeltaSurvival result() const {
    if (!sums_.defined()) return {};
    const auto host = sums_.cpu();
    const auto* sums = host.const_data_ptr<double>();
    return {sums[0], sums[1], sums[2], sums[3]};
  }

 private:
  at::Tensor sums_;  // F64 [4]
};

/// How a weight comes to be with its update: W, Δ and what is encoded, W + Δ in some rounding.
struct Sum {
  int64_t rows, columns;
  Rows without, delta;
  std::function<at::Tensor(const at::Tensor& without, const at::Tensor& delta)> add;
  bool exact = true;  // `add` rounds to fp32 only, so that Δ can be told from the sum
};

template <class Visit>
void for_blocks(int64_t rows, int64_t step, Visit&& visit) {
  for (int64_t begin = 0; begin < rows; begin += step) visit(begin, std::min(step, rows - begin));
}

int64_t count_not_finite(const Sum& sum) {
  int64_t bad = 0;
  for_blocks(sum.rows, weights::kRowsAtATime, [&](int64_t begin, int64_t count) {
    const auto values = sum.add(sum.without(begin, count), sum.delta(begin, count));
    bad += values.numel() - values.isfinite().sum().item<int64_t>();
  });
  return bad;
}

[[noreturn]] void fail_not_finite(int64_t bad) {
  fail(Status::Numeric,
       "{} values of the weight with its LoRAs' update are NaN or Inf. Lower the strength, or use another "
       "copy "
       "of the files.",
       bad);
}

/// A block of rows as it is stored.
using EncodeBlock = std::function<Matrix(int64_t begin, const at::Tensor& without, const at::Tensor& delta)>;

FusedWeight by_blocks(const Sum& sum, int64_t step, const EncodeBlock& encode) {
  std::vector<Matrix> parts;
  Measure measure;
  for_blocks(sum.rows, step, [&](int64_t begin, int64_t count) {
    const auto without = sum.without(begin, count), delta = sum.delta(begin, count);
    parts.push_back(encode(begin, without, delta));
    const bool plain = parts.back().format == Format::Unquantized;
    measure.add(without, delta,
                plain ? parts.back().codes.to(at::kFloat, false, true) : formats::decode(parts.back()));
  });
  FusedWeight fused{join_rows(parts), measure.result()};
  // The measure is not finite if a value is not; the reverse need not hold.
  if (!std::isfinite(fused.survival.missed) || !std::isfinite(fused.survival.weight))
    if (const auto bad = count_not_finite(sum); bad != 0) fail_not_finite(bad);
  return fused;
}

/// For formats with a scale of the whole tensor.
FusedWeight as_whole(const Sum& sum, const Encoding& encoding) {
  at::Tensor values;
  for_blocks(sum.rows, weights::kRowsAtATime, [&](int64_t begin, int64_t count) {
    const auto part = sum.add(sum.without(begin, count), sum.delta(begin, count));
    if (!values.defined()) values = at::empty({sum.rows, sum.columns}, part.options());
    values.narrow(0, begin, count).copy_(part);
  });
  FusedWeight fused{formats::encode(values, encoding), {}};
  Measure measure;
  for_blocks(sum.rows, weights::kRowsAtATime, [&](int64_t begin, int64_t count) {
    const auto without = sum.without(begin, count);
    const auto delta =
        sum.exact ? values.narrow(0, begin, count).to(at::kFloat) - without : sum.delta(begin, count);
    measure.add(without, delta, formats::decode(rows_of(fused.weight, begin, count)));
  });
  fused.survival = measure.result();
  return fused;
}

FusedWeight encode_sum(const Sum& sum, const Encoding& encoding) {
  try {
    if (!is_row_local(encoding.format)) return as_whole(sum, encoding);
    return by_blocks(sum, row_step(encoding.format, sum.rows, sum.columns),
                     [&](int64_t, const at::Tensor& without, const at::Tensor& delta) {
                       return formats::encode(sum.add(without, delta), encoding);
                     });
  } catch (const Error& error) {
    // A block's encoder knows the block only.
    if (error.status() != Status::Numeric) throw;
    fail_not_finite(count_not_finite(sum));
  }
}

Matrix plain(at::Tensor values) {
  Matrix matrix;
  matrix.rows = values.size(0);
  matrix.columns = values.size(1);
  matrix.codes = std::move(values);
  return matrix;
}

at::Tensor add_fp32(const at::Tensor& without, const at::Tensor& delta) {
  return without + delta;
}

at::Tensor add_bf16(const at::Tensor& without, const at::Tensor& delta) {
  return (without + delta).to(at::kBFloat16);
}

Rows decoded(const Matrix& base, at::ScalarType through) {
  return [&base, through](int64_t begin, int64_t count) {
    return formats::decode(rows_of(base, begin, count), through).to(at::kFloat);
  };
}

/// `base`'s own format again, in the form that `encoding` says.
Encoding own_encoding(const Matrix& base, Encoding encoding) {
  encoding.format = base.format;
  if (base.format == Format::Int8) encoding.rotation = base.rotation;
  if (base.format == Format::Int4) {
    encoding.group_size = base.columns / base.scale.size(-1);
    encoding.symmetric = !base.zero.defined();
  }
  return encoding;
}

FusedWeight fuse_unscaled(const Matrix& base, const Sum& sum, const Encoding& encoding, Rounding rounding) {
  const auto dtype = base.codes.scalar_type();
  const auto overflow = encoding.reference ? formats::Overflow::Cast : formats::Overflow::Saturate;
  return by_blocks(
      sum, weights::kRowsAtATime, [&](int64_t begin, const at::Tensor& without, const at::Tensor& delta) {
        auto part = rows_of(base, begin, without.size(0));
        part.codes =
            rounding == Rounding::Nearest
                ? formats::encode_float8(sum.add(without, delta), dtype, overflow)
                : formats::add_with_dither(part.codes, delta.to(at::kBFloat16), 0, begin * sum.columns).codes;
        return part;
      });
}

}  // namespace

double DeltaSurvival::slope() const {
  return asked > 0 ? kept / asked : 1;
}

double DeltaSurvival::relative_l2() const {
  return asked > 0 ? std::sqrt(missed / asked) : 0;
}

double DeltaSurvival::size() const {
  return weight > 0 ? std::sqrt(asked / weight) : asked > 0 ? INFINITY : 0;
}

DeltaSurvival& DeltaSurvival::operator+=(const DeltaSurvival& other) {
  asked += other.asked;
  kept += other.kept;
  missed += other.missed;
  weight += other.weight;
  return *this;
}

LoraOrder resolve_order(LoraOrder asked, Format stored, Format held) {
  if (asked == LoraOrder::Runtime) return asked;
  if (stored == Format::Unquantized) {
    if (asked != LoraOrder::Auto) return asked;
    return held == Format::Unquantized ? LoraOrder::After : LoraOrder::Before;
  }
  return asked == LoraOrder::Auto && is_gguf(held) ? LoraOrder::Runtime : LoraOrder::After;
}

FusedWeight fuse_before(const at::Tensor& values, const std::vector<ScaledFactors>& updates,
                        const Encoding& encoding) {
  const bool plainly = encoding.format == Format::Unquantized;
  if (updates.empty()) return {plainly ? plain(values) : formats::encode(values, encoding), {}};
  const LoraDelta delta(updates, LoraDelta::Sum::Fp32);
  const Sum sum{values.size(0), values.size(1),
                [&](int64_t begin, int64_t count) { return values.narrow(0, begin, count).to(at::kFloat); },
                [&](int64_t begin, int64_t count) { return delta.rows(begin, count); }, add_fp32};
  if (!plainly) return encode_sum(sum, encoding);
  return by_blocks(sum, weights::kRowsAtATime,
                   [&](int64_t, const at::Tensor& without, const at::Tensor& update) {
                     return plain(add_fp32(without, update).to(values.scalar_type()));
                   });
}

FusedWeight fuse_after(const Matrix& base, const std::vector<ScaledFactors>& updates,
                       const Encoding& encoding, Rounding rounding) {
  if (updates.empty()) return {base, {}};
  const LoraDelta delta(updates, LoraDelta::Sum::Bf16);
  Sum sum{base.rows, base.columns, decoded(base, at::kFloat),
          [&](int64_t begin, int64_t count) { return delta.rows(begin, count); }, add_fp32};
  const auto through_bf16 = [&] {
    sum.without = decoded(base, at::kBFloat16);
    sum.add = add_bf16;
    sum.exact = false;
  };
  const auto own = own_encoding(base, encoding);
  switch (base.format) {
    case Format::Unquantized:
      sum.without = [&](int64_t begin, int64_t count) {
        return base.codes.narrow(0, begin, count).to(at::kFloat);
      };
      return by_blocks(sum, weights::kRowsAtATime,
                       [&](int64_t, const at::Tensor& without, const at::Tensor& update) {
                         return plain(add_bf16(without, update).to(base.codes.scalar_type()));
                       });
    case Format::Fp8Unscaled:
      sum.add = add_bf16;
      return fuse_unscaled(base, sum, encoding, rounding);
    case Format::Nvfp4:
    case Format::Fp8Block128:
    case Format::Fp6Block128:
      through_bf16();
      return encode_sum(sum, own);
    case Format::Int4:
    case Format::Int8:
    case Format::Fp8PerTensor:
    case Format::Fp8PerRow:
    case Format::Mxfp8:
    case Format::Nf4:
      return encode_sum(sum, own);
    default:  // GGUF types, whose encoders the library does not have
      through_bf16();
      return by_blocks(sum, weights::kRowsAtATime,
                       [&](int64_t, const at::Tensor& without, const at::Tensor& update) {
                         return plain(add_bf16(without, update));
                       });
  }
}

bool can_fuse_after(const Matrix& base, const Encoding& encoding) {
  return formats::is_gguf(base.format) ||  // becomes bf16
         formats::can_store(own_encoding(base, encoding), base.rows, base.columns);
}

std::vector<ScaledFactors> runtime_factors(const std::vector<ScaledFactors>& updates, at::Device device,
                                           at::ScalarType compute) {
  std::vector<ScaledFactors> factors = updates;
  for (auto& update : factors)
    for (auto* factor : {&update.up, &update.down})
      *factor = factor->to(device, compute, /*non_blocking=*/false, /*copy=*/true);
  return factors;
}

std::vector<std::string> survival_warnings(const std::vector<LayerFusion>& layers) {
  struct Finding {
    double share;
    const std::string* layer;
  };
  std::vector<Finding> lost, small;
  size_t fused = 0;
  for (const auto& entry : layers) {
    if (entry.order == LoraOrder::Runtime || entry.survival.asked == 0) continue;
    ++fused;
    if (entry.survival.slope() < kSurvivalThreshold)
      lost.push_back({entry.survival.slope(), &entry.layer});
    else if (entry.prequantized && entry.order == LoraOrder::After && entry.survival.size() < kSmallUpdate)
      small.push_back({entry.survival.size(), &entry.layer});
  }
  const auto worst = [](std::vector<Finding>& found) {
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.share < b.share; });
    std::string text;
    for (size_t i = 0; i < std::min<size_t>(found.size(), 3); ++i)
      text += fmt::format("{}'{}' ({:.1f} %)", i ? ", " : "", *found[i].layer, 100 * found[i].share);
    return text;
  };
  std::vector<std::string> warnings;
  if (!lost.empty())
    warnings.push_back(fmt::format(
        "{} of {} layers with LoRAs keep less than {:.0f} % of the update that was asked for, for example "
        "{}: it is smaller than the steps of their number format. Use lora_order runtime.",
        lost.size(), fused, 100 * kSurvivalThreshold, worst(lost)));
  if (!small.empty())
    warnings.push_back(
        fmt::format("{} of {} layers with LoRAs are stored quantized and their update is below {:.0f} % of "
                    "the weight, for example "
                    "{}: adding it rounds most of the change by chance. Use lora_order runtime.",
                    small.size(), fused, 100 * kSmallUpdate, worst(small)));
  return warnings;
}

}  // namespace ltx::quant
