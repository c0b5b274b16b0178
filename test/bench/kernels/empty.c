/* Nothing: what a run costs before and after the kernel. */
#include "runtime.h"

uint64_t main(void) {
  return 0;
}
