#include "agent/lock_policy.hpp"

#include <algorithm>
#include <utility>

#include "core/time.hpp"

namespace agent {
namespace {

using database::LockSession;
using database::LockWait;
using std::chrono::ceil;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Two looks that follow each other because something is due are at least so far apart.
constexpr milliseconds kShortestPause{10};

api::AgentReport::Blocker AsReported(const LockSession& session) {
    return {session.pid, session.application_name, session.state, session.age};
}

std::string Describe(const LockSession& session) {
    return api::Describe(AsReported(session));
}

std::string Describe(const std::vector<LockSession>& sessions) {
    std::string text;
    for (std::size_t i = 0; i < std::min(sessions.size(), api::kMostBlockers); ++i)
        text += (i == 0 ? "" : ", ") + Describe(sessions[i]);
    if (sessions.size() > api::kMostBlockers)
        text += " and " + std::to_string(sessions.size() - api::kMostBlockers) + " more";
    return text;
}

bool WaitsFor(const LockWait& wait, const LockSession& session) {
    return std::any_of(wait.blockers.begin(), wait.blockers.end(),
                       [&](const LockSession& blocker) { return blocker.pid == session.pid; });
}

}  // namespace

LockPolicy::LockPolicy(api::LockWatch settings, milliseconds look_interval)
    : settings_{settings}, look_interval_{look_interval} {}

std::vector<milliseconds> LockPolicy::Follow(const std::vector<LockWait>& look, Instant now, Waits& waits) const {
    Waits following;
    std::vector<milliseconds> waited;
    for (const LockWait& wait : look) {
        const auto known = waits.find(wait.session.pid);
        const bool is_same_session = known != waits.end() && known->second.started == wait.session.started;
        Instant since = is_same_session ? known->second.since : now;
        if (wait.waited) since = now - *wait.waited;
        // The server's clock is read a moment before ours, so the same wait seems to begin now here, now there. What
        // began and ended within half an interval was neither said nor cancelled.
        const bool is_same_wait = is_same_session && since - known->second.since < look_interval_ / 2;
        Waiting entry = is_same_wait ? known->second : Waiting{};
        entry.started = wait.session.started;
        entry.since = since;
        waited.push_back(std::chrono::floor<milliseconds>(now - since));
        following.emplace(wait.session.pid, std::move(entry));
    }
    waits = std::move(following);
    return waited;
}

LockPolicy::Step LockPolicy::Observe(const database::LockLook& look, Instant now) {
    const auto own = Follow(look.own, now, own_);
    const auto others = Follow(look.others, now, others_);
    Remember(look, own, others);
    Step step{.cancel = {}, .lines = {}, .next_look = look_interval_};
    Say(look, own, others, step);
    if (settings_.action != api::LockWatch::Action::Cancel) return step;
    for (std::size_t i = 0; i < look.own.size(); ++i) {
        milliseconds behind{-1};
        for (std::size_t k = 0; k < look.others.size(); ++k) {
            if (WaitsFor(look.others[k], look.own[i].session)) behind = std::max(behind, others[k]);
        }
        if (behind >= milliseconds{0}) CancelIfDue(look.own[i], std::min(own[i], behind), now, step);
    }
    return step;
}

void LockPolicy::Remember(const database::LockLook& look, const std::vector<milliseconds>& own,
                          const std::vector<milliseconds>& others) {
    for (const milliseconds waited : own)
        seen_.longest_wait = std::max(seen_.longest_wait, ceil<seconds>(waited));
    for (const milliseconds waited : others)
        seen_.longest_blocking = std::max(seen_.longest_blocking, ceil<seconds>(waited));
    if (look.own.empty()) return;
    seen_.blockers.clear();
    for (const LockSession& blocker : look.own.front().blockers) {
        if (seen_.blockers.size() == api::kMostBlockers) break;
        seen_.blockers.push_back(AsReported(blocker));
    }
}

void LockPolicy::CancelIfDue(const LockWait& wait, milliseconds in_the_way, Instant now, Step& step) {
    auto& entry = own_.at(wait.session.pid);
    // One cancel ends the wait; if it does not, another look's time is left to it before it is tried again.
    if (entry.cancelled && now - *entry.cancelled < look_interval_) return;
    const milliseconds left = settings_.after - in_the_way;
    if (left > milliseconds{0}) {
        step.next_look = std::min(step.next_look, std::max(left, kShortestPause));
        return;
    }
    entry.cancelled = now;
    step.cancel.push_back(wait.session);
}

void LockPolicy::Say(const database::LockLook& look, const std::vector<milliseconds>& own,
                     const std::vector<milliseconds>& others, Step& step) {
    const auto is_news = [&](Waits& waits, const LockWait& wait, milliseconds waited) {
        auto& entry = waits.at(wait.session.pid);
        return waited >= settings_.after && !std::exchange(entry.is_said, true);
    };
    for (std::size_t i = 0; i < look.own.size(); ++i) {
        if (!is_news(own_, look.own[i], own[i])) continue;
        const auto behind = std::count_if(look.others.begin(), look.others.end(),
                                          [&](const LockWait& other) { return WaitsFor(other, look.own[i].session); });
        step.lines.push_back("the migration (" + Describe(look.own[i].session) + ") has waited " +
                             core::FormatDuration(ceil<seconds>(own[i])) + " for a lock; in its way: " +
                             Describe(look.own[i].blockers) + "; waiting behind it: " + std::to_string(behind));
    }
    for (std::size_t i = 0; i < look.others.size(); ++i) {
        if (!is_news(others_, look.others[i], others[i])) continue;
        step.lines.push_back(Describe(look.others[i].session) + " has waited " +
                             core::FormatDuration(ceil<seconds>(others[i])) + " for the migration (" +
                             Describe(look.others[i].blockers) + ")");
    }
}

}  // namespace agent
