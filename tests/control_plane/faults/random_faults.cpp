#include "control_plane/faults/random_faults.hpp"

#include <random>

namespace faults {
namespace {

using std::chrono::milliseconds;
using support::FaultAction;
using support::ProxiedRequest;
namespace fault = support::fault;

/// Below the Job controller's second, so that a delayed write still meets the events that it races with.
constexpr int kLongestDelay = 700;

class Dice final {
public:
    explicit Dice(std::uint64_t seed) : random_(seed) {}
    int Below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }
    bool Chance(int in_a_thousand) { return Below(1000) < in_a_thousand; }

private:
    std::mt19937_64 random_;
};

FaultAction Delayed(milliseconds delay) {
    FaultAction action;
    action.delay = delay;
    return action;
}

/// The page size becomes 1, so that there are continue tokens at all.
FaultAction SmallPages(const ProxiedRequest& request) {
    FaultAction action;
    action.target = request.target;
    const auto at = action.target.find("limit=");
    if (at != std::string::npos) {
        const auto end = std::min(action.target.find('&', at), action.target.size());
        action.target.replace(at, end - at, "limit=1");
    }
    return action;
}

FaultAction OfWrite(Dice& dice, const std::function<void()>& kill, const RandomFaultSettings& settings) {
    const int choice = dice.Below(settings.kills ? 11 : 7);
    switch (choice) {
        case 0:
            return fault::CommitThen504();
        case 1:
            return fault::CommitThenReset();
        case 2:
            return fault::Conflict();
        case 3:
            return fault::TooManyRequests(1);
        case 4:
            return fault::InternalError();
        case 5:
            return Delayed(milliseconds{dice.Below(kLongestDelay)});
        case 6:
            // Rarely: each costs the client its whole timeout.
            if (!settings.hangs || dice.Below(8) > 0) return fault::CommitThenReset();
            return dice.Chance(500) ? fault::Hang() : fault::CommitThenHang();
        case 7:
            return fault::KillBeforeForward(kill);
        case 8:
            return fault::KillAfterCommit(kill);
        case 9:
            return fault::KillAfterReply(kill);
        default:
            return fault::KillAndCommitLate(kill, milliseconds{dice.Below(3 * kLongestDelay)});
    }
}

FaultAction OfWatch(Dice& dice) {
    const int after = dice.Below(4);
    switch (dice.Below(9)) {
        case 0:
            return fault::Watch(fault::Duplicate(after, 1 + dice.Below(3)));
        case 1:
            return fault::Watch(fault::DropThenExpire(after, 1 + dice.Below(3)));
        case 2:
            return fault::Watch(fault::ExpireAfter(after));
        case 3:
            return fault::Watch(fault::BreakInMidLine(after));
        case 4:
            return fault::Watch(fault::EndAfter(after));
        case 5:
            return fault::Watch(fault::Delay(milliseconds{dice.Below(kLongestDelay)}));
        case 6:
            return fault::Watch(fault::SplitAtEveryByte());
        case 7:
            return fault::Watch(fault::BookmarksOnly(milliseconds{dice.Below(kLongestDelay)}));
        default:
            return fault::Watch(fault::Replay(after));
    }
}

FaultAction OfRead(Dice& dice, const ProxiedRequest& request) {
    const bool is_list = request.verb == "list";
    switch (dice.Below(is_list ? 6 : 4)) {
        case 0:
            return fault::TooManyRequests(1);
        case 1:
            return fault::InternalError();
        case 2:
            return fault::CommitThenReset();
        case 3:
            return Delayed(milliseconds{dice.Below(kLongestDelay)});
        case 4:
            return request.Query("continue").empty() ? SmallPages(request) : fault::ExpiredContinue();
        default:
            return SmallPages(request);
    }
}

}  // namespace

std::shared_ptr<FaultCounts> ArmRandomFaults(support::FaultProxy& proxy, const std::function<void()>& kill,
                                             const RandomFaultSettings& settings) {
    auto counts = std::make_shared<FaultCounts>();
    const auto counted_kill = [kill, counts] {
        ++counts->kills;
        kill();
    };
    // Whoever got small pages goes on with an expired token sometimes.
    proxy.SetRule([counts, counted_kill, settings,
                   dice = Dice(settings.seed)](const ProxiedRequest& request) mutable -> FaultAction {
        if (counts->over || counts->faults >= settings.most || request.resource == "events") return {};
        const bool is_watch = request.verb == "watch";
        const bool continues = !request.Query("continue").empty();
        const int chance = request.IsWrite() ? settings.of_writes
                           : is_watch        ? settings.of_watches
                           : continues       ? 10 * settings.of_reads
                                             : settings.of_reads;
        if (!dice.Chance(chance)) return {};
        ++counts->faults;
        if (request.IsWrite()) return OfWrite(dice, counted_kill, settings);
        return is_watch ? OfWatch(dice) : OfRead(dice, request);
    });
    return counts;
}

}  // namespace faults
