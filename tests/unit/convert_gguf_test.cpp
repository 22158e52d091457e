#include <doctest/doctest.h>

#include "convert_fixture.h"
#include "file_fixture.h"
#include "formats/gguf.h"
#include "gguf_fixture.h"
#include "weights/checkpoint.h"
#include "weights/gguf_store.h"
#include "weights/model_files.h"

using namespace ltx;
using namespace ltx::test;
using formats::Format;
using weights::Checkpoint;
using weights::Component;

namespace {

std::string bytes_of(const at::Tensor& tensor) {
  const auto plain = tensor.contiguous();
  return {static_cast<const char*>(plain.const_data_ptr()), plain.nbytes()};
}

/// Q8_0 by hand: scale 0.5, element i of a block is i - 16.
std::string q8_blocks(size_t count) {
  std::string block = little_endian<uint16_t>(0x3800);
  for (int i = 0; i < 32; ++i) block += static_cast<char>(i - 16);
  std::string all;
  for (size_t i = 0; i < count; ++i) all += block;
  return all;
}

/// What makes a file a transformer.
GgufWriter& telling(GgufWriter& writer) {
  return writer.tensor("adaln_single.linear.bias", {4}, 0, std::string(16, '\0'));
}

weights::Part open(const std::filesystem::path& path) {
  return Checkpoint(path).open(Component::Transformer);
}

}  // namespace

TEST_CASE("gguf store: codes stay packed, plain tensors and tables are read, shapes are the networks'") {
  const Folder folder;
  const auto table = random_tensor({2, 64}, 1, 3);
  const auto bias = random_tensor({3}, 1, 4).to(at::kBFloat16);
  for (const std::string prefix : {"", "model.diffusion_model."}) {
    CAPTURE(prefix);
    GgufWriter writer;
    writer.text("general.architecture", "ltxv")
        .text("config", model_config().dump())
        .text("model_version", "2.3.0");
    writer.tensor(prefix + "transformer_blocks.0.attn1.to_q.weight", {64, 3}, 8, q8_blocks(6))
        .tensor(prefix + "transformer_blocks.0.attn1.to_q.bias", {3}, 30, bytes_of(bias))
        .tensor(prefix + "transformer_blocks.0.attn1.q_norm.weight", {32}, 8, q8_blocks(1))
        .tensor(prefix + "transformer_blocks.0.scale_shift_table", {64, 2}, 0, bytes_of(table))
        .tensor(prefix + "transformer_blocks.0.attn1.to_k.weight", {64, 3}, 1,
                bytes_of(at::ones({3, 64}, at::kHalf)));
    const auto path = folder.write("a.gguf", writer.bytes());
    const Checkpoint checkpoint(path);
    CHECK(checkpoint.kind() == weights::FileKind::Transformer);
    CHECK(checkpoint.metadata().model_version() == "2.3.0");
    const auto part = checkpoint.open(Component::Transformer);
    CHECK(part.config.at("num_layers") == 2);
    const auto& store = part.view.store();
    const auto* info = store.find("transformer_blocks.0.attn1.to_q.weight");
    REQUIRE(info);
    CHECK(info->format == Format::Q8_0);
    CHECK(info->shape == std::vector<int64_t>{3, 64});
    CHECK(info->dtype == "BF16");
    CHECK(info->bytes == 6 * 34);
    const auto row = ((at::arange(64) % 32) - 16).to(at::kFloat) * 0.5;
    const auto weight = row.expand({3, 64}).to(at::kBFloat16);
    CHECK(same_bits(store.read("transformer_blocks.0.attn1.to_q.weight"), weight));
    const auto parts = store.parts("transformer_blocks.0.attn1.to_q.weight");
    REQUIRE(parts.stored);
    CHECK(parts.stored->matrix.codes.sizes() == at::IntArrayRef{3, 68});
    CHECK(same_bits(formats::decode(parts.stored->matrix, at::kBFloat16), weight));
    // What is no matrix is dequantized when it is read.
    CHECK(store.find("transformer_blocks.0.attn1.q_norm.weight")->format == Format::Unquantized);
    CHECK(same_bits(store.read("transformer_blocks.0.attn1.q_norm.weight"),
                    row.narrow(0, 0, 32).to(at::kBFloat16)));
    CHECK(same_bits(store.read("transformer_blocks.0.scale_shift_table"), table));
    CHECK(same_bits(store.read("transformer_blocks.0.attn1.to_q.bias"), bias));
    CHECK(same_bits(store.read("transformer_blocks.0.attn1.to_k.weight"), at::ones({3, 64}, at::kHalf)));
  }
}

TEST_CASE("gguf store: a flattened tensor has its own shape again") {
  const Folder folder;
  GgufWriter writer;
  writer.shape("transformer_blocks.0.attn1.to_q.weight", {4, 16})
      .shape("transformer_blocks.0.attn1.to_v.weight", {1, 64});
  telling(writer)
      .tensor("transformer_blocks.0.attn1.to_q.weight", {64}, 8, q8_blocks(2))
      .tensor("transformer_blocks.0.attn1.to_v.weight", {64}, 8, q8_blocks(2));
  const auto part = open(folder.write("a.gguf", writer.bytes()));
  const auto& store = part.view.store();
  const auto flat = (((at::arange(64) % 32) - 16).to(at::kFloat) * 0.5).to(at::kBFloat16);
  // Rows of 16 are no whole blocks: such a weight cannot stay packed.
  CHECK(store.find("transformer_blocks.0.attn1.to_q.weight")->format == Format::Unquantized);
  CHECK(same_bits(store.read("transformer_blocks.0.attn1.to_q.weight"), flat.view({4, 16})));
  CHECK(store.find("transformer_blocks.0.attn1.to_v.weight")->format == Format::Q8_0);
  CHECK(same_bits(store.read("transformer_blocks.0.attn1.to_v.weight"), flat.view({1, 64})));
}

TEST_CASE("gguf store: every type of the table is read; others are refused with tensor and type") {
  const Folder folder;
  for (const auto& type : formats::gguf_types()) {
    CAPTURE(type.name);
    GgufWriter writer;
    const size_t size = static_cast<size_t>(type.block_bytes * 256 / type.block_elements);
    telling(writer).tensor("transformer_blocks.0.attn1.to_q.weight", {256, 2}, type.id,
                           std::string(2 * size, '\0'));
    const auto part = open(folder.write("a.gguf", writer.bytes()));
    CHECK(part.view.store().find("transformer_blocks.0.attn1.to_q.weight")->format == type.format);
    CHECK(part.view.store().read("transformer_blocks.0.attn1.to_q.weight").sizes() ==
          at::IntArrayRef{2, 256});
  }
  for (const auto& [id, name] :
       {std::pair<uint32_t, const char*>{19, "IQ1_S"}, {15, "Q8_K"}, {77, "type 77"}, {28, "F64"}}) {
    GgufWriter writer;
    telling(writer).tensor("transformer_blocks.0.attn1.to_q.weight", {256, 2}, id, std::string(4096, '\0'));
    const auto path = folder.write("bad.gguf", writer.bytes());
    check_error(Status::Quant, {"transformer_blocks.0.attn1.to_q.weight", name, "Q4_K"}, [&] { open(path); });
  }
}

TEST_CASE("gguf: the architecture is ltxv, or silent beside an LTX transformer's names") {
  const Folder folder;
  const auto file = [&](const char* architecture, bool names) {
    GgufWriter writer;
    if (architecture) writer.text("general.architecture", architecture);
    if (names)
      telling(writer);
    else
      writer.tensor("blk.0.attn_q.weight", {4}, 0, std::string(16, '\0'));
    return folder.write("a.gguf", writer.bytes());
  };
  for (const char* silent : {"ltxv", "pig", "cow", static_cast<const char*>(nullptr)})
    CHECK(Checkpoint(file(silent, true)).has(Component::Transformer));
  CHECK_NOTHROW(weights::check_gguf_architecture(io::TensorFile(file("ltxv", false))));
  check_error(Status::FileFormat, {"'llama'", "ltxv"},
              [&] { weights::check_gguf_architecture(io::TensorFile(file("llama", true))); });
  check_error(Status::FileFormat, {"'pig'", "1 other tensors"},
              [&] { weights::check_gguf_architecture(io::TensorFile(file("pig", false))); });
  check_error(Status::FileFormat, {"no architecture"},
              [&] { weights::check_gguf_architecture(io::TensorFile(file(nullptr, false))); });
  check_error(Status::FileFormat, {"'llama'"}, [&] { open(file("llama", true)); });
}

TEST_CASE("gguf: a transformer slot without configuration borrows that of the checkpoint beside it") {
  const Folder folder;
  GgufWriter writer;
  writer.text("general.architecture", "ltxv");
  telling(writer).tensor("transformer_blocks.0.attn1.to_q.weight", {256, 256}, 8, q8_blocks(256 * 8));
  weights::ModelPaths paths;
  paths.transformer = folder.write("dit-Q8_0.gguf", writer.bytes()).string();
  check_error(Status::ModelConfig, {"dit-Q8_0.gguf", "transformer"},
              [&] { weights::ModelFiles(paths).open(Component::Transformer); });
  paths.checkpoint = (folder / "model.safetensors").string();
  weights::save_tensors(paths.checkpoint, model_tensors(), model_metadata());
  const weights::ModelFiles files(paths);
  CHECK(files.metadata(Component::Transformer).model_version() == "2.3.0");
  CHECK(files.has(Component::Embeddings));
  const auto checkpoint = Checkpoint(paths.transformer);
  const auto part = checkpoint.open(Component::Transformer, model_config().at("transformer"));
  CHECK(part.config.at("num_layers") == 2);
  CHECK(part.view.store().find("transformer_blocks.0.attn1.to_q.weight")->format == Format::Q8_0);
}
