#include "explorer/state.hpp"

#include <algorithm>

namespace explorer {
namespace {

/// Longer than every span that a decision compares with: what lies further apart is just "long ago".
constexpr std::int64_t kLongGap = 3700;

/// Writes a state down so that absolute revisions and times do not matter, only their order and distances.
class StateWriter final {
public:
    StateWriter() { times_.reserve(128); }

    void Add(std::uint64_t value) { hasher_.Add(value); }
    void Add(std::string_view text) { hasher_.Add(text); }
    void AddTime(core::Time time) { times_.push_back(time.time_since_epoch().count()); }
    void Add(const Digest& digest) {
        hasher_.Add(digest.content);
        times_.insert(times_.end(), digest.times.begin(), digest.times.end());
    }

    template <class Object>
    void Add(const History<Object>& history) {
        Add(history.Age() * History<Object>::kKept + history.Kept());
        for (std::size_t age = 0; age < history.Kept(); ++age) {
            const auto& snapshot = *history.Version(age);
            Add(snapshot.items.size());
            for (const auto& item : snapshot.items) {
                // The same object in a newer state: the same revision too.
                const bool is_known =
                    age > 0 && History<Object>::Find(*history.Version(age - 1), item->key.name) == item;
                Add(is_known);
                if (is_known) {
                    Add(item->key.name);
                } else {
                    Add(item->digest);
                }
            }
        }
    }

    Fingerprint Finish() {
        auto order = times_;
        std::sort(order.begin(), order.end());
        order.erase(std::unique(order.begin(), order.end()), order.end());
        std::vector<std::int64_t> ages(order.size());
        for (std::size_t i = 1; i < order.size(); ++i)
            ages[i] = ages[i - 1] + std::min(order[i] - order[i - 1], kLongGap);
        const std::int64_t now = times_.empty() ? 0 : AgeOf(order, ages, times_.front());
        for (const auto time : times_)
            hasher_.Add(static_cast<std::uint64_t>(now - AgeOf(order, ages, time)));
        return hasher_.Result();
    }

private:
    static std::int64_t AgeOf(const std::vector<std::int64_t>& order, const std::vector<std::int64_t>& ages,
                              std::int64_t time) {
        return ages[static_cast<std::size_t>(std::lower_bound(order.begin(), order.end(), time) - order.begin())];
    }

    Hasher hasher_;
    std::vector<std::int64_t> times_;
};

/// How many states a store may be behind and still have seen this revision.
template <class Object>
std::uint64_t AgeAllowed(const History<Object>& history, std::uint64_t revision) {
    std::size_t age = 0;
    while (age + 1 < history.Kept() && history.Version(age + 1)->revision >= revision)
        ++age;
    return age;
}

std::uint64_t AgeAllowed(const State& state, Kind kind, std::uint64_t revision) {
    switch (kind) {
        case Kind::Databases:
            return AgeAllowed(state.databases, revision);
        case Kind::Migrations:
            return AgeAllowed(state.migrations, revision);
        case Kind::Jobs:
            return AgeAllowed(state.jobs, revision);
        case Kind::Pods:
            return AgeAllowed(state.pods, revision);
        case Kind::Ledgers:
            return AgeAllowed(state.ledgers, revision);
        case Kind::Deployments:
            break;
    }
    return AgeAllowed(state.deployments, revision);
}

void AddTracker(StateWriter& writer, const State& state, const Tracker& tracker) {
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
        const auto revision = tracker.writes[kind];
        const bool waits = revision > state.SeenRevision(static_cast<Kind>(kind));
        writer.Add(waits ? 1 + AgeAllowed(state, static_cast<Kind>(kind), revision) : 0);
    }
    writer.Add(tracker.doubts.size());
    for (const auto& [kind, name] : tracker.doubts) {
        writer.Add(static_cast<std::uint64_t>(kind));
        writer.Add(name);
    }
}

void AddMemory(StateWriter& writer, const State& state) {
    const auto& memory = state.memory;
    AddTracker(writer, state, memory.database);
    AddTracker(writer, state, memory.ledger);
    AddTracker(writer, state, memory.workload);
    writer.Add(memory.ended_pods.size());
    for (const auto& pod : memory.ended_pods)
        writer.Add(pod->digest);
    for (const auto& [job, pods] : memory.evidence) {
        writer.Add(job);
        for (const auto& pod : pods)
            writer.Add(pod->digest);
    }
    writer.Add(memory.request.has_value());
    if (memory.request) {
        writer.Add(memory.request->job);
        writer.AddTime(memory.request->intended);
        writer.Add(static_cast<std::uint64_t>(memory.request->how_far));
    }
    writer.Add(memory.old_pods.has_value());
    if (memory.old_pods) {
        writer.Add(memory.old_pods->key);
        writer.AddTime(memory.old_pods->asked);
        writer.Add(memory.old_pods->found.size());
    }
    writer.Add(memory.pass != nullptr);
    if (!memory.pass) return;
    const auto& pass = *memory.pass;
    writer.Add(static_cast<std::uint64_t>(pass.steps));
    writer.Add(pass.learned.jobs_are_live);
    writer.Add(pass.learned.ledger_is_live);
    if (pass.live_ledger) writer.Add(pass.live_ledger->digest);
    writer.Add(pass.learned.old_pods.has_value());
    for (const auto& job : pass.live_jobs)
        writer.Add(job->digest);
    for (const auto& [job, pods] : pass.live_pods) {
        writer.Add(job);
        for (const auto& pod : pods) {
            writer.Add(pod->digest);
            writer.Add(state.pods.Find(pod->key.name) == pod);
        }
    }
    for (const auto& name : pass.learned.foreign_jobs)
        writer.Add(name);
    for (const auto& [name, why] : pass.learned.refused_jobs)
        writer.Add(name);
    writer.Add(pass.to_create != nullptr);
    if (pass.to_create) writer.Add(pass.to_create->digest);
}

void AddOracle(StateWriter& writer, const State& state) {
    for (const auto& key : state.keys) {
        writer.Add(
            static_cast<std::uint64_t>(key.starts) << 16U | static_cast<std::uint64_t>(key.used_tokens) << 8U |
            static_cast<std::uint64_t>(key.is_barred) | static_cast<std::uint64_t>(key.was_recorded_as_success) << 1U |
            static_cast<std::uint64_t>(key.has_succeeded) << 2U | static_cast<std::uint64_t>(key.was_disturbed) << 3U |
            static_cast<std::uint64_t>(key.is_untold) << 4U);
    }
    writer.Add(static_cast<std::uint64_t>(state.reused_names));
    for (const auto* names : {&state.created_jobs, &state.intents, &state.used_names}) {
        writer.Add(names->size());
        for (const auto name : *names)
            writer.Add(name);
    }
    for (const int births : {state.database_births, state.migration_births[0], state.migration_births[1]})
        writer.Add(static_cast<std::uint64_t>(births));
    writer.Add(static_cast<std::uint64_t>(state.tokens) << 2U |
               static_cast<std::uint64_t>(state.record_was_lost) << 1U |
               static_cast<std::uint64_t>(state.database_was_switched));
}

}  // namespace

std::string_view Name(Kind kind) {
    static constexpr std::array<std::string_view, kKinds> kNames{"Databases", "Migrations", "Jobs",
                                                                 "Pods",      "Ledgers",    "Deployments"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::size_t State::AgeOf(Kind kind) const {
    switch (kind) {
        case Kind::Databases:
            return databases.Age();
        case Kind::Migrations:
            return migrations.Age();
        case Kind::Jobs:
            return jobs.Age();
        case Kind::Pods:
            return pods.Age();
        case Kind::Ledgers:
            return ledgers.Age();
        case Kind::Deployments:
            break;
    }
    return deployments.Age();
}

std::uint64_t State::SeenRevision(Kind kind) const {
    switch (kind) {
        case Kind::Databases:
            return databases.Seen().revision;
        case Kind::Migrations:
            return migrations.Seen().revision;
        case Kind::Jobs:
            return jobs.Seen().revision;
        case Kind::Pods:
            return pods.Seen().revision;
        case Kind::Ledgers:
            return ledgers.Seen().revision;
        case Kind::Deployments:
            break;
    }
    return deployments.Seen().revision;
}

namespace {

/// Pods that the store loses sight of: as EndedPods does, the last words of ended ones are kept.
void Remember(State& state, const History<Pod>::Snapshot& before) {
    for (const auto& pod : before.items) {
        if (!pod->terminal || History<Pod>::Find(state.pods.Seen(), pod->key.name)) continue;
        auto& ended = state.memory.ended_pods;
        if (std::find(ended.begin(), ended.end(), pod) == ended.end()) ended.push_back(pod);
    }
}

}  // namespace

void State::Show(Kind kind, std::size_t age) {
    switch (kind) {
        case Kind::Databases:
            return databases.Show(age);
        case Kind::Migrations:
            return migrations.Show(age);
        case Kind::Jobs:
            return jobs.Show(age);
        case Kind::Pods: {
            const auto before = pods.SeenVersion();
            pods.Show(age);
            return Remember(*this, *before);
        }
        case Kind::Ledgers:
            return ledgers.Show(age);
        case Kind::Deployments:
            return deployments.Show(age);
    }
}

void State::PutPod(std::shared_ptr<const Pod> pod) {
    const auto before = pods.SeenVersion();
    pods.Put(std::move(pod));
    Remember(*this, *before);
}

void State::ErasePod(std::string_view name) {
    const auto before = pods.SeenVersion();
    pods.Erase(name);
    Remember(*this, *before);
}

void State::Trim(std::size_t oldest) {
    databases.Trim(std::max(oldest, databases.Age()));
    migrations.Trim(std::max(oldest, migrations.Age()));
    jobs.Trim(std::max(oldest, jobs.Age()));
    pods.Trim(std::max(oldest, pods.Age()));
    ledgers.Trim(std::max(oldest, ledgers.Age()));
    deployments.Trim(std::max(oldest, deployments.Age()));
}

void State::Restart(const std::array<std::size_t, kKinds>& ages) {
    memory = {};
    for (std::size_t kind = 0; kind < kKinds; ++kind)
        Show(static_cast<Kind>(kind), ages[kind]);
    memory = {};
}

bool State::RunsMigration(int instance) const {
    return std::any_of(pods.Truth().items.begin(), pods.Truth().items.end(), [&](const auto& pod) {
        return pod->process == Pod::Process::Running && pod->instance == instance;
    });
}

void State::NoteProof(int instance) {
    auto& real = instances[static_cast<std::size_t>(instance)];
    if (!real.is_dirty && !RunsMigration(instance)) real.proven = std::max(real.proven, real.level);
}

Fingerprint FingerprintOf(const State& state) {
    StateWriter writer;
    writer.AddTime(state.now);
    writer.Add(static_cast<std::uint64_t>(state.skew.count()));
    writer.Add(state.databases);
    writer.Add(state.migrations);
    writer.Add(state.jobs);
    writer.Add(state.pods);
    writer.Add(state.ledgers);
    writer.Add(state.deployments);
    for (const auto& instance : state.instances) {
        writer.Add(static_cast<std::uint64_t>(instance.level) << 8U |
                   static_cast<std::uint64_t>(instance.proven) << 1U | static_cast<std::uint64_t>(instance.is_dirty));
        writer.Add(instance.fence);
    }
    const auto& purse = state.purse;
    for (const int left : {purse.faults, purse.delays, purse.failures, purse.leaps, purse.ticks})
        writer.Add(static_cast<std::uint64_t>(left));
    writer.Add(state.refuses_jobs);
    writer.Add(state.request.has_value());
    if (state.request) {
        writer.AddTime(state.request->judged);
        writer.Add(static_cast<std::uint64_t>(state.request->level) << 1U |
                   static_cast<std::uint64_t>(state.request->opens));
    }
    AddMemory(writer, state);
    AddOracle(writer, state);
    return writer.Finish();
}

bool Contains(const std::vector<std::uint64_t>& names, std::string_view name) {
    return std::binary_search(names.begin(), names.end(), HashName(name));
}

void Insert(std::vector<std::uint64_t>& names, std::string_view name) {
    const auto hash = HashName(name);
    const auto place = std::lower_bound(names.begin(), names.end(), hash);
    if (place == names.end() || *place != hash) names.insert(place, hash);
}

void Remove(std::vector<std::uint64_t>& names, std::string_view name) {
    std::erase(names, HashName(name));
}

}  // namespace explorer
