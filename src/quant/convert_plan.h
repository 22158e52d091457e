// What becomes of each tensor of a checkpoint, decided from headers alone.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "quant/context.h"
#include "quant/convert.h"
#include "weights/stored_writer.h"

namespace ltx::quant {

/// A component whose layers a policy concerns.
struct PlannedComponent {
  weights::Component component;
  nlohmann::json config;
  std::shared_ptr<const weights::Store> store;  // with LoRAs; GGUF blocks as the BF16 that they stand for
  std::shared_ptr<const Context> context;
};

/// One tensor, or the tensors of one layer.
struct PlannedTensor {
  enum class Action {
    Copy,    // as it is stored; GGUF blocks as BF16
    Decode,  // a quantized weight to BF16
    Keep,    // the stored codes, in the published layout
    Encode,  // by the policy
  };
  Action action = Action::Copy;
  size_t file = 0;  // of the sources
  std::string key;  // full name in the file
  std::vector<io::TensorDeclaration> declarations;
  uint64_t bytes = 0;  // to be read

  // Of a layer:
  const PlannedComponent* component = nullptr;
  std::string layer;                                      // name in the component, without ".weight"
  formats::Format stored = formats::Format::Unquantized;  // in the file
  Decision decision;
  weights::StoredLook look;  // Keep, Encode to a format
  at::Tensor input_scale;    // calibrated
  bool bias = false;         // fp8-cast stores the bias in fp8, too
  const Context* context = nullptr;
};

struct Plan {
  std::vector<std::shared_ptr<const io::TensorFile>> files;
  std::vector<std::unique_ptr<PlannedComponent>> components;
  std::vector<PlannedTensor> tensors;  // by file and key
  std::vector<std::string> warnings;
};

Plan make_plan(const weights::Checkpoint& checkpoint, const ConvertOptions& options,
               std::shared_ptr<Report> report);

}  // namespace ltx::quant
