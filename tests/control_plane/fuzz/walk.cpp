#include "control_plane/fuzz/walk.hpp"

#include <chrono>

#include "control_plane/fuzz/object_view.hpp"
#include "core/json_access.hpp"
#include "support/builders.hpp"

namespace test {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

/// Milliseconds when all is well; this long, because the machine may be shared by several control planes and compilers.
constexpr milliseconds kUntilObserved{60000};
/// A launch that lost its evidence is asked about by a probe, of which there is one a minute; then the final run.
constexpr milliseconds kUntilArrived{180000};

Json Conditions(const Json& object) {
    auto conditions = Json::object();
    for (const auto& condition : core::ArrayAt(object, {"status", "conditions"}))
        conditions[condition.value("type", "")] = condition.value("status", "") + " " + condition.value("reason", "");
    return conditions;
}

bool IsObserved(const Json& object) {
    return object["status"].value("observedGeneration", -1) == object["metadata"].value("generation", 0);
}

Json Picked(const Json& object, std::initializer_list<const char*> fields) {
    auto picked = Json::object();
    for (const char* field : fields) {
        if (object.contains(field)) picked[field] = object[field];
    }
    return picked;
}

/// By its path or, where a rule stands on what it is part of, by that: "spec.env[0].valueFrom" for
/// ".../fieldRef/fieldPath".
bool NamesField(const std::string& message, Json::json_pointer field) {
    while (field.parent_pointer() != Json::json_pointer("/spec") && !field.empty()) {
        const std::string name = field.back();
        field = field.parent_pointer();
        if (name != "0" && message.find(name) != std::string::npos) return true;
    }
    return !field.empty() && message.find("spec." + field.back()) != std::string::npos;
}

/// The names of walks are all of one length, so a text replaced is a name replaced.
Json WithoutName(const Json& object, const std::string& name) {
    std::string text = object.dump();
    for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos;)
        text.replace(at, name.size(), "NAME");
    return Json::parse(text);
}

}  // namespace

void FuzzReport::Violation(const std::string& text) {
    const std::lock_guard lock(mutex_);
    violations_.push_back(text);
}

void FuzzReport::Touched(const std::string& field) {
    const std::lock_guard lock(mutex_);
    fields_.insert(field);
}

void FuzzReport::Recovered(milliseconds took, const std::string& walk) {
    const std::lock_guard lock(mutex_);
    if (took <= slowest_) return;
    slowest_ = took;
    slowest_walk_ = walk;
}

std::vector<std::string> FuzzReport::Violations() const {
    const std::lock_guard lock(mutex_);
    return violations_;
}

std::size_t FuzzReport::Fields() const {
    const std::lock_guard lock(mutex_);
    return fields_.size();
}

std::string FuzzReport::Slowest() const {
    const std::lock_guard lock(mutex_);
    return std::to_string(slowest_.count()) + " ms (" + slowest_walk_ + ")";
}

Walk::Walk(RawApi& api, const Mirror& mirror, const Kinds& kinds, std::string ns, unsigned seed, FuzzReport& report)
    : api_(api),
      mirror_(mirror),
      kinds_(kinds),
      ns_(std::move(ns)),
      seed_(seed),
      name_("walk-" + std::to_string(100000 + seed)),
      report_(report),
      random_(seed),
      database_(FirstDatabase(name_)),
      migration_(FirstMigration(name_)) {}

void Walk::Violation(const std::string& text) {
    std::string words = "walk of seed " + std::to_string(seed_) + " (namespace " + ns_ + "): " + text + "\n    path:";
    for (const auto& step : path_)
        words += "\n      " + step;
    report_.Violation(words);
}

Reply Walk::Put(const FuzzedKind& kind, const Json& object) {
    auto reply = api_.ReplaceSpec(kind.Resource(), ns_, name_, object.value("spec", Json()));
    if (reply.code == 404) reply = api_.Create(kind.Resource(), ns_, object);
    return reply;
}

void Walk::Wander(int steps) {
    api_.Create(kube::kDeployments, ns_,
                support::DeploymentBuilder(name_).Requires(name_ + "@" + kFinalVersion).Build());
    Put(kinds_.database, database_);
    Put(kinds_.migration, migration_);
    for (int i = 0; i < steps; ++i)
        Step();
}

void Walk::Step() {
    ++report_.transitions;
    const bool is_database = random_() % 4 == 0;
    const auto& kind = is_database ? kinds_.database : kinds_.migration;
    Json& current = is_database ? database_ : migration_;
    constexpr unsigned kRecreate = 25, kBack = 10;
    const unsigned what = random_() % 100;
    if (what < kRecreate / 5) return Recreate(kind);
    if (what < kBack + kRecreate / 5) {
        const auto database = random_() % 3 == 0 ? OtherDatabase(name_) : FirstDatabase(name_);
        current = is_database ? database : FirstMigration(name_);
        path_.push_back(std::string(kind.Resource().kind) + " back to a valid spec");
        const auto reply = Put(kind, current);
        if (!reply.Admitted()) return Violation("a valid spec is refused: " + reply.Message());
        ++report_.admitted;
        WaitUntilObserved(kind, reply.body["metadata"]["generation"]);
        return;
    }
    const auto& change = kind.Any(random_);
    const std::string field = std::string(kind.Resource().kind) + change.Field();
    report_.Touched(field);
    const auto before = api_.Get(kind.Resource(), ns_, name_);
    const auto object = support::Changed(kind.Schema(), current, change);
    const auto reply = Put(kind, object);
    path_.push_back(field + ": " + change.what + " -> " + std::to_string(reply.code));
    if (!reply.Admitted()) {
        ++report_.refused;
        return CheckRefused(kind, change, before, reply);
    }
    ++report_.admitted;
    if (change.is_refused) Violation("the schema should have refused this");
    // As stored: with defaults, without what was pruned.
    current = {{"apiVersion", object["apiVersion"]},
               {"kind", object["kind"]},
               {"metadata", {{"name", name_}}},
               {"spec", reply.body["spec"]}};
    WaitUntilObserved(kind, reply.body["metadata"]["generation"]);
}

/// Deleted and made anew, as GitOps does; refused while a run is active.
void Walk::Recreate(const FuzzedKind& kind) {
    const auto reply = api_.Delete(kind.Resource(), ns_, name_);
    path_.push_back(std::string(kind.Resource().kind) + " deleted -> " + std::to_string(reply.code));
    if (reply.Admitted()) {
        const bool is_gone =
            mirror_.WaitFor([&] { return mirror_.Find(kind.Resource(), name_).is_null(); }, kUntilObserved);
        if (!is_gone) return Violation("a deleted object stays");
        ++report_.admitted;
    } else {
        ++report_.refused;
    }
    const auto made = Put(kind, &kind == &kinds_.database ? database_ : migration_);
    if (!made.Admitted()) Violation("what was admitted is refused after its re-creation: " + made.Message());
}

void Walk::CheckRefused(const FuzzedKind& kind, const support::SchemaChange& change, const Reply& before,
                        const Reply& reply) {
    if (reply.code >= 500) return Violation("the API server fails: " + reply.Message());
    if (!NamesField(reply.Message(), change.field))
        Violation("the refusal does not name " + change.Field() + ": " + reply.Message().substr(0, 500));
    const auto after = api_.Get(kind.Resource(), ns_, name_);
    if (before.code == after.code && before.body.value("spec", Json()) != after.body.value("spec", Json()))
        Violation("a refused change changed the object");
}

bool Walk::WaitUntilObserved(const FuzzedKind& kind, std::int64_t generation) {
    const bool observed = mirror_.WaitFor(
        [&] {
            const auto object = mirror_.Find(kind.Resource(), name_);
            return object.is_object() &&
                   core::NumberAt(object, {"status", "observedGeneration"}).value_or(-1) >= generation;
        },
        kUntilObserved);
    if (!observed) {
        const auto object = api_.Get(kind.Resource(), ns_, name_).body;
        Violation("generation " + std::to_string(generation) + " of " + std::string(kind.Resource().kind) +
                  " is not observed within " + std::to_string(kUntilObserved.count()) +
                  " ms: " + object.value("status", Json()).dump().substr(0, 2000));
    }
    return observed;
}

bool Walk::Arrive() {
    const auto began = std::chrono::steady_clock::now();
    path_.push_back("to the final specs");
    for (const auto& [kind, object] :
         {std::pair{&kinds_.database, FinalDatabase(name_)}, std::pair{&kinds_.migration, FinalMigration(name_)}}) {
        const auto reply = Put(*kind, object);
        if (!reply.Admitted()) {
            Violation("a valid spec is refused: " + reply.Message());
            return false;
        }
    }
    const bool arrived = mirror_.WaitFor(
        [&] {
            const auto migration = mirror_.Find(kube::kMigrations, name_);
            const auto database = mirror_.Find(kube::kDatabases, name_);
            const auto deployment = mirror_.Find(kube::kDeployments, name_);
            if (!migration.is_object() || !database.is_object() || !deployment.is_object()) return false;
            if (migration["spec"].value("run", "") != "final" ||
                migration["spec"].value("version", "") != kFinalVersion)
                return false;
            const auto ready = ConditionOf(migration, "Ready"), known = ConditionOf(database, "Ready");
            return !ready.is_null() && ready["status"] == "True" && IsObserved(migration) && !known.is_null() &&
                   known["status"] == "True" && IsObserved(database) && !database["status"].value("active", true) &&
                   !IsHeldBack(deployment);
        },
        kUntilArrived);
    if (!arrived) {
        Violation("does not recover within " + std::to_string(kUntilArrived.count()) +
                  " ms after a valid spec: " + EndState().dump(1).substr(0, 4000) + "\n" +
                  api_.Get(kube::kMigrations, ns_, name_).body.value("status", Json()).dump().substr(0, 3000));
        return false;
    }
    report_.Recovered(std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began),
                      "seed " + std::to_string(seed_));
    return true;
}

Json Walk::EndState() {
    const auto migration = api_.Get(kube::kMigrations, ns_, name_).body;
    const auto database = api_.Get(kube::kDatabases, ns_, name_).body;
    const auto deployment = api_.Get(kube::kDeployments, ns_, name_).body;
    const auto ledger = api_.Get(kube::kLedgers, ns_, "tidegate").body;
    Json state;
    state["migration"] = {{"spec", migration.value("spec", Json())},
                          {"conditions", Conditions(migration)},
                          {"observed", IsObserved(migration)}};
    if (const auto* run = core::FindAt(migration, {"status", "run"}))
        state["migration"]["run"] =
            Picked(*run, {"key", "launch", "attempt", "active", "image", "version", "waitingFor"});
    if (const auto& history = core::ArrayAt(migration, {"status", "history"}); !history.empty()) {
        state["migration"]["newest"] = Picked(history[0], {"key", "launch", "attempt", "image", "imageID",
                                                           "versionAfter", "exitCode", "signal", "reason"});
    }
    state["database"] = {{"spec", database.value("spec", Json())},
                         {"conditions", Conditions(database)},
                         {"observed", IsObserved(database)},
                         {"version", core::TextAt(database, {"status", "version"})},
                         {"dirty", core::BoolAt(database, {"status", "dirty"})},
                         {"active", core::BoolAt(database, {"status", "active"})},
                         {"identity", core::TextAt(database, {"status", "identity"})}};
    if (const auto& runs = core::ArrayAt(database, {"status", "runs"}); !runs.empty()) {
        state["database"]["newest"] =
            Picked(runs[0], {"key", "outcome", "reason", "attempts", "launches", "image", "version", "migration"});
    }
    state["deployment"] = {
        {"held", IsHeldBack(deployment)},
        {"label", core::TextAt(deployment, {"metadata", "labels", "tidegate.io/gate"})},
        {"waiting for", core::TextAt(deployment, {"metadata", "annotations", "tidegate.io/waiting-for"})}};
    bool is_satisfied = false;
    for (const auto& requirement : core::ArrayAt(ledger, {"satisfied"}))
        is_satisfied = is_satisfied || requirement == name_ + "@" + kFinalVersion;
    state["ledger"] = is_satisfied;
    return WithoutName(state, name_);
}

}  // namespace test
