#include "engine/old_pods.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "api/requirement.hpp"
#include "engine/explain.hpp"
#include "engine/judge.hpp"
#include "engine/range.hpp"

namespace engine {
namespace {

using observed::SchemaUser;
using observed::UserKind;
using Ordering = std::optional<std::strong_ordering>;

/// Of a condition's message: who has to act sees at once what is left, and `kubectl get` shows the rest.
constexpr std::size_t kMostNamed = 5;
/// Of what users wrote, bytes.
constexpr std::size_t kLongestQuote = 100;

std::vector<api::Requirement> Requirements(const std::string& text, const std::string& database) {
    auto requirements = api::ParseRequirements(text).requirements;
    std::erase_if(requirements, [&](const auto& requirement) { return requirement.database != database; });
    return requirements;
}

/// Where `version` lies against what the requirement needs: of an image, against the run that brought the most.
std::vector<Ordering> Compared(const api::Database& database, const api::Requirement& requirement,
                               const std::vector<std::string>& images, const std::string& version) {
    if (!requirement.image) return {CompareIn(database, requirement.version, version)};
    std::vector<Ordering> orders;
    for (const auto& run : database.status.runs) {
        const bool is_used = std::find(images.begin(), images.end(), run.image) != images.end();
        if (!is_used || run.version.empty() || !ProvesImage(database, run)) continue;
        orders.push_back(CompareIn(database, run.version, version));
    }
    if (orders.empty()) orders.emplace_back();
    return orders;
}

/// A pod needs the highest of what its template names.
bool NeedsAtLeast(const api::Database& database, const std::vector<api::Requirement>& requirements,
                  const std::vector<std::string>& images, const std::string& version) {
    return std::any_of(requirements.begin(), requirements.end(), [&](const auto& requirement) {
        const auto orders = Compared(database, requirement, images, version);
        return std::any_of(orders.begin(), orders.end(),
                           [](const auto& order) { return order && std::is_gteq(*order); });
    });
}

bool NeedsAtMost(const api::Database& database, const std::vector<api::Requirement>& requirements,
                 const std::vector<std::string>& images, const std::string& version) {
    return std::all_of(requirements.begin(), requirements.end(), [&](const auto& requirement) {
        const auto orders = Compared(database, requirement, images, version);
        return std::any_of(orders.begin(), orders.end(),
                           [](const auto& order) { return order && std::is_lteq(*order); });
    });
}

class Finder final {
public:
    Finder(const api::Database& database, const api::Migration& migration, const std::vector<SchemaUser>& users)
        : database_(database), migration_(migration) {
        for (const auto& user : users)
            by_uid_.emplace(user.uid.value, &user);
        for (const auto& user : users) {
            if (user.kind != UserKind::ReplicaSet || !IsOfPaused(user)) continue;
            auto& newest = newest_[user.owner.value];
            if (newest == nullptr || newest->rollout < user.rollout) newest = &user;
        }
    }

    bool IsOld(const SchemaUser& user) const {
        if (!user.runs && !MayComeFromZero(user)) return false;
        const auto needs = Requirements(user.requires_text, database_.key.name);
        if (migration_.spec.phase == api::Phase::Down)
            return !NeedsAtMost(database_, needs, user.images, migration_.spec.version);
        if (needs.empty()) return IsOfNaming(user);
        return !NeedsAtLeast(database_, needs, user.images, migration_.spec.minimum_version);
    }

    core::Uid WorkloadOf(const SchemaUser& user) const {
        const auto* head = &user;
        while (const auto* owner = OwnerOf(*head))
            head = owner;
        return head->uid;
    }

private:
    const SchemaUser* OwnerOf(const SchemaUser& user) const {
        const auto found = user.owner.value.empty() ? by_uid_.end() : by_uid_.find(user.owner.value);
        // Owners are listed before what they own; a circle of owners would be somebody's hand.
        return found == by_uid_.end() || found->second->kind >= user.kind ? nullptr : found->second;
    }
    bool IsOfPaused(const SchemaUser& user) const {
        const auto* owner = OwnerOf(user);
        return owner != nullptr && owner->paused;
    }
    bool MayComeFromZero(const SchemaUser& user) const {
        const auto newest = newest_.find(user.owner.value);
        return newest != newest_.end() && newest->second == &user;
    }
    bool IsOfNaming(const SchemaUser& user) const {
        for (const auto* owner = OwnerOf(user); owner != nullptr; owner = OwnerOf(*owner)) {
            if (!Requirements(owner->requires_text, database_.key.name).empty()) return true;
        }
        return false;
    }

    const api::Database& database_;
    const api::Migration& migration_;
    std::map<std::string_view, const SchemaUser*> by_uid_;
    std::map<std::string_view, const SchemaUser*> newest_;
};

std::string RequirementOf(const SchemaUser& user, const std::string& database) {
    std::string text;
    for (const auto& requirement : Requirements(user.requires_text, database))
        text += (text.empty() ? "" : ",") + requirement.text;
    return text;
}

}  // namespace

std::vector<OldPod> FindOldPods(const api::Database& database, const api::Migration& migration,
                                const std::vector<SchemaUser>& users) {
    const Finder finder(database, migration, users);
    std::vector<OldPod> found;
    for (const auto& user : users) {
        if (!finder.IsOld(user)) continue;
        found.push_back({.kind = user.kind,
                         .name = user.name,
                         .requirement = RequirementOf(user, database.key.name),
                         .deleting = user.deleting,
                         .workload = finder.WorkloadOf(user)});
    }
    // Owners first: they are what somebody has to change.
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.kind < b.kind; });
    return found;
}

std::string Describe(const std::vector<OldPod>& pods) {
    std::string text;
    for (std::size_t i = 0; i < std::min(pods.size(), kMostNamed); ++i) {
        const auto& pod = pods[i];
        text += (i == 0 ? "" : ", ") + std::string(Name(pod.kind)) + " " + pod.name + " (" +
                (pod.requirement.empty() ? "without a requirement" : Quote(pod.requirement, kLongestQuote)) +
                (pod.deleting ? ", terminating)" : ")");
    }
    if (pods.size() > kMostNamed) text += " and " + std::to_string(pods.size() - kMostNamed) + " more";
    return text;
}

const observed::WorkloadFacts* FindSkippedStep(
    const api::Database& database, const api::Migration& migration, const std::vector<OldPod>& pods,
    const std::vector<std::shared_ptr<const observed::WorkloadFacts>>& workloads) {
    if (migration.spec.phase != api::Phase::Contract || migration.spec.version.empty()) return nullptr;
    for (const auto& workload : workloads) {
        if (!workload->held || workload->kind != observed::WorkloadKind::Deployment) continue;
        const auto needs = Requirements(workload->requires_text, database.key.name);
        const bool needs_it = std::any_of(needs.begin(), needs.end(), [&](const auto& requirement) {
            if (requirement.image || JudgeVersion(database, requirement.version) == Verdict::Holds) return false;
            const auto order = CompareIn(database, requirement.version, migration.spec.version);
            return order && std::is_gteq(*order);
        });
        // What terminates goes by itself.
        const bool keeps_old = std::any_of(
            pods.begin(), pods.end(), [&](const auto& pod) { return pod.workload == workload->uid && !pod.deleting; });
        if (needs_it && keeps_old) return workload.get();
    }
    return nullptr;
}

}  // namespace engine
