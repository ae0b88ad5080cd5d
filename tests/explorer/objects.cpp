#include "explorer/objects.hpp"

#include <algorithm>
#include <charconv>
#include <concepts>
#include <optional>

namespace explorer {
namespace {

/// Collects what two objects must share to count as the same.
class Writer final {
public:
    template <class Number>
    requires std::integral<Number> || std::is_enum_v<Number> Writer& operator<<(Number number) {
        hasher_.Add(static_cast<std::uint64_t>(number));
        return *this;
    }
    Writer& operator<<(std::string_view text) {
        hasher_.Add(text);
        return *this;
    }
    Writer& operator<<(const std::string& text) { return *this << std::string_view(text); }
    Writer& operator<<(const core::Uid& uid) { return *this << std::string_view(uid.value); }
    Writer& operator<<(const core::Time& time) {
        times_.push_back(time.time_since_epoch().count());
        return *this;
    }
    template <class Value>
    Writer& operator<<(const std::optional<Value>& value) {
        *this << value.has_value();
        if (value) *this << *value;
        return *this;
    }
    template <class Value>
    Writer& operator<<(const std::vector<Value>& values) {
        *this << values.size();
        for (const auto& value : values)
            *this << value;
        return *this;
    }
    Writer& operator<<(const api::Condition& condition) {
        // The only texts that name a moment; the moment itself is in the record, or with the bound.
        const auto moment = std::min(condition.message.find(" The next begins at "),
                                     condition.message.find(" may be in flight until "));
        return *this << condition.type << condition.status << condition.observed_generation << condition.reason
                     << std::string_view(condition.message).substr(0, moment) << condition.last_transition;
    }
    Writer& operator<<(const api::RunRecord& run) {
        return *this << run.key << run.migration << run.migration_uid << run.image << run.version << run.outcome
                     << run.reason << run.message << run.attempts << run.launches << run.job_name << run.start_time
                     << run.completion_time << run.retry_tokens << run.retry_time;
    }
    Writer& operator<<(const api::Bound& bound) {
        return *this << bound.version << bound.migration << bound.key << bound.time << bound.wait_start
                     << bound.provisional << bound.previous_version << bound.previous_migration;
    }
    Writer& operator<<(const api::ObservedBound& bound) {
        return *this << bound.database << bound.version << bound.time;
    }
    Writer& operator<<(const api::ReachedRequirement& reached) { return *this << reached.requirement << reached.time; }
    Writer& operator<<(const api::RunStatus& run) {
        return *this << run.key << run.launch << run.attempt << run.job_name << run.active << run.image << run.version
                     << run.start_time << run.waiting_for;
    }
    Writer& operator<<(const version::Reading& reading) {
        return *this << reading.initialised << reading.versions << reading.dirty;
    }
    Writer& operator<<(const observed::ContainerFacts& container) {
        return *this << container.state << container.reason << container.started << container.start_time
                     << container.end_time << container.exit_code << container.restarts;
    }
    Writer& operator<<(const api::AgentReport& report) {
        return *this << report.phase << report.identity << report.before << report.after << report.error.has_value()
                     << report.fence_time;
    }

    Digest Finish() { return {hasher_.Result(), std::move(times_)}; }

private:
    Hasher hasher_;
    std::vector<std::int64_t> times_;
};

}  // namespace

Digest MakeDigest(const Database& database) {
    const auto& status = database.status;
    const auto& probe = status.probe;
    Writer writer;
    writer << database.key.name << database.uid << database.generation << database.deleting << database.instance
           << status.observed_generation << status.conditions << status.version << status.dirty << status.verified_time
           << status.verified_generation << status.verified_by << status.verified_by_created << status.identity
           << status.active << status.reached << status.floor << status.ceiling << probe.launch
           << probe.observed_generation << probe.job_name << probe.start_time << probe.completion_time << probe.reason
           << probe.message << status.runs;
    return writer.Finish();
}

Digest MakeDigest(const Migration& migration) {
    const auto& status = migration.status;
    Writer writer;
    writer << migration.key.name << migration.uid << migration.generation << migration.deleting << migration.created
           << migration.choice << migration.retry_token << migration.spec.suspend << status.observed_generation
           << status.conditions << status.run << status.history_size << status.newest_key << status.newest_launch;
    return writer.Finish();
}

Digest MakeDigest(const Job& job) {
    Writer writer;
    writer << job.key.name << job.uid << job.created << job.deleting << job.role << job.owner << job.run_key
           << job.launch << job.database_generation << job.state << job.failure_reason << job.end_time << job.choice
           << job.instance << job.asked_to_suspend << job.suspended << job.ended_pods << job.is_ours << job.is_labelled
           << job.has_made_pod << job.counted;
    return writer.Finish();
}

Digest MakeDigest(const Pod& pod) {
    Writer writer;
    writer << pod.key.name << pod.uid << pod.database_generation << pod.created << pod.job << pod.job_uid
           << pod.deleting << pod.terminal << pod.scheduled << pod.initialized_time << pod.disruption << pod.migration
           << pod.agent << pod.report << pod.choice << pod.instance << pod.process << pod.has_applied << pod.level_read
           << pod.dirty_read << pod.is_orphan;
    return writer.Finish();
}

Digest MakeDigest(const Ledger& ledger) {
    Writer writer;
    writer << ledger.uid << ledger.satisfied << ledger.observed_floor << ledger.observed_ceiling;
    return writer.Finish();
}

Digest MakeDigest(const Deployment& deployment) {
    Writer writer;
    writer << deployment.key.name << deployment.uid << deployment.held << deployment.requires_text
           << deployment.waiting_for;
    return writer.Finish();
}

std::string VersionName(int level) {
    return level == 0 ? "" : "000" + std::to_string(level);
}

int LevelOf(std::string_view version) {
    int level = 0;
    std::from_chars(version.data(), version.data() + version.size(), level);
    return level;
}

version::Reading ReadingOf(int level, bool dirty) {
    version::Reading reading{.initialised = level > 0, .versions = {}, .dirty = dirty, .dirty_detail = {}};
    if (level > 0) reading.versions = {VersionName(level)};
    return reading;
}

std::string IdentityOf(int instance) {
    return "7301/" + std::to_string(16384 + instance);
}

}  // namespace explorer
