#include <algorithm>

#include "explorer/kubernetes.hpp"
#include "explorer/oracle.hpp"

namespace explorer {
namespace {

using observed::ContainerFacts;
using Process = Pod::Process;
using What = Action::What;

constexpr int kListedExitCode = 75;
constexpr int kKilled = 137;
constexpr int kCannotStart = 128;

Instance& InstanceOf(State& state, const Pod& pod) {
    return state.instances[static_cast<std::size_t>(pod.instance)];
}

void Put(State& next, Pod pod) {
    pod.revision = {next.pods.NextRevision()};
    next.PutPod(Freeze(std::move(pod)));
}

/// The agent runs; with the fence the migration container may begin.
Pod WithAgent(State& next, Pod pod) {
    auto& real = InstanceOf(next, pod);
    pod.scheduled = true;
    if (pod.process == Process::Pending) {
        pod.agent.state = ContainerFacts::State::Running;
        pod.agent.start_time = next.now;
        pod.migration.state = ContainerFacts::State::Waiting;
        pod.migration.reason = "PodInitializing";
    }
    if (!real.fence.empty()) {
        pod.process = Process::Agent;
        return pod;
    }
    real.fence = pod.key.name;
    pod.process = Process::Fenced;
    pod.agent.started = true;
    pod.initialized_time = next.now;
    pod.level_read = real.level;
    pod.dirty_read = real.is_dirty;
    return pod;
}

void Apply(State& next, const Scenario& scenario, Pod& pod) {
    auto& real = InstanceOf(next, pod);
    pod.has_applied = true;
    const auto& choice = scenario.choices[static_cast<std::size_t>(pod.choice)];
    if (choice.phase == api::Phase::Down) {
        real.level = std::min(real.level, choice.level);
        real.proven = std::min(real.proven, choice.level);
    } else {
        real.level = std::max(real.level, choice.level);
    }
    real.is_dirty = false;
}

int ExitCodeOf(End end) {
    switch (end) {
        case End::Success:
        case End::FalseSuccess:
            return 0;
        case End::Failure:
        case End::Dirty:
            return 1;
        case End::Retriable:
            return kListedExitCode;
        case End::CannotStart:
            return kCannotStart;
        case End::OutOfMemory:
        case End::Killed:
            break;
    }
    return kKilled;
}

std::string_view Words(End end) {
    switch (end) {
        case End::Success:
            return "exit code 0";
        case End::Failure:
            return "exit code 1";
        case End::Retriable:
            return "exit code 75, which is listed";
        case End::OutOfMemory:
            return "killed, out of memory";
        case End::FalseSuccess:
            return "exit code 0 without having done anything";
        case End::Dirty:
            return "exit code 1, half-way";
        case End::CannotStart:
            return "its command cannot be started";
        case End::Killed:
            break;
    }
    return "because it was deleted";
}

void EmitEnd(Emitter& out, std::size_t which, End end, bool has_report) {
    const State& from = out.From();
    const auto& pod = *from.pods.Truth().items[which];
    State next = from;
    const bool is_natural = end == End::Success || end == End::Killed;
    if (!is_natural) --next.purse.failures;
    if (!has_report) --next.purse.faults;
    if (end == End::FalseSuccess || end == End::Dirty) --next.purse.faults;
    const bool has_run = pod.process == Process::Running;
    Pod ended = EndedPod(next, out.TheScenario(), pod, end, has_report);
    Oracle oracle(out.TheScenario(), next, out.Broken());
    Put(next, ended);
    next.NoteProof(pod.instance);
    if (has_run) {
        oracle.ContainerEnded(ended, ExitCodeOf(end));
    } else {
        oracle.LaunchWasEnded(ended);
    }
    const auto how = static_cast<std::uint8_t>(static_cast<std::uint8_t>(end) + (has_report ? 0 : kSilent));
    out.Emit({.what = What::PodEnd, .which = static_cast<std::uint8_t>(which), .how = how}, std::move(next), [&] {
        return "pod " + pod.key.name + " ends: " + std::string(Words(end)) + (has_report ? "" : "; no report is left");
    });
}

void RunProbe(Emitter& out, std::size_t which) {
    const State& from = out.From();
    const auto& pod = *from.pods.Truth().items[which];
    const bool may_be_silent = out.TheScenario().May(Deed::LoseReport) && from.purse.faults > 0;
    if (pod.deleting) return EmitEnd(out, which, End::Killed, true);
    if (pod.process == Process::Pending) {
        State next = from;
        Pod after = pod;
        const auto& real = InstanceOf(next, pod);
        after.scheduled = true;
        after.process = Process::Fenced;
        after.agent.state = ContainerFacts::State::Running;
        after.agent.start_time = next.now;
        after.level_read = real.level;
        after.dirty_read = real.is_dirty;
        Put(next, std::move(after));
        out.Emit({.what = What::PodStep, .which = static_cast<std::uint8_t>(which)}, std::move(next),
                 [&] { return "probe pod " + pod.key.name + " reads the version"; });
        return;
    }
    EmitEnd(out, which, End::Success, true);
    if (may_be_silent) EmitEnd(out, which, End::Success, false);
}

void RunMigration(Emitter& out, std::size_t which) {
    const State& from = out.From();
    const Scenario& scenario = out.TheScenario();
    const auto& pod = *from.pods.Truth().items[which];
    const auto step = [&](std::uint8_t how, State next, Pod after, const char* words) {
        Put(next, after);
        if (after.process == Process::Running && pod.process != Process::Running) {
            Oracle(scenario, next, out.Broken()).ContainerBegan(after);
        }
        next.NoteProof(pod.instance);
        out.Emit({.what = What::PodStep, .which = static_cast<std::uint8_t>(which), .how = how}, std::move(next),
                 [&] { return "pod " + pod.key.name + words; });
    };
    const bool is_fence_free = from.instances[static_cast<std::size_t>(pod.instance)].fence.empty();
    if (!pod.deleting && (pod.process == Process::Pending || (pod.process == Process::Agent && is_fence_free))) {
        State next = from;
        Pod after = WithAgent(next, pod);
        step(0, std::move(next), std::move(after),
             is_fence_free ? ": its agent takes the fence" : ": its agent waits for the fence");
    }
    if (!pod.deleting && pod.process == Process::Fenced) {
        Pod after = pod;
        after.process = Process::Running;
        after.migration.state = ContainerFacts::State::Running;
        after.migration.reason.clear();
        after.migration.start_time = from.now;
        step(0, from, std::move(after), ": the migration container runs");
        if (from.purse.failures > 0) EmitEnd(out, which, End::CannotStart, true);
    }
    const bool runs = pod.process == Process::Running;
    if (runs && !pod.has_applied) {
        State next = from;
        Pod after = pod;
        Apply(next, scenario, after);
        step(1, std::move(next), std::move(after), ": the history table has the new version");
    }
    std::vector<End> ends;
    if (runs && pod.has_applied) ends.push_back(End::Success);
    if (pod.deleting) ends.push_back(End::Killed);
    if (runs && !pod.deleting && from.purse.failures > 0) {
        ends.insert(ends.end(), {End::Failure, End::Retriable, End::OutOfMemory});
        const bool may_leave = scenario.May(Deed::Leave) && from.purse.faults > 0 && !pod.has_applied;
        if (may_leave) ends.insert(ends.end(), {End::FalseSuccess, End::Dirty});
    }
    for (const End end : ends) {
        EmitEnd(out, which, end, true);
        if (scenario.May(Deed::LoseReport) && from.purse.faults > 0 && end != End::FalseSuccess && end != End::Dirty) {
            EmitEnd(out, which, end, false);
        }
    }
}

}  // namespace

Pod EndedPod(State& state, const Scenario&, const Pod& pod, End end, bool has_report) {
    Pod after = pod;
    auto& real = InstanceOf(state, pod);
    const bool is_probe = pod.choice < 0;
    const bool held_fence = real.fence == pod.key.name;
    const bool had_agent = pod.process != Process::Pending;
    const bool has_run = pod.process == Process::Running;
    if (end == End::Dirty) real.is_dirty = true;
    after.process = Process::Ended;
    after.terminal = true;
    if (has_run || end == End::CannotStart) {
        auto& migration = after.migration;
        migration.state = ContainerFacts::State::Terminated;
        migration.exit_code = ExitCodeOf(end);
        migration.reason = *migration.exit_code == 0 ? "Completed" : "Error";
        if (end == End::OutOfMemory) migration.reason = "OOMKilled";
        if (end == End::CannotStart) {
            migration.reason = "StartError";
        } else {
            migration.end_time = state.now;
        }
    }
    if (had_agent) {
        after.agent.state = ContainerFacts::State::Terminated;
        after.agent.started = false;
        const bool is_killed_probe = is_probe && end == End::Killed;
        after.agent.exit_code = is_killed_probe ? kKilled : 0;
        after.agent.reason = is_killed_probe ? "Error" : "Completed";
        if (has_report && !is_killed_probe && (held_fence || is_probe)) {
            api::AgentReport report{.phase = api::AgentPhase::Done, .tool = "Alembic"};
            report.identity = IdentityOf(pod.instance);
            if (is_probe) {
                report.after = ReadingOf(pod.level_read, pod.dirty_read);
            } else {
                report.before = ReadingOf(pod.level_read, pod.dirty_read);
                report.after = ReadingOf(real.level, real.is_dirty);
                report.fence_time = pod.initialized_time;
            }
            after.report = report;
        }
    }
    if (held_fence) real.fence.clear();
    return after;
}

void RunPods(Emitter& out) {
    const auto& pods = out.From().pods.Truth().items;
    for (std::size_t i = 0; i < pods.size(); ++i) {
        if (pods[i]->process == Process::Ended) continue;
        if (pods[i]->choice < 0) {
            RunProbe(out, i);
        } else {
            RunMigration(out, i);
        }
    }
}

}  // namespace explorer
