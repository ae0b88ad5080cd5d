#include "engine/image_source.hpp"

#include <algorithm>
#include <utility>

#include "api/requirement.hpp"
#include "engine/explain.hpp"

namespace engine {
namespace {

using observed::WorkloadFacts;

/// Bytes; the CRDs' maxLength of an image, in a spec and in the record. The API server refuses a status with a longer
/// one as a whole.
constexpr std::size_t kLongestImage = 512;
/// Of the names in a message: enough to find the one that was meant.
constexpr std::size_t kMostNamed = 8;

const WorkloadFacts* FindDeployment(const std::vector<Shared<WorkloadFacts>>& workloads, const std::string& name) {
    const auto found = std::find_if(workloads.begin(), workloads.end(), [&](const auto& workload) {
        return workload->kind == observed::WorkloadKind::Deployment && workload->key.name == name &&
               !workload->deleting;
    });
    return found == workloads.end() ? nullptr : found->get();
}

bool RequiresImageOf(const WorkloadFacts& workload, const std::string& database) {
    const auto parsed = api::ParseRequirements(workload.requires_text);
    return std::any_of(parsed.requirements.begin(), parsed.requirements.end(),
                       [&](const auto& requirement) { return requirement.image && requirement.database == database; });
}

/// "app, sidecar"
std::string ContainerNames(const WorkloadFacts& workload, bool with_init) {
    std::string names;
    std::size_t count = 0;
    for (const auto& container : workload.containers) {
        if (container.init && !with_init) continue;
        if (++count > kMostNamed) return names + ", ...";
        names += (names.empty() ? "" : ", ") + container.name;
    }
    return names;
}

/// As spec.image may be written.
bool IsReference(const std::string& image) {
    const auto is_wrong = [](unsigned char c) { return c <= ' ' || c == ',' || c == 0x7F; };
    return !image.empty() && image.size() <= kLongestImage && std::none_of(image.begin(), image.end(), is_wrong);
}

ImageSource Without(std::string problem) {
    return {.image = {}, .problem = std::move(problem)};
}

ImageSource ImageOf(const WorkloadFacts::Container& container, const std::string& deployment) {
    if (IsReference(container.image)) return {.image = container.image, .problem = {}};
    if (container.image.empty()) {
        return Without("Container " + container.name + " of Deployment " + deployment + " has no image. Give it one.");
    }
    return Without("The image of container " + container.name + " of Deployment " + deployment +
                   " is no image reference that Tidegate can record (" + Quote(container.image, 100) +
                   "): at most 512 characters, neither whitespace nor commas. Correct it.");
}

}  // namespace

ImageSource FindImage(const api::Migration& migration, const std::vector<Shared<WorkloadFacts>>& workloads) {
    const auto& from = *migration.spec.image_from;
    const std::string& name = from.deployment;
    const std::string requirement = migration.spec.database + "@image";
    const auto* deployment = FindDeployment(workloads, name);
    if (deployment == nullptr || !RequiresImageOf(*deployment, migration.spec.database)) {
        return Without("No Deployment " + name + " in namespace " + migration.key.ns + " is seen that requires " +
                       requirement + ". Create it with the annotation tidegate.io/requires: " + requirement +
                       " on its pod template, or correct spec.imageFrom.deployment.name. One that had the annotation "
                       "before Tidegate was installed is seen from its next rollout on.");
    }
    const auto& containers = deployment->containers;
    if (!from.container.empty()) {
        const auto found = std::find_if(containers.begin(), containers.end(),
                                        [&](const auto& container) { return container.name == from.container; });
        if (found != containers.end()) return ImageOf(*found, name);
        return Without("Deployment " + name + " has no container " + from.container + ", only " +
                       ContainerNames(*deployment, true) + ". Correct spec.imageFrom.deployment.container.");
    }
    const auto is_main = [](const auto& container) { return !container.init; };
    if (std::count_if(containers.begin(), containers.end(), is_main) != 1) {
        return Without("Deployment " + name + " has several containers (" + ContainerNames(*deployment, false) +
                       "). Name the one whose image is meant in spec.imageFrom.deployment.container.");
    }
    return ImageOf(*std::find_if(containers.begin(), containers.end(), is_main), name);
}

api::Migration WithImage(const api::Migration& migration, const std::vector<Shared<WorkloadFacts>>& workloads) {
    api::Migration resolved = migration;
    if (!migration.spec.image_from) return resolved;
    resolved.spec.image = FindImage(migration, workloads).image;
    resolved.run_key = resolved.spec.image.empty() ? "" : migration.spec.image_from->key.With(resolved.spec.image);
    return resolved;
}

World WithImages(const World& world) {
    World resolved = world;
    for (auto& migration : resolved.migrations) {
        if (migration->spec.image_from)
            migration = std::make_shared<const api::Migration>(WithImage(*migration, world.workloads));
    }
    return resolved;
}

bool NeedsImages(const World& world) {
    return std::any_of(world.migrations.begin(), world.migrations.end(),
                       [](const auto& migration) { return migration->spec.image_from.has_value(); });
}

std::string WhatChanged(const api::Migration& migration) {
    if (!migration.spec.image_from) return "the spec";
    return "the spec, or the image of Deployment " + migration.spec.image_from->deployment + ",";
}

}  // namespace engine
