#include "one_runner/round.hpp"

#include <algorithm>
#include <csignal>
#include <thread>

namespace one_runner {
namespace {

/// How often pods are looked at.
constexpr Milliseconds kStep{12};
/// No plan needs more: three pods that wait for each other, each for the quiet time and what it was stopped for; and a
/// margin for a machine that has much else to do.
constexpr int kBoundInQuietTimes = 15;
constexpr std::chrono::seconds kMargin{30};

}  // namespace

Round::Round(const Plan& plan, Lane& lane)
    : plan_{plan},
      lane_{lane},
      start_{std::chrono::steady_clock::now()},
      pods_(plan.pods.size()),
      hit_(plan.faults.size(), false) {}

pqxx::result Lane::Ask(const std::string& sql) {
    try {
        if (!admin) admin = server.Connect(database);
        return pqxx::nontransaction{*admin}.exec(sql);
    } catch (const pqxx::failure&) {
        admin.reset();
        throw;
    }
}

pqxx::result Lane::AskPatiently(const std::string& sql) {
    std::optional<pqxx::result> result;
    testing_support::Eventually([&] {
        try {
            result = Ask(sql);
        } catch (const pqxx::failure&) {
            return false;
        }
        return true;
    });
    return result ? *result : Ask(sql);
}

void Round::Lagged(Instant::duration time) {
    result_.lag = std::max(result_.lag, std::chrono::duration_cast<Milliseconds>(time));
}

void Round::Say(const std::string& line) {
    const auto since = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - start_);
    trace_ += "  " + std::to_string(since.count()) + " ms: " + line + "\n";
}

RoundResult Round::Run() {
    lane_.server.Take(lane_.database);
    // Of an earlier play of the same round.
    lane_.AskPatiently("TRUNCATE migration_runs, migration_overlaps");
    std::filesystem::remove_all(lane_.folder);
    const auto bound = start_ + kBoundInQuietTimes * lane_.surroundings.quiet + kMargin;
    Instant last = start_;
    while (!Over()) {
        const Instant now = std::chrono::steady_clock::now();
        Lagged(now - last - kStep);
        last = now;
        if (now > bound) {
            result_.violations.push_back("liveness: not over within its bound");
            break;
        }
        ArriveOrNot(now);
        for (const auto& pod : pods_) {
            if (pod) pod->Step(now);
        }
        HitOrNot(now);
        Undo(now, false);
        std::this_thread::sleep_for(kStep);
    }
    Undo(std::chrono::steady_clock::now(), true);
    for (const auto& pod : pods_) {
        if (pod) Lagged(pod->LongestProbe());
    }
    Judge();
    result_.story = Print(plan_) + trace_;
    if (!result_.violations.empty()) {
        for (const auto& pod : pods_) {
            if (pod) result_.story += pod->Logs();
        }
    }
    return std::move(result_);
}

std::optional<Instant> Round::Due(const Trigger& trigger) const {
    const auto& pod = pods_[static_cast<std::size_t>(trigger.pod)];
    const auto since = pod ? pod->Since(trigger.event) : std::nullopt;
    if (!since) return std::nullopt;
    return *since + trigger.delay;
}

bool Round::CanNoLongerHappen(const Trigger& trigger) const {
    const auto& pod = pods_[static_cast<std::size_t>(trigger.pod)];
    return pod && pod->Over() && !pod->Since(trigger.event);
}

void Round::ArriveOrNot(Instant now) {
    for (std::size_t i = 0; i < pods_.size(); ++i) {
        if (pods_[i]) continue;
        const auto& arrives = plan_.pods[i].arrives;
        const auto due = arrives ? Due(*arrives) : std::optional{start_};
        if ((due && now >= *due) || (arrives && CanNoLongerHappen(*arrives))) pods_[i] = MakePod(i);
    }
}

std::unique_ptr<Pod> Round::MakePod(std::size_t number) {
    return std::make_unique<Pod>(plan_.pods[number], Pod::Setting{.round = std::to_string(plan_.seed),
                                                                  .number = static_cast<int>(number),
                                                                  .folder = lane_.folder / std::to_string(number),
                                                                  .database = lane_.database,
                                                                  .port = lane_.server.Port(),
                                                                  .agent_options = lane_.agent_options,
                                                                  .settle = lane_.surroundings.settle,
                                                                  .say = [this](const auto& line) { Say(line); }});
}

void Round::HitOrNot(Instant now) {
    for (std::size_t i = 0; i < plan_.faults.size(); ++i) {
        const auto due = Due(plan_.faults[i].when);
        if (hit_[i] || !due || now < *due) continue;
        try {
            hit_[i] = Hit(plan_.faults[i], now);
        } catch (const pqxx::failure& e) {
            Say(std::string{"not now: "} + e.what());
        }
        if (!hit_[i]) continue;
        Say(Name(plan_.faults[i].fault) + std::string{" hits pod "} + std::to_string(plan_.faults[i].when.pod));
        pods_[static_cast<std::size_t>(plan_.faults[i].when.pod)]->WasHit(now);
    }
}

bool Round::Hit(const PlannedFault& fault, Instant now) {
    Pod& pod = *pods_[static_cast<std::size_t>(fault.when.pod)];
    if (pod.Over()) return true;
    const auto later = [&](std::function<void()> what) { undoings_.push_back({now + fault.lasts, std::move(what)}); };
    const auto set_network = [&](TcpProxy::Mode mode) {
        pod.Network()->Set(mode);
        later([&pod] { pod.Network()->Set(TcpProxy::Mode::Passes); });
    };
    switch (fault.fault) {
        case Fault::KillAgent:
            result_.kills += pod.KillAgent(fault.lasts, now) ? 1 : 0;
            return true;
        case Fault::KillMigration:
            result_.kills += pod.KillMigration() ? 1 : 0;
            return true;
        case Fault::KillPod:
            result_.kills += pod.Kill(now) ? 1 : 0;
            return true;
        case Fault::StopAgentAndTerminateFence:
        case Fault::StopAgent:
            if (!pod.SignalAgent(SIGSTOP)) return true;
            later([&pod] { pod.SignalAgent(SIGCONT); });
            if (fault.fault != Fault::StopAgent) Terminate("fence", fault.when.pod);
            return true;
        case Fault::StopMigration:
            if (!pod.SignalMigration(SIGSTOP)) return true;
            later([&pod] { pod.SignalMigration(SIGCONT); });
            return true;
        case Fault::TerminateFence:
            Terminate("fence", fault.when.pod);
            return true;
        case Fault::TerminateMigration:
            Terminate("migration", fault.when.pod);
            return true;
        case Fault::CutNetwork:
            set_network(TcpProxy::Mode::Resets);
            return true;
        case Fault::StallNetwork:
            set_network(TcpProxy::Mode::Stalls);
            return true;
        case Fault::RestartServer:
            lane_.server.Restart(RoundServer::Shutdown::Fast);
            return true;
        case Fault::CrashServer:
            lane_.server.Restart(RoundServer::Shutdown::Immediate);
            return true;
        case Fault::CrashBackend:
            result_.kills += CrashBackend() ? 1 : 0;
            return true;
    }
    return true;
}

void Round::Terminate(const std::string& which, int pod) {
    const std::string migration =
        "query LIKE '/* migration " + std::to_string(plan_.seed) + "-" + std::to_string(pod) + " *%'";
    // The agent's session wears the same name as its migration's, which says what it does; the test's lock is no fence.
    const std::string fence =
        "query NOT LIKE '/* migration %' AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted "
        "AND classid <> 7)";
    lane_.Ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND " +
              (which == "fence" ? fence : migration));
}

bool Round::CrashBackend() {
    const auto rows = lane_.Ask(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'tidegate%' "
        "LIMIT 1");
    if (rows.empty()) return false;
    return ::kill(rows[0][0].as<int>(), SIGKILL) == 0;
}

void Round::Undo(Instant now, bool all) {
    std::vector<Undoing> left;
    for (auto& undoing : undoings_) {
        if (all || now >= undoing.when)
            undoing.what();
        else
            left.push_back(std::move(undoing));
    }
    undoings_ = std::move(left);
}

bool Round::Over() const {
    return std::all_of(pods_.begin(), pods_.end(), [](const auto& pod) { return pod && pod->Over(); });
}

}  // namespace one_runner
