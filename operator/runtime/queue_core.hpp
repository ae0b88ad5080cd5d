#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <set>

#include "core/object_key.hpp"
#include "runtime/clock.hpp"

namespace runtime {

/// The rules of the work queue as a plain value: no threads, no clock (client-go's semantics).
///   Add      queued already: nothing. Being worked on: once more after Done. Else: to the end of the line.
///   AddAt    not before `due`; a second one only moves it earlier; an Add does not cancel it.
///   Take     the first key in line; nobody else gets it before Done.
/// Hence a key never runs twice at once; many adds while it waits are one run, many while it runs exactly one more.
class QueueCore final {
public:
    /// True when the key went into the line (not merged with an earlier add).
    bool Add(const core::ObjectKey& key, SteadyTime now);
    void AddAt(const core::ObjectKey& key, SteadyTime due);
    /// Moves what is due into the line; returns how many went there.
    std::size_t Wake(SteadyTime now);

    struct Taken {
        core::ObjectKey key;
        /// When it went into the line.
        SteadyTime since;
    };
    std::optional<Taken> Take();
    /// True when the key went back into the line.
    bool Done(const core::ObjectKey& key, SteadyTime now);

    std::size_t Depth() const { return line_.size(); }
    std::size_t Running() const { return running_.size(); }
    std::size_t Delayed() const { return delayed_.size(); }
    std::optional<SteadyTime> NextDue() const;

private:
    void Push(const core::ObjectKey& key, SteadyTime now);

    std::deque<Taken> line_;
    /// Has to run (again): in the line, or running and added meanwhile.
    std::set<core::ObjectKey> dirty_;
    std::set<core::ObjectKey> running_;
    std::map<core::ObjectKey, SteadyTime> delayed_;
    std::set<std::pair<SteadyTime, core::ObjectKey>> by_due_;
};

}  // namespace runtime
