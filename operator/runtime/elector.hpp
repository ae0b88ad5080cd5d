#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include <nlohmann/json_fwd.hpp>

#include "core/object_key.hpp"
#include "kube/client.hpp"
#include "runtime/clock.hpp"
#include "runtime/lease_record.hpp"
#include "runtime/observer.hpp"

namespace runtime {

/// One leader among replicas, by a coordination.k8s.io Lease.
///
/// Not guaranteed: mutual exclusion. A paused leader may act after its lease ran out, so safety must come from names,
/// revisions and the fence in the database; the lease only keeps two operators from working against each other.
///
/// The watchdog is a thread of its own, because a renewal can hang: when the last success is older than lease_duration
/// minus margin it calls `expired`, which must end the process at once (in production `_Exit(1)`).
class Elector final {
public:
    struct Settings {
        core::ObjectKey lease;
        /// hostname_uuid: unique per process.
        std::string identity;
        /// How long others wait after our last renewal.
        std::chrono::milliseconds lease_duration{std::chrono::seconds{15}};
        /// Without a successful renewal for this long we give up leading.
        std::chrono::milliseconds renew_deadline{std::chrono::seconds{10}};
        std::chrono::milliseconds retry_period{std::chrono::seconds{2}};
        /// How often a follower looks whether the lease was given back: half of what a hand-over may take.
        std::chrono::milliseconds follow_period{std::chrono::seconds{1}};
        /// The watchdog acts this long before others may take over.
        std::chrono::milliseconds margin{std::chrono::seconds{3}};
    };
    struct Callbacks {
        /// We lead now. Called once, by the elector's thread; must return soon (start threads, do not work).
        std::function<void()> started;
        /// We led and could not renew in time. The process must end: going on is unsafe. Called once.
        std::function<void(const std::string& why)> lost;
        /// Called by the watchdog's thread. Default: writes one line to stderr and calls _Exit(1).
        std::function<void()> expired;
    };

    /// `observer` must outlive the elector. `client` is the lease's own (short timeout).
    Elector(Settings settings, kube::Client client, Callbacks callbacks, Observer& observer);
    Elector(const Elector&) = delete;
    Elector& operator=(const Elector&) = delete;
    /// Stops without release.
    ~Elector();

    void Start();
    /// Stops renewing and, when we lead, gives the lease back. Legal only after the guarded work has stopped.
    void Release() noexcept;
    /// Our lease is surely ours still: the last renewal is younger than lease_duration minus margin.
    bool Leading() const;

private:
    void Run(std::stop_token stop);
    void Watch(std::stop_token stop);
    /// True when we lead, false when stopped.
    bool Follow(const std::stop_token& stop);
    /// Why we no longer lead; "" when stopped.
    std::string Lead(const std::stop_token& stop);
    // "" is success, else what was in the way.
    std::string Attempt(const std::function<std::string()>& call);
    std::string TryAcquire(const std::stop_token& stop);
    std::string TryRenew(const std::stop_token& stop);
    std::string Keep(const kube::Written& written, SteadyTime began);
    /// False when stopped.
    bool Sleep(SteadyTime until, const std::stop_token& stop);
    nlohmann::json Object(const LeaseRecord& record) const;

    const Settings settings_;
    kube::Client client_;
    Callbacks callbacks_;
    Observer& observer_;
    /// Of the elector's thread, and of Release after it ended.
    LeaseObservation observation_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    /// Begin of the last successful renewal, while we lead.
    std::optional<SteadyTime> renewed_;
    std::jthread elector_;
    std::jthread watchdog_;
};

}  // namespace runtime
