#include "agent/timing.hpp"

namespace agent {

Timing Timing::DividedBy(int divisor) const {
    return {.fence = {.quiet = fence.quiet / divisor,
                      .settle = fence.settle / divisor,
                      .young_server = fence.young_server / divisor,
                      .poll = fence.poll / divisor},
            .patience = {.transient = patience.transient / divisor,
                         .other = patience.other / divisor,
                         .first_pause = patience.first_pause / divisor,
                         .longest_pause = patience.longest_pause / divisor},
            .last_reading = last_reading / divisor,
            .stop_margin = stop_margin / divisor,
            .lock_look = lock_look};
}

}  // namespace agent
