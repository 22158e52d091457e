// A model that sees its video tile by tile in every evaluation (spec 02 §10). Lies inside the x0 conversion.
#pragma once
#include "models/transformer/model.h"
#include "models/transformer/token_tiling.h"

namespace ltx::transformer {

class TiledModel : public Model {
 public:
  TiledModel(std::shared_ptr<const Model> inner, TokenTiling tiling)
      : inner_(std::move(inner)), tiling_(std::move(tiling)) {}
  int64_t block_count() const override { return inner_->block_count(); }
  /// Audio goes unsliced to every tile; its outputs are averaged. Without video the inner model is called
  /// directly.
  std::unique_ptr<Session> prepare(at::ArrayRef<Pass> passes) const override;

 private:
  std::shared_ptr<const Model> inner_;
  TokenTiling tiling_;
};

}  // namespace ltx::transformer
