#include "control_plane/faults/fixed_point.hpp"

#include <algorithm>
#include <thread>

#include "api/names.hpp"
#include "api/requirement.hpp"
#include "core/json_access.hpp"

namespace faults {
namespace {

using Steady = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kLook{20};

bool IsIdle(Victim& victim) {
    try {
        return victim.Metric("workqueue_depth") == 0 && victim.Metric("controller_runtime_active_workers") == 0;
    } catch (const std::exception&) {
        return false;  // just started
    }
}

bool IsEnded(const Json& job) {
    for (const auto& condition : core::ArrayAt(job, {"status", "conditions"})) {
        const auto type = core::TextAt(condition, {"type"});
        if ((type == "Complete" || type == "Failed") && core::TextAt(condition, {"status"}) == "True") return true;
    }
    return false;
}

bool HasOwner(const support::History& history, const Json& job) {
    for (const auto& owner : core::ArrayAt(job, {"metadata", "ownerReferences"})) {
        for (const char* resource : {"migrations", "databases"}) {
            const auto object = history.Find(resource, core::TextAt(owner, {"name"}));
            if (object && core::TextAt(*object, {"metadata", "uid"}) == core::TextAt(owner, {"uid"})) return true;
        }
    }
    return core::ArrayAt(job, {"metadata", "ownerReferences"}).empty();
}

std::string UnsettledMigration(const Json& migration) {
    const auto name = core::TextAt(migration, {"metadata", "name"});
    const bool is_final = HasCondition(migration, "Ready", "True") || HasCondition(migration, "Stalled", "True");
    if (is_final || core::BoolAt(migration, {"spec", "suspend"})) return {};
    return "Migration " + name + " is neither Ready nor Stalled";
}

std::string UnsettledDeployment(Scene& scene, const Json& deployment) {
    const auto text =
        core::TextAt(deployment, {"spec", "template", "metadata", "annotations", api::kRequiresAnnotation});
    bool is_reached = true;
    for (const auto& requirement : api::ParseRequirements(text).requirements) {
        const auto version = scene.Databases().Version(requirement.database);
        is_reached = is_reached && !version.empty() && std::stoi(version) >= std::stoi(requirement.version) &&
                     scene.History().Find("databases", requirement.database) != nullptr;
    }
    const auto name = core::TextAt(deployment, {"metadata", "name"});
    if (is_reached && scene.IsHeld(name)) return "Deployment " + name + " is held though " + text + " is reached";
    return {};
}

/// The Ledger says what the record proves, so that rollouts open without the operator.
std::string UnsettledLedger(Scene& scene, const Json& database) {
    const auto name = core::TextAt(database, {"metadata", "name"});
    const auto ledger = scene.History().Find("ledgers", std::string(api::kLedgerName));
    for (const auto& run : core::ArrayAt(database, {"status", "runs"})) {
        if (core::TextAt(run, {"outcome"}) != "Succeeded") continue;
        const auto entry = api::ImageEntry(name, core::TextAt(run, {"image"}));
        const auto& entries = ledger ? core::ArrayAt(*ledger, {"satisfied"}) : Json();
        if (std::find(entries.begin(), entries.end(), entry) == entries.end()) return "the Ledger lacks " + entry;
    }
    return {};
}

}  // namespace

std::string Unsettled(Scene& scene) {
    auto& history = scene.History();
    for (const char* resource : {"databases", "migrations", "jobs", "pods", "deployments"}) {
        for (const auto& object : history.All(resource)) {
            if (core::FindAt(*object, {"metadata", "deletionTimestamp"}) != nullptr)
                return std::string(resource) + " " + core::TextAt(*object, {"metadata", "name"}) + " is being deleted";
        }
    }
    for (const auto& database : history.All("databases")) {
        const auto name = core::TextAt(*database, {"metadata", "name"});
        if (core::BoolAt(*database, {"status", "active"})) return "a run of Database " + name + " is active";
        if (!HasCondition(*database, "Ready", "True")) return "Database " + name + " is not Ready";
        const auto shown = core::TextAt(*database, {"status", "version"});
        if (shown != scene.Databases().Version(name))
            return "Database " + name + " shows version " + shown + " and is at " + scene.Databases().Version(name);
        if (auto text = UnsettledLedger(scene, *database); !text.empty()) return text;
    }
    for (const auto& job : history.All("jobs")) {
        if (!HasOwner(history, *job)) return "a Job whose owner is gone was not collected yet";
        if (!IsEnded(*job)) return "Job " + core::TextAt(*job, {"metadata", "name"}) + " has not ended";
    }
    for (const auto& migration : history.All("migrations")) {
        if (auto text = UnsettledMigration(*migration); !text.empty()) return text;
    }
    for (const auto& deployment : history.All("deployments")) {
        if (auto text = UnsettledDeployment(scene, *deployment); !text.empty()) return text;
    }
    return {};
}

std::string AwaitFixedPoint(Scene& scene, const std::function<bool()>& matches) {
    const auto end = Steady::now() + kFixedPointWithin;
    std::string missing = "the expected state";
    // Silence counts from when this very process works: it may have been started a moment ago.
    int seen_start = 0;
    auto works_since = Steady::now();
    std::uint64_t newest = 0;
    auto changed = Steady::now();
    while (Steady::now() < end && Steady::now() - changed < kStuckAfter) {
        if (const auto seen = scene.History().Newest(); seen != newest) {
            newest = seen;
            changed = Steady::now();
        }
        if (!scene.History().WaitFor(matches, std::chrono::seconds{1})) continue;
        missing = "a running operator";
        if (!scene.Operator().Running()) return "the operator ended by itself:\n" + scene.Operator().Log();
        if (scene.Operator().Ready()) {
            missing = "silence of " + std::to_string(kQuiet.count()) + " ms";
            if (seen_start != scene.Operator().Starts()) {
                seen_start = scene.Operator().Starts();
                works_since = Steady::now();
            }
            const auto works = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - works_since);
            const auto quiet = std::min(scene.Proxy().QuietFor(scene.Ns()), works);
            if (quiet >= kQuiet && IsIdle(scene.Operator()) && matches()) return {};
            if (quiet < kQuiet) std::this_thread::sleep_for(kQuiet - quiet);
        }
        std::this_thread::sleep_for(kLook);
    }
    return "no fixed point: " + missing + " did not come, and nothing changed for " +
           std::to_string(std::chrono::duration_cast<std::chrono::seconds>(Steady::now() - changed).count()) + " s";
}

}  // namespace faults
