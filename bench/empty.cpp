// The floor of a start-up time: a process that links LibTorch and does nothing else.
#include <ATen/ATen.h>

int main() {
  return at::empty({1}).numel() == 1 ? 0 : 1;
}
