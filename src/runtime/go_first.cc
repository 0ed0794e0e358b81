#include "runtime/go_first.h"

#include <pthread.h>
#include <sched.h>

namespace shoehorn::runtime {

void GoFirst() {
  sched_param priority{};
  priority.sched_priority = 1;
  static_cast<void>(::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &priority));
}

}  // namespace shoehorn::runtime
