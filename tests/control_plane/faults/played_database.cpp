#include "control_plane/faults/played_database.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace faults {
namespace {

/// SIGKILL, as a shell and the kubelet show it.
constexpr int kKilled = 137;

int NumberOf(const std::string& version) {
    int number = 0;
    std::from_chars(version.data(), version.data() + version.size(), number);
    return number;
}

}  // namespace

Script ParseScript(const std::string& image) {
    static const std::pair<std::string_view, Script::Kind> kKinds[] = {
        {"ok", Script::Kind::kOk},         {"broken", Script::Kind::kBroken}, {"flaky", Script::Kind::kFlaky},
        {"locked", Script::Kind::kLocked}, {"lies", Script::Kind::kLies},     {"crashes", Script::Kind::kCrashes},
        {"absent", Script::Kind::kAbsent}};
    Script script;
    const auto tag = image.substr(image.find(':') + 1);
    script.version = tag.substr(std::min(tag.find('-') + 1, tag.size()));
    for (const auto& [name, kind] : kKinds) {
        if (!tag.starts_with(name)) continue;
        script.kind = kind;
        script.failures = kind == Script::Kind::kLocked ? 1 : NumberOf(tag.substr(name.size()));
    }
    return script;
}

void PlayedDatabase::Set(const std::string& database, const std::string& version) {
    const std::lock_guard lock(mutex_);
    tables_[database].version = version;
    if (!version.empty()) story_.changes.push_back({database, version, 0});
}

std::string PlayedDatabase::Version(const std::string& database) const {
    const std::lock_guard lock(mutex_);
    const auto found = tables_.find(database);
    return found == tables_.end() ? "" : found->second.version;
}

std::size_t PlayedDatabase::Began(const Begin& begin) {
    const std::lock_guard lock(mutex_);
    const bool overlaps = std::any_of(story_.runs.begin(), story_.runs.end(),
                                      [&](const auto& run) { return run.database == begin.database && !run.ended; });
    story_.runs.push_back({.database = begin.database,
                           .job = begin.job,
                           .job_uid = begin.job_uid,
                           .pod_uid = begin.pod_uid,
                           .image = begin.image,
                           .end_revision = std::numeric_limits<std::uint64_t>::max(),
                           .overlapped = overlaps});
    return story_.runs.size() - 1;
}

void PlayedDatabase::NoteBegin(std::size_t run, std::uint64_t revision) {
    const std::lock_guard lock(mutex_);
    story_.runs[run].begin_revision = revision;
}

void PlayedDatabase::NoteEnd(std::size_t run, std::uint64_t revision) {
    const std::lock_guard lock(mutex_);
    story_.runs[run].end_revision = revision;
}

PlayedDatabase::End PlayedDatabase::Ended(std::size_t index, std::uint64_t newest) {
    const std::lock_guard lock(mutex_);
    auto& run = story_.runs[index];
    const auto script = ParseScript(run.image);
    const auto runs_before = std::count_if(story_.runs.begin(), story_.runs.end(), [&](const auto& other) {
        return other.database == run.database && other.image == run.image && other.ended;
    });
    End end;
    bool commits = false;
    switch (script.kind) {
        case Script::Kind::kBroken:
            end = {1, "the column exists already\n"};
            break;
        case Script::Kind::kFlaky:
            commits = runs_before >= script.failures;
            if (!commits) end = {kTryAgain, "try me again\n"};
            break;
        case Script::Kind::kLocked:
            commits = runs_before >= script.failures;
            if (!commits) end = {1, "ERROR: 55P03: canceling statement due to lock timeout\n"};
            break;
        case Script::Kind::kCrashes:
            commits = true;
            end = {1, "the connection was closed\n"};
            break;
        case Script::Kind::kOk:
            commits = true;
            break;
        case Script::Kind::kLies:
        case Script::Kind::kAbsent:
            break;
    }
    auto& table = tables_[run.database];
    if (commits && NumberOf(table.version) < NumberOf(script.version)) {
        table.version = script.version;
        story_.changes.push_back({run.database, script.version, newest});
    }
    run.retriable = end.exit_code == kTryAgain || (script.kind == Script::Kind::kLocked && end.exit_code != 0);
    Close(run, end);
    return end;
}

PlayedDatabase::End PlayedDatabase::Killed(std::size_t index) {
    const std::lock_guard lock(mutex_);
    const End end{kKilled, ""};
    Close(story_.runs[index], end);
    return end;
}

void PlayedDatabase::Close(support::PlayedRun& run, const End& end) {
    run.ended = true;
    run.exit_code = end.exit_code;
}

bool PlayedDatabase::Busy(const std::string& database) const {
    const std::lock_guard lock(mutex_);
    return std::any_of(story_.runs.begin(), story_.runs.end(),
                       [&](const auto& run) { return run.database == database && !run.ended; });
}

support::Played PlayedDatabase::Story() const {
    const std::lock_guard lock(mutex_);
    return story_;
}

}  // namespace faults
