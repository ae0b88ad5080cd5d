#include "explorer/transition.hpp"

namespace explorer {
namespace {

template <class Object>
bool Grew(const History<Object>& before, const History<Object>& after) {
    // A store that was behind already stays behind.
    return before.Age() == 0 && after.Age() > 0;
}

std::vector<Kind> NewlyLate(const State& before, const State& after) {
    std::vector<Kind> kinds;
    if (Grew(before.databases, after.databases)) kinds.push_back(Kind::Databases);
    if (Grew(before.migrations, after.migrations)) kinds.push_back(Kind::Migrations);
    if (Grew(before.jobs, after.jobs)) kinds.push_back(Kind::Jobs);
    if (Grew(before.pods, after.pods)) kinds.push_back(Kind::Pods);
    if (Grew(before.ledgers, after.ledgers)) kinds.push_back(Kind::Ledgers);
    if (Grew(before.deployments, after.deployments)) kinds.push_back(Kind::Deployments);
    return kinds;
}

}  // namespace

void Emitter::Finish(Action action, State next, std::string text) {
    const Violations broken = std::exchange(broken_, {});
    if (scenario_.delivers_nothing) {
        next.Trim(0);
        return sink_.Take(action, std::move(next), text, broken);
    }
    const bool may_look_back = scenario_.May(Deed::StaleList) && next.purse.faults > 0;
    const auto late = action.what == Action::What::Crash ? std::vector<Kind>{} : NewlyLate(from_, next);
    if (next.purse.delays > 0) {
        for (const Kind kind : late) {
            State held = next;
            for (const Kind other : late) {
                if (other != kind) held.Show(other, 0);
            }
            --held.purse.delays;
            held.Trim(may_look_back ? 2 : 0);
            Action variant = action;
            variant.held = static_cast<std::uint8_t>(1 + static_cast<std::size_t>(kind));
            sink_.Take(
                variant, std::move(held),
                text.empty() ? text : text + " (the store of " + std::string(Name(kind)) + " does not see it yet)",
                broken);
        }
    }
    for (const Kind kind : late)
        next.Show(kind, 0);
    next.Trim(may_look_back ? 2 : 0);
    sink_.Take(action, std::move(next), text, broken);
}

}  // namespace explorer
