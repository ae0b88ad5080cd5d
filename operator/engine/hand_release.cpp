#include "engine/hand_release.hpp"

#include <algorithm>
#include <map>

#include "api/reasons.hpp"
#include "engine/explain.hpp"

namespace engine {
namespace {

/// What the CRD lets one Ledger hold; what exceeds it is not recorded.
constexpr std::size_t kMostReleases = 1000;
/// Of the annotation, bytes; the CRD's maxLength.
constexpr std::size_t kLongestValue = 4096;
/// Of what users wrote, as a part of an event's 1,024 bytes.
constexpr std::size_t kLongestQuote = 256;

/// As the policies trim.
std::string Trimmed(const std::string& text) {
    constexpr const char* kSpace = " \t\n\v\f\r";
    const auto from = text.find_first_not_of(kSpace);
    return from == std::string::npos ? "" : text.substr(from, text.find_last_not_of(kSpace) - from + 1);
}

api::HandRelease ReleaseOf(const observed::WorkloadFacts& workload, std::string requirement) {
    if (workload.cron_job) {
        return {.kind = "CronJob",
                .name = workload.cron_job->name,
                .uid = workload.cron_job->uid,
                .requirement = std::move(requirement)};
    }
    const bool is_job = workload.kind == observed::WorkloadKind::Job;
    return {.kind = is_job ? "Job" : "Deployment",
            .name = workload.key.name,
            .uid = workload.uid,
            .requirement = std::move(requirement)};
}

Note NoteOf(const api::HandRelease& release, const observed::WorkloadFacts& workload) {
    std::string text = "Released by hand: " + release.kind + " " + release.name + " goes on without proof of " +
                       Quote(release.requirement, kLongestQuote);
    text += workload.release_by.empty() ? "; who asked is not known"
                                        : "; asked by " + Quote(workload.release_by, kLongestQuote);
    text += workload.release_reason.empty()
                ? "; no reason was given: say it with the annotation tidegate.io/release-reason."
                : "; reason: " + Quote(workload.release_reason, kLongestQuote) + ".";
    const auto on = release.kind == "CronJob" ? Note::On::CronJob
                    : release.kind == "Job"   ? Note::On::Job
                                              : Note::On::Deployment;
    return {.kind = on,
            .object = {workload.key.ns, release.name},
            .uid = release.uid,
            .warning = true,
            .reason = std::string(api::reasons::kReleasedByHand),
            .text = std::move(text)};
}

}  // namespace

HandReleases FindHandReleases(const LedgerWorld& world) {
    std::map<api::HandRelease, const observed::WorkloadFacts*> found;
    for (const auto& workload : world.workloads) {
        auto requirement = Trimmed(workload->requires_text);
        if (workload->held || requirement.empty() || requirement.size() > kLongestValue) continue;
        if (Trimmed(workload->release) != requirement) continue;
        found.emplace(ReleaseOf(*workload, std::move(requirement)), workload.get());
    }
    HandReleases releases;
    const auto is_recorded = [&](const api::HandRelease& release) {
        return world.ledger &&
               std::binary_search(world.ledger->released.begin(), world.ledger->released.end(), release);
    };
    for (const auto& [release, workload] : found) {
        if (releases.in_effect.size() == kMostReleases) break;
        releases.in_effect.push_back(release);
        if (!is_recorded(release)) releases.notes.push_back(NoteOf(release, *workload));
    }
    return releases;
}

}  // namespace engine
