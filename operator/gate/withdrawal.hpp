#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace gate {

/// What takes everything of ours off a workload, for good: when Tidegate is uninstalled nobody is left who would
/// release what is held, and our marks mean nothing any more. The other way round from a release, after which the label
/// stays.
///
/// Pure; one function per gated kind, for objects of the shape that the API server returns. nullopt: nothing of ours is
/// on it. What its owner wrote (tidegate.io/requires, tidegate.io/release, a pause of theirs) stays.
struct Withdrawal {
    /// JSON Patch operations. They hold for exactly the object that they were made for: send them with its revision.
    nlohmann::json patch;
    /// It was held, so this is what starts it.
    bool starts = false;
    /// UID of the CronJob that made the held Job; empty: none did. Of those with the same one only the newest is to
    /// start.
    std::string cron_job;
};

/// A mark in the pod template of a Deployment that is not paused stays: taking it away would replace running pods. No
/// policy leaves one there.
std::optional<Withdrawal> WithdrawFromDeployment(const nlohmann::json& deployment);

/// A held Job is known by its label, since its template cannot be changed.
std::optional<Withdrawal> WithdrawFromJob(const nlohmann::json& job);

/// A CronJob is never held; who released its Jobs by hand stands in its Job template.
std::optional<Withdrawal> WithdrawFromCronJob(const nlohmann::json& cron_job);

}  // namespace gate
