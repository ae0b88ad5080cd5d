#include "one_runner/plan.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <sstream>

namespace one_runner {
namespace {

class Dice {
public:
    explicit Dice(std::uint64_t seed) : engine_{seed} {}

    bool Percent(int chance) { return Number(0, 99) < chance; }
    int Number(int from, int to) { return std::uniform_int_distribution<int>{from, to}(engine_); }
    /// Between two parts of `whole`, in hundredths.
    Milliseconds Part(Milliseconds whole, int from, int to) {
        return Milliseconds{whole.count() * Number(from * 10, to * 10) / 1000};
    }
    template <typename T, std::size_t N>
    T OneOf(const std::array<T, N>& values) {
        return values[static_cast<std::size_t>(Number(0, static_cast<int>(N) - 1))];
    }

private:
    std::mt19937_64 engine_;
};

/// What takes an agent away from its lock. At most one of them per pod, or it could be away for too long.
bool TakesTheAgentAway(Fault fault) {
    switch (fault) {
        case Fault::KillAgent:
        case Fault::TerminateFence:
        case Fault::StopAgentAndTerminateFence:
        case Fault::CutNetwork:
        case Fault::StallNetwork:
        case Fault::StopAgent:
            return true;
        default:
            return false;
    }
}

class Drawing {
public:
    Drawing(std::uint64_t seed, const Surroundings& surroundings)
        : plan_{seed, {}, {}},
          dice_{seed},
          surroundings_{surroundings},
          quiet_{surroundings.quiet},
          settle_{surroundings.settle} {}

    Plan Draw() {
        const int shape = dice_.Number(0, 99);
        if (shape < 30) {
            NewcomerAtTheWorstMoment();
        } else if (shape < 38 && !surroundings_.server_restarts) {
            LateReturn();
        } else if (shape < 50 && !surroundings_.server_restarts) {
            Orphan();
        } else {
            Anything();
        }
        for (PlannedFault& fault : plan_.faults) {
            const bool network = fault.fault == Fault::CutNetwork || fault.fault == Fault::StallNetwork;
            if (network) plan_.pods[static_cast<std::size_t>(fault.when.pod)].proxied = true;
        }
        return plan_;
    }

private:
    void AddPod(std::optional<Trigger> arrives) {
        PlannedPod pod;
        // Often a second pod of the same Job, as the Job controller makes them; else another Job's, of this cluster or
        // of another one.
        const bool same = !plan_.pods.empty() && dice_.Percent(40);
        pod.job_uid =
            same ? plan_.pods.front().job_uid : std::to_string(plan_.seed) + "-" + std::to_string(plan_.pods.size());
        pod.arrives = arrives;
        pod.probe_pause = dice_.Part(settle_, 1, 6);
        // Sometimes its image has to be pulled.
        pod.container_start = dice_.Percent(25) ? dice_.Part(settle_, 60, 200) : dice_.Part(settle_, 0, 15);
        pod.kubelet_is_quick = dice_.Percent(50);
        pod.sessions = dice_.Percent(30) ? 2 : 1;
        pod.hold = dice_.Percent(80) ? dice_.Part(settle_, 2, 15) : dice_.Part(settle_, 50, 200);
        pod.gap = dice_.Part(settle_, 3, 30);
        pod.reconnects = dice_.Percent(35);
        plan_.pods.push_back(pod);
    }

    void AddFault(Fault fault, Trigger when) {
        Milliseconds lasts = dice_.Part(settle_, 0, 40);
        const bool may_be_long = !surroundings_.server_restarts;
        if (may_be_long && dice_.Percent(60)) {
            if (fault == Fault::StopAgent || fault == Fault::StopMigration || fault == Fault::StallNetwork)
                lasts = dice_.Part(quiet_, 20, 120);
            // With a session that shows what goes on, the agent may be away for as long as it likes.
            const bool seen = when.event == Event::InSession;
            if (fault == Fault::StopAgentAndTerminateFence && seen) lasts = dice_.Part(quiet_, 20, 120);
        }
        plan_.faults.push_back({fault, when, lasts});
    }

    /// A pod loses its lock just when its migration has no session yet, and a pod arrives that has seen nothing.
    void NewcomerAtTheWorstMoment() {
        AddPod(std::nullopt);
        constexpr std::array faults{Fault::KillAgent,  Fault::TerminateFence,
                                    Fault::CutNetwork, Fault::StopAgentAndTerminateFence,
                                    Fault::KillAgent,  Fault::TerminateFence};
        constexpr std::array events{Event::Holds, Event::Ready, Event::Spawned, Event::InSession};
        AddFault(dice_.OneOf(faults), {0, dice_.OneOf(events), dice_.Part(settle_, 0, 6)});
        AddPod(Trigger{0, Event::Faulted, dice_.Part(settle_, 0, 20)});
        if (dice_.Percent(10)) AddPod(Trigger{0, Event::Faulted, dice_.Part(settle_, 0, 50)});
    }

    /// An agent is restarted so late that another pod took over, which then loses its lock for a moment.
    void LateReturn() {
        AddPod(std::nullopt);
        plan_.faults.push_back({Fault::KillAgent, {0, Event::Holds, Milliseconds{0}}, dice_.Part(quiet_, 50, 100)});
        AddPod(Trigger{0, Event::Faulted, dice_.Part(settle_, 0, 20)});
        plan_.pods[1].hold = dice_.Part(quiet_, 100, 160);
        plan_.pods[1].container_start = dice_.Part(settle_, 0, 15);
        plan_.faults.push_back({dice_.Percent(30) ? Fault::TerminateFence : Fault::KillAgent,
                                {1, Event::InSession, dice_.Part(quiet_, 30, 90)},
                                dice_.Part(settle_, 25, 40)});
    }

    /// A statement goes on in the server, for longer than anybody waits, without its client or without its agent.
    void Orphan() {
        AddPod(std::nullopt);
        plan_.pods[0].hold = dice_.Part(quiet_, 130, 200);
        constexpr std::array faults{Fault::KillPod, Fault::KillMigration, Fault::StopAgentAndTerminateFence};
        plan_.faults.push_back(
            {dice_.OneOf(faults), {0, Event::InSession, dice_.Part(settle_, 0, 20)}, dice_.Part(quiet_, 130, 200)});
        AddPod(dice_.Percent(50) ? Trigger{0, Event::Faulted, dice_.Part(settle_, 0, 50)}
                                 : Trigger{0, Event::Arrived, dice_.Part(settle_, 0, 60)});
    }

    void Anything() {
        AddPod(std::nullopt);
        const int more = dice_.Percent(15) ? 2 : 1;
        for (int i = 0; i < more; ++i) {
            if (dice_.Percent(60)) {
                AddPod(Trigger{0, Event::Arrived, dice_.Part(settle_, 0, 60)});
            } else {
                constexpr std::array events{Event::Holds, Event::Spawned, Event::InSession, Event::MigrationEnded};
                AddPod(Trigger{0, dice_.OneOf(events), dice_.Part(settle_, 0, 20)});
            }
        }
        const int faults = dice_.Number(0, 2);
        for (int i = 0; i < faults; ++i)
            AnyFault();
        if (surroundings_.server_restarts && dice_.Percent(75)) {
            constexpr std::array ends{Fault::RestartServer, Fault::CrashServer, Fault::CrashBackend};
            AddFault(dice_.OneOf(ends), AnyMoment(0));
        }
    }

    Trigger AnyMoment(int pod) {
        constexpr std::array events{Event::Arrived, Event::Holds,     Event::Ready,         Event::Spawned,
                                    Event::Spawned, Event::InSession, Event::MigrationEnded};
        return {pod, dice_.OneOf(events), dice_.Part(settle_, 0, 15)};
    }

    void AnyFault() {
        constexpr std::array faults{Fault::KillAgent,      Fault::KillMigration,      Fault::KillPod,
                                    Fault::StopAgent,      Fault::StopMigration,      Fault::StopAgentAndTerminateFence,
                                    Fault::TerminateFence, Fault::TerminateMigration, Fault::CutNetwork,
                                    Fault::StallNetwork};
        const int pod = dice_.Percent(70) ? 0 : dice_.Number(0, static_cast<int>(plan_.pods.size()) - 1);
        const Fault fault = dice_.OneOf(faults);
        const bool away = TakesTheAgentAway(fault) || fault == Fault::StopMigration;
        const auto also_away = [&](const PlannedFault& other) {
            return other.when.pod == pod && (TakesTheAgentAway(other.fault) || other.fault == Fault::StopMigration);
        };
        if (away && std::any_of(plan_.faults.begin(), plan_.faults.end(), also_away)) return;
        AddFault(fault, AnyMoment(pod));
    }

    Plan plan_;
    Dice dice_;
    const Surroundings surroundings_;
    const Milliseconds quiet_;
    const Milliseconds settle_;
};

std::string Print(const Trigger& trigger) {
    return std::to_string(trigger.delay.count()) + " ms after pod " + std::to_string(trigger.pod) + " " +
           Name(trigger.event);
}

}  // namespace

Plan Draw(std::uint64_t seed, const Surroundings& surroundings) {
    return Drawing{seed, surroundings}.Draw();
}

const char* Name(Event event) {
    switch (event) {
        case Event::Arrived:
            return "arrived";
        case Event::Holds:
            return "holds the fence";
        case Event::Ready:
            return "is ready";
        case Event::Spawned:
            return "started its migration";
        case Event::InSession:
            return "works in a session";
        case Event::MigrationEnded:
            return "ended its migration";
        case Event::Faulted:
            return "was hit";
    }
    return "";
}

const char* Name(Fault fault) {
    switch (fault) {
        case Fault::KillAgent:
            return "KillAgent";
        case Fault::KillMigration:
            return "KillMigration";
        case Fault::KillPod:
            return "KillPod";
        case Fault::StopAgent:
            return "StopAgent";
        case Fault::StopMigration:
            return "StopMigration";
        case Fault::TerminateFence:
            return "TerminateFence";
        case Fault::TerminateMigration:
            return "TerminateMigration";
        case Fault::StopAgentAndTerminateFence:
            return "StopAgentAndTerminateFence";
        case Fault::CutNetwork:
            return "CutNetwork";
        case Fault::StallNetwork:
            return "StallNetwork";
        case Fault::RestartServer:
            return "RestartServer";
        case Fault::CrashServer:
            return "CrashServer";
        case Fault::CrashBackend:
            return "CrashBackend";
    }
    return "";
}

std::string Print(const Plan& plan) {
    std::ostringstream text;
    for (std::size_t i = 0; i < plan.pods.size(); ++i) {
        const PlannedPod& pod = plan.pods[i];
        text << "  pod " << i << " of Job " << pod.job_uid << ": arrives "
             << (pod.arrives ? Print(*pod.arrives) : "at once") << "; " << pod.sessions << " session(s) of "
             << pod.hold.count() << " ms, gap " << pod.gap.count() << " ms" << (pod.reconnects ? ", reconnects" : "")
             << (pod.proxied ? ", behind a proxy" : "") << (pod.kubelet_is_quick ? "" : ", slow kubelet")
             << ", container start " << pod.container_start.count() << " ms\n";
    }
    for (const PlannedFault& fault : plan.faults)
        text << "  " << Name(fault.fault) << " " << Print(fault.when) << ", for " << fault.lasts.count() << " ms\n";
    return text.str();
}

}  // namespace one_runner
