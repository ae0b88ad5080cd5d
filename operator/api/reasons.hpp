#pragma once

#include <string>
#include <string_view>

/// Reasons of conditions, history entries, records and events, in one place because alerts and scripts match them. Each
/// is a category; the message beside it says what happened, to which object, and what to do next. Documented for users
/// in operator/api/REASONS.md, which a test compares with this file.
namespace api::reasons {

// Ready, True.
inline constexpr std::string_view kMigrationSucceeded = "MigrationSucceeded";
inline constexpr std::string_view kAlreadyReached = "AlreadyReached";
inline constexpr std::string_view kVerifiedAfterFailure = "VerifiedAfterFailure";
inline constexpr std::string_view kVersionKnown = "VersionKnown";
inline constexpr std::string_view kExitCodesOnly = "ExitCodesOnly";

// Ready Unknown, Reconciling True: it goes on by itself.
inline constexpr std::string_view kDatabaseNotFound = "DatabaseNotFound";
inline constexpr std::string_view kWaitingForDatabase = "WaitingForDatabase";
inline constexpr std::string_view kWaitingForTurn = "WaitingForTurn";
inline constexpr std::string_view kWaitingForFence = "WaitingForFence";
inline constexpr std::string_view kSuspended = "Suspended";
// Before a Contract or a Down, in this order.
inline constexpr std::string_view kWaitingForLedger = "WaitingForLedger";
inline constexpr std::string_view kWaitingForRequests = "WaitingForRequests";
inline constexpr std::string_view kWaitingForOldPods = "WaitingForOldPods";
inline constexpr std::string_view kMigrationRunning = "MigrationRunning";
inline constexpr std::string_view kRetryScheduled = "RetryScheduled";
inline constexpr std::string_view kVerifying = "Verifying";
inline constexpr std::string_view kProbing = "Probing";

// Not started yet, with the cause: Reconciling until the start deadline, then part of NeverStarted's message.
inline constexpr std::string_view kImagePullFailed = "ImagePullFailed";
inline constexpr std::string_view kSecretOrKeyMissing = "SecretOrKeyMissing";
inline constexpr std::string_view kUnschedulable = "Unschedulable";
inline constexpr std::string_view kContainerRefused = "ContainerRefused";
inline constexpr std::string_view kNotStarting = "NotStarting";
inline constexpr std::string_view kProbeFailed = "ProbeFailed";
inline constexpr std::string_view kJobRefused = "JobRefused";
/// What the agent says: api::AgentReport's error reasons (Unreachable, AuthenticationFailed, ...) with this prefix, for
/// example DatabaseUnreachable; one that begins with it already stays as it is.
inline constexpr std::string_view kDatabasePrefix = "Database";
inline std::string OfAgent(std::string_view reason) {
    return reason.starts_with(kDatabasePrefix) ? std::string(reason)
                                               : std::string(kDatabasePrefix) + std::string(reason);
}

// Ready False, Stalled True: somebody has to change something.
inline constexpr std::string_view kMigrationFailed = "MigrationFailed";
inline constexpr std::string_view kVerificationFailed = "VerificationFailed";
inline constexpr std::string_view kVersionLost = "VersionLost";
inline constexpr std::string_view kDirty = "Dirty";
inline constexpr std::string_view kVersionUnknown = "VersionUnknown";
inline constexpr std::string_view kCommandNotFound = "CommandNotFound";
inline constexpr std::string_view kOutOfMemory = "OutOfMemory";
inline constexpr std::string_view kLockTimeout = "LockTimeout";
inline constexpr std::string_view kDisrupted = "Disrupted";
inline constexpr std::string_view kEvidenceLost = "EvidenceLost";
inline constexpr std::string_view kNeverStarted = "NeverStarted";
/// In the record only: the spec changed before the launch had begun. Coming back to it runs it.
inline constexpr std::string_view kSuperseded = "Superseded";
inline constexpr std::string_view kDeadlineExceeded = "DeadlineExceeded";
inline constexpr std::string_view kJobNameTaken = "JobNameTaken";
inline constexpr std::string_view kRolloutSkipsStep = "RolloutSkipsStep";

// Events besides those of the reasons above.
inline constexpr std::string_view kMigrationJobCreated = "MigrationJobCreated";
inline constexpr std::string_view kLaunchEnded = "LaunchEnded";
inline constexpr std::string_view kRolloutHeld = "RolloutHeld";
inline constexpr std::string_view kHeldMidRollout = "HeldMidRollout";
inline constexpr std::string_view kRolloutReleased = "RolloutReleased";
inline constexpr std::string_view kReleasedByHand = "ReleasedByHand";
inline constexpr std::string_view kHeldJobSuperseded = "HeldJobSuperseded";

}  // namespace api::reasons
