#include "quant/observe.h"

#include <utility>

namespace ltx::quant {
namespace {
thread_local LinearObserver* current = nullptr;
}

LinearObserver* linear_observer() {
  return current;
}

ObserveLinears::ObserveLinears(LinearObserver& observer) : outer_(std::exchange(current, &observer)) {}

ObserveLinears::~ObserveLinears() {
  current = outer_;
}

}  // namespace ltx::quant
