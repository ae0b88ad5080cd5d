#pragma once

#include <string>
#include <string_view>

/// Every label, annotation, well-known object name and environment variable that Tidegate reads or writes: one place,
/// because each of them is API for users, policies and dashboards.
namespace api {

inline constexpr std::string_view kGroup = "tidegate.io";
inline constexpr std::string_view kApiVersion = "tidegate.io/v1alpha1";
/// Field manager of everything the operator writes. Must not begin with "kubectl": Flux strips such managers.
inline constexpr std::string_view kFieldManager = "tidegate";
/// The one Ledger of a namespace.
inline constexpr std::string_view kLedgerName = "tidegate";

// On pod templates, written by users.
/// Comma-separated requirements, `DATABASE@VERSION` or `DATABASE@image`.
inline constexpr std::string_view kRequiresAnnotation = "tidegate.io/requires";

// On pod templates, written by the hold policy.
/// In the template so that no existing ReplicaSet matches a held template. "true", or kHoldMidRollout.
inline constexpr std::string_view kHoldAnnotation = "tidegate.io/hold";
/// The rollout before the held one was half done: pods of two templates serve.
inline constexpr std::string_view kHoldMidRollout = "mid-rollout";

// On workloads.
/// "held" or "open", written by the policies and the operator's release.
inline constexpr std::string_view kGateLabel = "tidegate.io/gate";
inline constexpr std::string_view kGateHeld = "held";
inline constexpr std::string_view kGateOpen = "open";
/// Break-glass: opens when it equals the requirement, written by users.
inline constexpr std::string_view kReleaseAnnotation = "tidegate.io/release";
inline constexpr std::string_view kReleaseReasonAnnotation = "tidegate.io/release-reason";
/// The user who wrote kReleaseAnnotation, written by the stamping policy as long as it stands there.
inline constexpr std::string_view kReleaseByAnnotation = "tidegate.io/release-by";
/// One line: what a held workload waits for, written by the operator when the reason changes.
inline constexpr std::string_view kWaitingForAnnotation = "tidegate.io/waiting-for";

// On Migrations, written by users.
/// A token: each new value lets a failed run be attempted once more.
inline constexpr std::string_view kRetryAnnotation = "tidegate.io/retry";
/// The user whose request last changed spec or retry token, written by the stamping policy.
inline constexpr std::string_view kRequestedByAnnotation = "tidegate.io/requested-by";

// On Migrations, Databases and Jobs.
/// Lets a DELETE pass although a run is active; the value is the reason, written by users.
inline constexpr std::string_view kAbortAnnotation = "tidegate.io/abort";
/// Labels of our Jobs and their pods. Values are LabelValue() of the name; the full name is in the annotation.
inline constexpr std::string_view kDatabaseLabel = "tidegate.io/database";
inline constexpr std::string_view kRoleLabel = "tidegate.io/role";
inline constexpr std::string_view kRoleMigrate = "migrate";
inline constexpr std::string_view kRoleProbe = "probe";
/// The run key: also what the keep-running policy looks at.
inline constexpr std::string_view kRunLabel = "tidegate.io/run";
/// Annotations of our Jobs and their pods.
inline constexpr std::string_view kDatabaseAnnotation = "tidegate.io/database-name";
inline constexpr std::string_view kMigrationAnnotation = "tidegate.io/migration-name";
inline constexpr std::string_view kLaunchAnnotation = "tidegate.io/launch";
/// Generation of the Database that the Job was built for: a reading of an older one proves nothing about the newer.
inline constexpr std::string_view kDatabaseGenerationAnnotation = "tidegate.io/database-generation";

/// Set by Kubernetes on the pods of a Job; the fence tag is made of it.
inline constexpr std::string_view kControllerUidLabel = "batch.kubernetes.io/controller-uid";
inline constexpr std::string_view kJobNameLabel = "batch.kubernetes.io/job-name";

/// Set by the Deployment controller on ReplicaSets: counts the rollouts.
inline constexpr std::string_view kRolloutAnnotation = "deployment.kubernetes.io/revision";

/// Set by kubectl on a Job that somebody made of a CronJob by hand (kubectl create job --from), with kManualInstance.
inline constexpr std::string_view kInstantiateAnnotation = "cronjob.kubernetes.io/instantiate";
inline constexpr std::string_view kManualInstance = "manual";

// Containers of our Jobs.
inline constexpr std::string_view kMigrationContainer = "migrate";
inline constexpr std::string_view kAgentContainer = "tidegate-agent";

// What the agent reads from its environment (jobs writes it, agent reads it).
/// Connection by URI ...
inline constexpr std::string_view kAgentUri = "TIDEGATE_URI";
/// ... or by parts. Set from the Database's Secret by secretKeyRef.
inline constexpr std::string_view kAgentHost = "TIDEGATE_HOST";
inline constexpr std::string_view kAgentPort = "TIDEGATE_PORT";
inline constexpr std::string_view kAgentDatabaseName = "TIDEGATE_DBNAME";
inline constexpr std::string_view kAgentUser = "TIDEGATE_USER";
inline constexpr std::string_view kAgentPassword = "TIDEGATE_PASSWORD";
/// libpq's own names: what else is asked of the connection. Of the agent and of migrations alike.
inline constexpr std::string_view kSslMode = "PGSSLMODE";
inline constexpr std::string_view kSslRootCertificate = "PGSSLROOTCERT";
/// Which tool's history table to believe, for example "Alembic".
inline constexpr std::string_view kAgentTool = "TIDEGATE_TOOL";
/// spec.versionOrder of the Database; not set: the tool's own.
inline constexpr std::string_view kAgentVersionOrder = "TIDEGATE_VERSION_ORDER";
/// Its name when it is not the tool's usual one, as in `history.table`; may be unset.
inline constexpr std::string_view kAgentTable = "TIDEGATE_HISTORY_TABLE";
/// The query of `history.query`, for tool Custom.
inline constexpr std::string_view kAgentQuery = "TIDEGATE_HISTORY_QUERY";
/// What the agent does about lock waits, as in `lockWatch`; only of a migration's agent. Unset: the defaults.
inline constexpr std::string_view kAgentLockWatchAfter = "TIDEGATE_LOCK_WATCH_AFTER_SECONDS";
inline constexpr std::string_view kAgentLockWatchAction = "TIDEGATE_LOCK_WATCH_ACTION";
/// Comma-separated versions (a comma inside one is %2C) whose being reached the report states; may be empty.
inline constexpr std::string_view kAgentWanted = "TIDEGATE_WANTED";
/// UID of the Job: tag of the fence and of every session of the run ("tidegate/<uid>").
inline constexpr std::string_view kAgentJobUid = "TIDEGATE_JOB_UID";
/// An emptyDir that survives a restart of the agent, for the incumbent's mark and for the ready mark.
inline constexpr std::string_view kAgentStateDirectory = "TIDEGATE_STATE_DIRECTORY";
/// Where the agent writes its report; the container's terminationMessagePath.
inline constexpr std::string_view kAgentReportPath = "TIDEGATE_REPORT_PATH";

/// application_name of every session of a run: "tidegate/<uid of the Job>".
inline constexpr std::string_view kFenceTagPrefix = "tidegate/";

/// A label value (at most 63 characters) that stands for an object name (at most 253): the name itself when it fits,
/// else its first 40 characters, "-" and 10 characters of its hash. Collisions are told apart by the annotation.
std::string LabelValue(std::string_view name);

}  // namespace api
