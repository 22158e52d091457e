#include "formats/matrix.h"

namespace ltx::formats {

uint64_t Matrix::bytes() const {
  uint64_t total = 0;
  for (const auto* member : {&codes, &scale, &scale_2, &zero, &table})
    if (member->defined()) total += member->nbytes();
  return total;
}

Matrix Matrix::to(at::Device device) const {
  Matrix moved = *this;
  for (auto* member : {&moved.codes, &moved.scale, &moved.scale_2, &moved.zero, &moved.table})
    if (member->defined()) *member = member->to(device);
  return moved;
}

}  // namespace ltx::formats
