#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/reading.hpp"

/// A Database whose version was read once, and readings of it that come later.
namespace engine::readings {

inline const core::Time kStart = *core::ParseTime("2026-11-22T12:00:00Z");

inline api::Database At(const std::string& version) {
    api::Database database;
    database.key = {"shop", "orders"};
    database.generation = 1;
    database.status.verified_time = kStart;
    database.status.verified_generation = 1;
    database.status.verified_by = "probe-1";
    database.status.verified_by_created = kStart;
    database.status.identity = "7301/1";
    database.status.version = version;
    return database;
}

inline NewReading Reading(std::vector<std::string> versions, std::chrono::seconds created = std::chrono::seconds{10}) {
    return {.reading = {.initialised = !versions.empty(), .versions = std::move(versions)},
            .identity = "7301/1",
            .job = "probe-2",
            .job_created = kStart + created,
            .generation = 1};
}

}  // namespace engine::readings
