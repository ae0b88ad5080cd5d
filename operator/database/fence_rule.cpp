#include "database/fence_rule.hpp"

namespace database {

FenceRule::FenceRule(Role role, bool driver_carries_tag, FenceTiming timing)
    : role_{role}, driver_carries_tag_{driver_carries_tag}, timing_{timing} {}

FenceRule::Move FenceRule::Observe(const FenceSighting& sighting, Instant now) {
    if (role_ == Role::Incumbent) return sighting.held ? Move::Wait : Move::Try;
    if (last_look_ && now - *last_look_ > timing_.Seen()) free_since_.reset();
    last_look_ = now;
    if (sighting.held || sighting.tagged) {
        Lost();
        return Move::Wait;
    }
    if (sighting.server_age < timing_.young_server) needs_quiet_ = true;
    if (!driver_carries_tag_ && sighting.same_role) needs_quiet_ = true;
    if (!free_since_) free_since_ = now;
    return now - *free_since_ >= Needed() ? Move::Try : Move::Wait;
}

void FenceRule::Lost() {
    needs_quiet_ = true;
    free_since_.reset();
}

void FenceRule::Blind(Role role) {
    free_since_.reset();
    role_ = role;
}

}  // namespace database
