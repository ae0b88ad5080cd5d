#pragma once

#include <string>
#include <string_view>

#include "version/reading.hpp"
#include "version/tool.hpp"

/// What a migration tool leaves behind when it ends half-way (a mark in its history, a lock of its own), in words, with
/// the command of that tool that mends it. Tidegate itself mends nothing: whether a schema is whole only people know.
namespace engine {

/// What to do about a reading that is dirty: whole sentences. `before`: of the database before the run, where known.
std::string RepairAdvice(version::Tool tool, const version::Reading& dirty, const version::Reading* before = nullptr);

/// What is known of whoever took a tool's lock.
struct LockSuspects {
    /// The Job of the run that has ended; empty: no run of ours.
    std::string_view job;
    const version::Reading* before = nullptr;
};

/// The lock of `reading` and what to do about it: whole sentences; empty when it was free.
std::string ExplainToolLock(version::Tool tool, const version::Reading& reading, const LockSuspects& suspects = {});

/// Another run would only find the lock taken: no person's deed, no time frees it.
bool IsStuck(const version::Reading& reading);

}  // namespace engine
