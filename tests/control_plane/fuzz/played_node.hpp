#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "control_plane/controllers/operator_fixture.hpp"
#include "kube/client.hpp"

namespace test {

/// Plays, on its own threads, what a whole namespace has instead of a node: pods are bound, their containers run and
/// end, and databases hold what the migrations that ran left in them. Unlike support::Node nobody has to tell it each
/// step, so it fits cases in which the operator decides how many pods there are.
///
/// Thread-safe. Ends with the object.
class PlayedNode final {
public:
    /// How a migration container ends and what it leaves in the database.
    struct Effect {
        int exit_code = 0;
        /// nullopt: it changed nothing.
        std::optional<Versions> versions;
    };
    /// `pod` is of a migration; `before` is what its database holds.
    using Command = std::function<Effect(const Json& pod, const Versions& before)>;
    /// A migration container that ran to its end: the truth that records are compared with.
    struct Run {
        std::string job, pod, database, wanted;
        int exit_code = 0;
    };

    /// `settle`: how long a migration's agent looks at the fence before the migration container starts. The real one
    /// takes 5 s, which gives the operator that long to end what should not run.
    PlayedNode(kube::Client client, std::string ns, Command command, std::chrono::milliseconds settle = {});
    ~PlayedNode();
    PlayedNode(const PlayedNode&) = delete;
    PlayedNode& operator=(const PlayedNode&) = delete;

    /// Migration containers run and do not end, until LetEnd.
    void KeepRunning();
    void LetEnd();

    std::vector<Run> Runs() const;
    Versions VersionsOf(const std::string& database) const;

private:
    void Watch(const std::stop_token& stop);
    void Play(const std::stop_token& stop);
    bool Step(const std::string& name);
    bool HasSettled(const Json& pod);
    void Bind(const Json& pod) const;
    void StartAgent(const Json& pod) const;
    void Start(const Json& pod) const;
    void End(const Json& pod);
    void EndDeleted(const Json& pod) const;
    void WriteStatus(const Json& pod, const Json& status) const;

    const kube::Client client_;
    const std::string ns_;
    const Command command_;
    const std::chrono::milliseconds settle_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::map<std::string, Json> pods_;
    std::set<std::string> due_;
    std::set<std::string> ended_, settled_;
    /// Pods whose agent looks at the fence: until when.
    std::map<std::string, std::chrono::steady_clock::time_point> settling_;
    bool keep_running_ = false;
    std::vector<Run> runs_;
    std::map<std::string, Versions> databases_;
    std::jthread watcher_, player_;
};

/// The version that the pod's Migration asks for; "" for none.
std::string WantedVersion(const Json& pod);

}  // namespace test
