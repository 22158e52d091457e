// Runs the golden cases. LTX_GOLDEN_GROUPS lists the groups this binary was built with.
#include "golden.h"

int main(int argc, char** argv) {
  ltx::golden::Registry registry;
#define LTX_GROUP(name) ltx::golden::register_##name(registry);
  LTX_GOLDEN_GROUPS
  return ltx::golden::run(registry, argc, argv);
}
