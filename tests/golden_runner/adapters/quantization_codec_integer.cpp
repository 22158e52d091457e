// quant.codec: the integer formats.
#include "formats/activations.h"
#include "formats/gguf.h"
#include "formats/matrix.h"
#include "quantization_codec.h"

namespace ltx::golden {
namespace {

using namespace formats;

bool reference(const Case& c) {
  return c.param<std::string>("semantics", "L") == "R";
}

Results int8_rows(const Case& c) {
  const auto matrix = encode(c.input("w"), {.format = Format::Int8, .reference = reference(c)});
  Results r;
  r.tensors["codes"] = matrix.codes;
  r.tensors["weight_scale"] = matrix.scale;
  r.tensors["decoded"] = decode(matrix);
  return r;
}

Results int8_tensorwise_rows(const Case& c) {
  Encoding encoding{.format = Format::Int8, .reference = reference(c)};
  encoding.int8_form = Encoding::Int8Form::TensorwiseRows;
  const auto& w = c.input("w");
  Results r;
  if (!c.param("convrot", false)) {
    const auto matrix = encode(w, encoding);
    r.tensors["codes"] = matrix.codes;
    r.tensors["weight_scale"] = matrix.scale.unsqueeze(1);
    r.tensors["decoded"] = decode(matrix);
    return r;
  }
  const auto group = c.param<int64_t>("convrot_groupsize", 256);
  Matrix stored;
  stored.format = Format::Int8;
  stored.rows = w.size(0);
  stored.columns = w.size(1);
  stored.codes = c.input("codes");
  stored.scale = c.input("weight_scale").reshape({-1});
  stored.rotation = group;
  r.tensors["rotated"] = rotate(w, group);
  r.tensors["decoded"] = decode(stored);
  return r;
}

Results int4_groups(const Case& c) {
  Encoding encoding{.format = Format::Int4, .reference = reference(c)};
  encoding.group_size = c.param<int64_t>("group_size", 128);
  encoding.symmetric = c.param("symmetric", false);
  const auto matrix = encode(c.input("w"), encoding);
  Results r;
  r.tensors["codes"] = matrix.codes;
  r.tensors["weight_scale"] = matrix.scale;
  if (matrix.zero.defined()) r.tensors["weight_zero"] = matrix.zero;
  r.tensors["decoded_bf16"] = decode(matrix, at::kBFloat16);
  return r;
}

Results nf4_blocks(const Case& c) {
  const auto matrix = encode(c.input("w"), {.format = Format::Nf4});
  Results r;
  r.tensors["codes"] = matrix.codes.unsqueeze(1);
  r.tensors["absmax"] = matrix.scale;
  r.tensors["quant_map"] = matrix.table;
  r.tensors["decoded"] = decode(matrix);
  return r;
}

Results gguf_blocks(const Case& c, const GgufType& type) {
  const auto& bytes = c.input("bytes");
  Matrix stored;
  stored.format = type.format;
  stored.rows = bytes.size(0);
  stored.columns = bytes.size(1) / type.block_bytes * type.block_elements;
  stored.codes = bytes;
  Results r;
  r.tensors["decoded"] = decode(stored);
  return r;
}

}  // namespace

void add_integer_codecs(Codecs& codecs) {
  codecs["int8-per-row"] = int8_rows;
  codecs["int8_tensorwise"] = int8_tensorwise_rows;
  codecs["int4"] = int4_groups;
  codecs["nf4"] = nf4_blocks;
  for (const auto& type : gguf_types()) {
    if (!is_gguf(type.format)) continue;
    codecs[std::string("gguf-") + type.name] = [&type](const Case& c) { return gguf_blocks(c, type); };
  }
}

}  // namespace ltx::golden
