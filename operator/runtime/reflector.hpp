#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <random>
#include <stop_token>
#include <string>
#include <variant>

#include <nlohmann/json_fwd.hpp>

#include "core/object_key.hpp"
#include "core/revision.hpp"
#include "kube/client.hpp"
#include "runtime/observer.hpp"

namespace runtime {

/// Nothing is known, or what is known is too old to go on from.
struct MustList {
    bool operator==(const MustList&) const = default;
};
struct Listing {
    std::string next;
    bool operator==(const Listing&) const = default;
};
struct Watching {
    core::Revision at;
    bool operator==(const Watching&) const = default;
};

/// The whole memory of a reflector.
struct ReflectorState {
    std::variant<MustList, Listing, Watching> phase;
    /// Since the last sign of a healthy watch.
    unsigned failures = 0;
    bool operator==(const ReflectorState&) const = default;
};

struct PageRead {
    /// Empty on the last page.
    std::string next;
    core::Revision at;
};
/// An event or a bookmark is in the store.
struct Applied {
    core::Revision at;
};
struct StreamEnded {
    kube::WatchEnd how;
    /// Ended within a second and without an event: servers that lost their cache do this instead of a 410.
    bool short_and_empty = false;
};
struct CallFailed {
    bool expired = false;
    std::chrono::milliseconds retry_after{0};
};
using ReflectorInput = std::variant<PageRead, Applied, StreamEnded, CallFailed>;

struct Move {
    ReflectorState to;
    /// Before the next call; the loop adds up to as much again at random, so that replicas do not move in step.
    std::chrono::milliseconds pause{0};
};

/// Pure. A closed or broken watch resumes from its revision; only an expired one, or one that keeps ending short and
/// empty, lists again. Pauses 800 ms, doubled up to 30 s (client-go's figures), back to none once a watch is healthy.
Move Advance(const ReflectorState& state, const ReflectorInput& input);

/// Where a reflector puts what it reads: a Store behind a parser (store_sink.hpp). Called by the reflector's thread.
class Sink {
public:
    virtual ~Sink() = default;

    /// A new list begins; what Add collected before is void.
    virtual void Begin() = 0;
    virtual void Add(const nlohmann::json& object) = 0;
    /// The list is complete.
    virtual void Commit(core::Revision at) = 0;

    virtual void Apply(const nlohmann::json& object, core::Revision at) = 0;
    virtual void Erase(const nlohmann::json& object, core::Revision at) = 0;
    virtual void Bookmark(core::Revision at) = 0;

    virtual std::size_t Size() const = 0;
};

/// Keeps a Sink equal to what the API server has: list in pages, then watch, for ever. The JSON dies here, one object
/// at a time. The revision advances only after the sink holds the event.
class Reflector final {
public:
    struct Settings {
        kube::Resource resource;
        kube::Scope scope;
        /// Bounds the memory of a list: one page of JSON at a time.
        std::size_t page_size = 100;
        /// A watch lasts a random time between these; below 295 s plus the watch client's margin (kubernetes#6513).
        std::chrono::seconds shortest_watch{240};
        std::chrono::seconds longest_watch{300};
        /// Reflectors that share one list one after the other, which bounds the memory of a start. May be null.
        std::mutex* list_turn = nullptr;
        /// Base of Advance's pauses is multiplied by this; tests make it small.
        double pause_factor = 1.0;
    };

    /// `sink` and `observer` must outlive the reflector. `watches` lists and watches.
    Reflector(Settings settings, kube::Client watches, Sink& sink, Observer& observer);

    /// Returns when stopped, and only then. Throws nothing.
    void Run(std::stop_token stop);

private:
    ReflectorInput ReadPage(const ReflectorState& state, const std::stop_token& stop);
    /// Applies events, each of which advances `state`, until the stream ends.
    ReflectorInput Follow(ReflectorState& state, const std::stop_token& stop);
    void Store(const kube::WatchEvent& event, ReflectorState& state);
    /// Runs one call and turns its exceptions into an input.
    ReflectorInput Guard(const std::function<ReflectorInput()>& call, std::string_view what);
    void Pause(std::chrono::milliseconds pause, const std::stop_token& stop);

    Settings settings_;
    kube::Client client_;
    Sink& sink_;
    Observer& observer_;
    const std::string name_;
    std::size_t listed_ = 0;
    std::chrono::steady_clock::time_point list_began_;
    std::minstd_rand random_;
};

}  // namespace runtime
