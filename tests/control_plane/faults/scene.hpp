#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include "control_plane/faults/namespaces.hpp"
#include "control_plane/faults/played_database.hpp"
#include "control_plane/faults/played_node.hpp"
#include "control_plane/faults/victim.hpp"
#include "kube/resources.hpp"
#include "support/fault_proxy.hpp"

namespace faults {

using Json = nlohmann::json;

/// The condition has this status, and is about the present generation.
bool HasCondition(const Json& object, const std::string& type, const std::string& status);

/// What a case waited for did not come.
class Stuck final : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// One namespace with everything that a case needs: a node and databases that act by themselves, an operator behind a
/// proxy, the recorded history. Users' actions go past the proxy and are repeated until the API server took them.
class Scene final {
public:
    /// One operator for several namespaces, which the scenes in them share and do not kill.
    struct SharedOperator {
        support::FaultProxy* proxy = nullptr;
        Victim* process = nullptr;
    };

    struct Settings {
        PlayedNode::Settings node;
        /// Empty: a new one.
        RecordedNamespace ns;
        /// Empty: one of its own.
        SharedOperator shared;
    };

    explicit Scene(Settings settings);
    ~Scene();

    const std::string& Ns() const { return ns_.name; }
    support::History& History() { return *ns_.history; }
    PlayedDatabase& Databases() { return databases_; }
    PlayedNode& Node() { return *node_; }
    support::FaultProxy& Proxy() { return *proxy_; }
    Victim& Operator() { return *victim_; }
    bool OwnsOperator() const { return own_victim_ != nullptr; }
    RecordedNamespace Namespace() const { return ns_; }

    /// SIGKILL, and a new process that finds what the old one left. Write numbers begin at 1 again.
    void KillAndRestart();

    // Users.
    void Create(const kube::Resource& resource, Json object);
    /// JSON merge patch.
    void Patch(const kube::Resource& resource, const std::string& name, const Json& patch);
    /// Returns when it is gone.
    void Delete(const kube::Resource& resource, const std::string& name);
    /// The same with the annotation that lets it pass although a run is active.
    void Abort(const kube::Resource& resource, const std::string& name);

    // Looking, at the recorded history.
    std::string ReasonOf(const std::string& resource, const std::string& name) const;
    bool IsHeld(const std::string& deployment) const;
    /// A migration with this image works, and its pod has said so: from then on nobody may end it unasked.
    bool HasBegun(const std::string& image) const;
    /// There are Jobs or pods of migrations.
    bool HasOfMigrations(const std::string& resource) const;

    /// The pod is evicted, or its Job deleted, by somebody.
    void DeleteNewest(const kube::Resource& resource);
    /// Everything that users and the operator made is deleted; false when it does not go. Its history ends.
    bool CleanUp();

    /// Throws Stuck.
    void Await(const std::string& what, const std::function<bool()>& condition);
    void AwaitReason(const std::string& resource, const std::string& name, const std::string& reason);
    void AwaitStalled(const std::string& migration);
    /// A condition that is about the present spec tells its owner what is the matter.
    void AwaitStalledOrWaiting(const std::string& migration);
    /// The same, or it is Ready.
    void AwaitStalledOrWaitingOrReady(const std::string& migration);
    /// The operator works, has seen what was there, and is silent.
    void AwaitCaughtUp();
    void AwaitBegin(const std::string& image);

    support::Evidence Evidence() const;

private:
    RecordedNamespace ns_;
    PlayedDatabase databases_;
    std::unique_ptr<PlayedNode> node_;
    std::unique_ptr<Victim> own_victim_;
    /// Last: its hooks use all of the above.
    std::unique_ptr<support::FaultProxy> own_proxy_;
    Victim* victim_ = nullptr;
    support::FaultProxy* proxy_ = nullptr;
};

}  // namespace faults
