#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "control_plane/faults/played_database.hpp"
#include "support/recorder.hpp"

namespace faults {

/// Scheduler and kubelet of one namespace that act by themselves: each pod of ours is bound, its containers run as its
/// image's script says, and its status tells. It follows the recorded history, so it never sees what the operator sees
/// through a proxy.
class PlayedNode final {
public:
    struct Settings {
        /// The agent's fence: a migration begins only when none runs. Off where the operator alone has to see to that.
        bool fence = false;
    };

    PlayedNode(std::string ns, std::shared_ptr<support::History> history, PlayedDatabase& databases, Settings settings);
    PlayedNode(const PlayedNode&) = delete;
    PlayedNode& operator=(const PlayedNode&) = delete;
    ~PlayedNode();

    /// Migrations that began go on until Release().
    void Hold();
    void Release();
    /// Without it no container of ours starts.
    void SetSecret(bool is_there);
    /// Pods are not looked at until Wake(): a node that does not answer.
    void Sleep();
    void Wake();

private:
    using Steady = std::chrono::steady_clock;
    using Json = nlohmann::json;

    struct Pod {
        bool bound = false;
        bool reported = false;
        /// How it ended: written until the API server has it.
        std::optional<Json> final_status;
        std::optional<std::size_t> run;
        std::string before;
        std::string written;
    };

    void Work(const std::stop_token& stop);
    /// When to look again; nullopt: at its next change.
    std::optional<std::chrono::milliseconds> Look(const std::string& name);
    std::optional<std::chrono::milliseconds> Advance(const Json& pod, Pod& played);
    void Terminate(const Json& pod, Pod& played);
    void Bind(const Json& pod);
    std::uint64_t Write(const Json& pod, const Json& status);
    void WriteWaiting(const Json& pod, Pod& played, const std::string& container, const std::string& reason,
                      const std::string& message);
    void Report(const Json& pod, Pod& played);
    std::string AgentReport(const std::string& database, const std::string& before) const;

    const std::string ns_;
    const std::shared_ptr<support::History> history_;
    PlayedDatabase& databases_;
    const Settings settings_;

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::set<std::string> pending_;
    std::multimap<Steady::time_point, std::string> later_;
    bool holds_ = false;
    bool secret_ = true;
    bool sleeps_ = false;
    /// By UID; only the worker touches it.
    std::map<std::string, Pod> pods_;
    std::jthread worker_;
};

}  // namespace faults
