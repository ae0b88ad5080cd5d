#pragma once

#include <compare>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/uid.hpp"

namespace api {

/// Names one launch of one run. The same RunId always gives the same Job name, so creating its Job is a
/// compare-and-swap.
struct RunId {
    std::string migration;
    core::Uid migration_uid;
    std::string key;
    int launch = 0;
    /// A Migration whose databaseRef changes runs again, in another database's record: its Jobs must not meet.
    std::string database;

    auto operator<=>(const RunId&) const = default;
};

/// The run key: a hash over the closed list of fields of Migration.spec that decide what runs (image as written,
/// command, args, env, envFrom, volumes, version, phase, minimumVersion, run). Changing anything else runs nothing
/// again. 16 characters. A new field joins the list only with a value that leaves the key of specs without it
/// unchanged.
std::string RunKey(const nlohmann::json& migration_spec);

/// At most 63 characters: "<first 40 of the Migration's name>-<10 of hash(name, uid, key, Database)>-<launch>". The Job
/// controller copies a Job's name into a label, hence the limit.
std::string JobName(const RunId& run);

/// The same for the probe of a Database: "<first 40 of its name>-<10 of hash(name, uid, "probe")>-<launch>".
std::string ProbeJobName(std::string_view database, const core::Uid& uid, int launch);

}  // namespace api
