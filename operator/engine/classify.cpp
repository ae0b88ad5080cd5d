#include "engine/classify.hpp"

#include <utility>

#include "api/reasons.hpp"
#include "engine/cause.hpp"
#include "engine/explain.hpp"
#include "engine/image_source.hpp"
#include "engine/range.hpp"
#include "engine/repair.hpp"
#include "engine/retry.hpp"
#include "version/order.hpp"

namespace engine {
namespace {

namespace reasons = api::reasons;
using observed::ContainerFacts;
using observed::Started;

/// 128 + signal number: how a container runtime reports a signal (POSIX shells' convention).
constexpr int kSignalBase = 128;
constexpr int kKilled = kSignalBase + 9;
constexpr int kTerminated = kSignalBase + 15;
/// POSIX: 126 found but not executable, 127 not found.
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

/// Bytes: what is to be done stands behind it and must not be cut from the record's message.
constexpr std::size_t kLongestDirtyDetail = 200;

/// The fields of the run key: other changes, more memory among them, run nothing by themselves.
constexpr std::string_view kWhatRuns =
    "what runs (image, command, args, env, envFrom, volumes, version, phase, minimumVersion or run)";

bool HasLogTail(const Evidence& evidence) {
    const bool is_kept = evidence.migration == nullptr || evidence.migration->spec.log_tail;
    return is_kept && evidence.pod != nullptr && !evidence.pod->log_tail.empty();
}

bool OutOfMemory(const observed::PodFacts& pod) {
    return pod.migration.reason == "OOMKilled";
}

/// The operator ended it: its pod was deleted after it had run for spec.activeDeadlineSeconds.
bool RanTooLong(const Evidence& evidence) {
    if (evidence.pod == nullptr || evidence.migration == nullptr || !evidence.pod->deleting) return false;
    const auto& [start, end] = std::pair(evidence.pod->migration.start_time, evidence.pod->migration.end_time);
    return start && end && *end - *start >= evidence.migration->spec.active_deadline;
}

/// The reason of a failed end, from the most to the least specific.
std::string_view FailureReason(const Evidence& evidence) {
    if (evidence.pod == nullptr) return reasons::kEvidenceLost;
    if (RanTooLong(evidence)) return reasons::kDeadlineExceeded;
    const auto& pod = *evidence.pod;
    const auto& migration = pod.migration;
    if (OutOfMemory(pod)) return reasons::kOutOfMemory;
    const int code = migration.exit_code.value_or(0);
    if (!pod.disruption.empty() && (code == kKilled || code == kTerminated)) return reasons::kDisrupted;
    if (migration.reason == observed::kStatusUnknown) return reasons::kDisrupted;
    if (code == kNotFound || code == kNotExecutable) return reasons::kCommandNotFound;
    if (WasCancelledForALock(pod)) return reasons::kLockTimeout;
    return reasons::kMigrationFailed;
}

/// What to do about a failure, for the end of its message.
std::string NextStep(const Evidence& evidence, std::string_view reason) {
    std::string text;
    if (reason == reasons::kCommandNotFound)
        text += " Correct spec.command or spec.image: whatever the command calls must be in the image, and executable.";
    text += " It is run again when somebody annotates the Migration tidegate.io/retry=<a new value>, or changes ";
    text += kWhatRuns;
    text += HasLogTail(evidence) ? "; the last log lines are in status.history." : ".";
    return text;
}

std::string Versions(const version::Reading& reading) {
    if (!reading.initialised || reading.versions.empty()) return "no version";
    std::string text;
    for (const auto& version : reading.versions) {
        if (!text.empty()) text += ", ";
        text += version;
    }
    return "version " + text;
}

/// What of a failure a lock explains, for the end of its message; empty when none does.
std::string DescribeLocks(const Evidence& evidence) {
    const auto* pod = evidence.pod;
    if (pod == nullptr || !pod->report || !pod->report->locks) return {};
    const auto& locks = *pod->report->locks;
    if (locks.cancels == 0 && !SaysLockFailure(pod->log_tail)) return {};
    std::string text = " It waited up to " + core::FormatDuration(locks.longest_wait) + " for locks";
    for (std::size_t i = 0; i < locks.blockers.size(); ++i)
        text += (i == 0 ? "; seen last in its way: " : ", ") + api::Describe(locks.blockers[i]);
    text += '.';
    if (locks.cancels > 0) {
        text += " Others waited behind it for up to " + core::FormatDuration(locks.longest_blocking) +
                ", so Tidegate cancelled its statement (spec.lockWatch of the Database).";
    }
    return text;
}

const version::Reading* ReadingBefore(const Evidence& evidence) {
    const auto* pod = evidence.pod;
    return pod != nullptr && pod->report && pod->report->before ? &*pod->report->before : nullptr;
}

/// A lock of the tool's own that a killed run left, for the end of a message; empty when there is none.
std::string DescribeToolLock(const Evidence& evidence) {
    const auto text = ExplainToolLock(evidence.scheme.tool, *evidence.after,
                                      {.job = evidence.run.job_name, .before = ReadingBefore(evidence)});
    return text.empty() ? text : " " + text;
}

EndedRun LeftDirty(const Evidence& evidence, bool exit_was_zero, const std::string& how) {
    const auto& after = *evidence.after;
    EndedRun end{.attempted = true};
    end.reason = exit_was_zero ? reasons::kVerificationFailed : reasons::kMigrationFailed;
    end.message = "The database is dirty after " + how + ", at " + Versions(after);
    if (!after.dirty_detail.empty()) end.message += ": " + Quote(after.dirty_detail, kLongestDirtyDetail);
    end.message += ". " + RepairAdvice(evidence.scheme.tool, after, ReadingBefore(evidence)) +
                   " Then annotate the Migration tidegate.io/retry=<a new value>.";
    return end;
}

/// What the Migration says of this launch; nullptr: nothing.
const api::Condition* ShownOf(const Evidence& evidence) {
    const auto& status = evidence.migration->status;
    const bool is_of_launch =
        status.run && status.run->key == evidence.run.key && status.run->launch == evidence.run.launches;
    return is_of_launch ? api::FindCondition(status.conditions, api::kReady) : nullptr;
}

/// The word of the cause where the launch never began.
EndedRun NeverStarted(const Evidence& evidence) {
    const auto* pod = evidence.pod;
    EndedRun end{.outcome = api::RunOutcome::NeverStarted, .reason = reasons::kNeverStarted, .message = {}};
    const bool was_refused = pod != nullptr && pod->migration.state == ContainerFacts::State::Terminated &&
                             pod->migration.reason != observed::kStatusUnknown;
    if (was_refused) {
        end.reason = reasons::kCommandNotFound;
        end.message = "The command of the migration could not be started in image " + evidence.run.image + ": " +
                      pod->migration.message + ". Nothing ran. Correct spec.command or spec.image.";
        return end;
    }
    if (evidence.migration == nullptr || evidence.migration->run_key != evidence.run.key) {
        end.reason = reasons::kSuperseded;
        end.message =
            evidence.migration == nullptr
                ? "The Migration was deleted before the migration had begun; nothing ran."
                : "Before the migration had begun, " + WhatChanged(*evidence.migration) + " changed; nothing ran.";
        return end;
    }
    const auto* shown = ShownOf(evidence);
    if (shown != nullptr && shown->reason == reasons::kNeverStarted) {
        // The record comes after the Migration, and shall say the same.
        end.message = shown->message;
        return end;
    }
    end.message = "The migration container of Job " + evidence.run.job_name + " never started, so nothing ran.";
    if (pod == nullptr) {
        end.message += " It got no pod: a quota or an admission rule refused it. The events of that name say which.";
    } else if (pod->report && pod->report->error) {
        end.message += " The agent said: " + Quote(pod->report->error->message) + ".";
    } else if (!pod->migration.message.empty()) {
        end.message += " The node said: " + pod->migration.message + ".";
    } else if (!pod->disruption.empty()) {
        end.message += " Its pod was disrupted (" + pod->disruption + ").";
    } else if (shown != nullptr && IsCause(shown->reason)) {
        // A kubelet that ends a pod before its containers were made takes its own words back.
        end.message += " It said until then: \"" + Quote(shown->message) + "\".";
    } else {
        end.message += " The events of pod " + pod->key.name + " may say why.";
    }
    end.message += " Mend the cause, then annotate the Migration tidegate.io/retry=<a new value>, or change ";
    end.message += kWhatRuns;
    end.message += '.';
    return end;
}

Started HasStarted(const Evidence& evidence) {
    if (evidence.pod != nullptr) return observed::MigrationStarted(*evidence.pod);
    return evidence.job != nullptr && evidence.job->EndedNoPod() ? Started::No : Started::Unknown;
}

/// What a run to a version was to prove, in the words of its messages.
struct Aim {
    version::Standing standing;
    std::string done, tried, unknown, missed;
};

Aim AimOf(const Evidence& evidence) {
    const auto& version = evidence.run.version;
    if (evidence.run.phase == api::Phase::Down) {
        return {.standing = StandingOfDown(*evidence.database, *evidence.after, version),
                .done = "Nothing above version " + version + " is left after Job ",
                .tried = "The migration back to version " + version,
                .unknown = "anything above version " + version + " is left",
                .missed = "something above version " + version + " is reached still"};
    }
    return {.standing = version::Reached(evidence.scheme, *evidence.after, version),
            .done = "Version " + version + " was reached by Job ",
            .tried = "The migration to version " + version,
            .unknown = "version " + version + " is reached",
            .missed = "version " + version + " is not reached"};
}

EndedRun JudgeWithVersion(const Evidence& evidence, bool exit_was_zero, const std::string& how) {
    const auto& run = evidence.run;
    const auto& after = *evidence.after;
    const auto aim = AimOf(evidence);
    const auto standing = aim.standing;
    EndedRun end{.attempted = true};
    if (standing == version::Standing::Reached && !after.dirty) {
        end.outcome = api::RunOutcome::Succeeded;
        end.reason = exit_was_zero ? reasons::kMigrationSucceeded : reasons::kVerifiedAfterFailure;
        // In the past tense: the database may be further on when somebody reads it.
        end.message = aim.done + run.job_name + (exit_was_zero ? "" : " although " + how) +
                      "; the database then said " + Versions(after) + ".";
        if (!exit_was_zero) end.message += DescribeToolLock(evidence);
        return end;
    }
    if (after.dirty) return LeftDirty(evidence, exit_was_zero, how);
    if (!exit_was_zero) {
        end.reason = FailureReason(evidence);
        end.message = aim.tried + " failed: " + how + "." + DescribeLocks(evidence) + " The database is at " +
                      Versions(after) + "." + DescribeToolLock(evidence) + NextStep(evidence, end.reason);
        return end;
    }
    if (standing == version::Standing::Unknown) {
        end.reason = reasons::kVersionUnknown;
        end.message = "The migration ended with exit code 0 and the database says " + Versions(after) +
                      ", which does not tell whether " + aim.unknown +
                      ". Name spec.version as the tool's table names it.";
        return end;
    }
    end.reason = reasons::kVerificationFailed;
    end.message = "The migration ended with exit code 0, but " + aim.missed + ": the database says " + Versions(after) +
                  ". Check that the command migrates this database and that the image holds the migration.";
    return end;
}

EndedRun JudgeWithoutVersion(const Evidence& evidence, bool exit_was_zero, const std::string& how) {
    const auto& after = *evidence.after;
    EndedRun end{.attempted = true};
    if (exit_was_zero && !after.dirty) {
        end.outcome = api::RunOutcome::Succeeded;
        end.reason = reasons::kMigrationSucceeded;
        end.message =
            "Job " + evidence.run.job_name + " ended with exit code 0; the database then said " + Versions(after) + ".";
        return end;
    }
    if (after.dirty) return LeftDirty(evidence, exit_was_zero, how);
    end.reason = FailureReason(evidence);
    end.message = "The migration failed: " + how + "." + DescribeLocks(evidence) + " The database is clean, at " +
                  Versions(after) + "." + DescribeToolLock(evidence) + NextStep(evidence, end.reason);
    return end;
}

/// Engine Other.
EndedRun JudgeByExitCode(const Evidence& evidence, bool is_end_known, bool exit_was_zero, const std::string& how) {
    const auto& run = evidence.run;
    EndedRun end{.attempted = true};
    const std::string what = run.version.empty() ? "The migration" : "The migration to version " + run.version;
    if (!is_end_known) {
        end.reason = reasons::kEvidenceLost;
        end.message = what + " (Job " + run.job_name + "): " + how +
                      ". With engine Other the database cannot be asked: look there, then annotate the Migration "
                      "tidegate.io/retry=<a new value> to run it again, or list the version in spec.baseline of the "
                      "Database.";
        return end;
    }
    if (exit_was_zero) {
        end.outcome = api::RunOutcome::Succeeded;
        end.reason = reasons::kMigrationSucceeded;
        end.message = what + " ended with exit code 0 (Job " + run.job_name +
                      "). With engine Other that is all the proof: nothing was read in the database.";
        return end;
    }
    end.reason = FailureReason(evidence);
    end.message = what + " failed: " + how + "." + NextStep(evidence, end.reason);
    return end;
}

}  // namespace

std::string DescribeEnd(const observed::PodFacts& pod) {
    const auto& migration = pod.migration;
    if (OutOfMemory(pod)) return "its container was killed because it was out of memory (raise spec.resources)";
    if (!migration.exit_code) return "how its container ended is not known";
    const int code = *migration.exit_code;
    std::string text = "exit code " + std::to_string(code);
    if (code == kNotFound) text += " (command not found)";
    if (code == kNotExecutable) text += " (command not executable)";
    if (code > kSignalBase && code < kSignalBase + 65) text += " (signal " + std::to_string(code - kSignalBase) + ")";
    if (!pod.disruption.empty()) text += ", pod disrupted: " + pod.disruption;
    return text;
}

std::optional<EndedRun> Classify(const Evidence& evidence) {
    const auto started = HasStarted(evidence);
    if (started == Started::No) return NeverStarted(evidence);
    if (evidence.is_readable && !evidence.after) return std::nullopt;
    // A Job is Complete only when its pod succeeded, which outlives the pod.
    const bool is_complete = evidence.job != nullptr && evidence.job->state == observed::JobFacts::State::Complete;
    const bool exit_was_zero = evidence.pod != nullptr ? evidence.pod->migration.exit_code == 0 : is_complete;
    std::string how = is_complete ? "exit code 0" : "its pod is gone and how it ended is not known";
    if (evidence.pod != nullptr) how = DescribeEnd(*evidence.pod);
    if (RanTooLong(evidence)) {
        how = "ended by Tidegate after spec.activeDeadlineSeconds (" +
              core::FormatDuration(evidence.migration->spec.active_deadline) + "), " + how;
    }
    if (!evidence.is_readable) {
        const bool is_end_known = is_complete || (evidence.pod != nullptr && evidence.pod->migration.exit_code);
        return JudgeByExitCode(evidence, is_end_known, exit_was_zero, how);
    }
    return evidence.run.version.empty() ? JudgeWithoutVersion(evidence, exit_was_zero, how)
                                        : JudgeWithVersion(evidence, exit_was_zero, how);
}

}  // namespace engine
