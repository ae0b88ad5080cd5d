#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/object_key.hpp"
#include "core/revision.hpp"
#include "core/uid.hpp"
#include "kube/errors.hpp"
#include "kube/observer.hpp"
#include "kube/resources.hpp"

namespace kube {

class Transport;
struct Request;
struct Status;
using Json = nlohmann::json;

/// What to list or watch. An empty `ns` means all namespaces.
struct Scope {
    std::string ns;
    std::string label_selector;
    std::string field_selector;
};

struct Page {
    std::vector<Json> items;
    /// The revision of the whole list: the same on each page, where a watch goes on.
    core::Revision at;
    /// Token of the next page; empty on the last.
    std::string next;
};

/// Answers to a write that a caller must expect.
enum class Outcome {
    kDone,
    /// Create: an object of that name is there. It may be ours: see transport.hpp on replay. Compare the owner.
    kAlreadyExists,
    /// The object is not as the caller thought: another revision or UID. Read again.
    kConflict,
    /// The object (or, at create, its namespace) does not exist.
    kGone,
    /// The server does not want this write: RBAC, admission policy, quota, validation, namespace terminating. `reason`
    /// and `message` are the server's own words, to be shown to the user. Nothing was changed.
    kRefused,
};

std::string_view ToString(Outcome outcome);

struct Written {
    Outcome outcome = Outcome::kDone;
    /// After kDone: the object's new revision; 0 when the answer carries none (delete).
    core::Revision revision;
    core::Uid uid;
    /// metav1.Status reason and message when the outcome is not kDone.
    std::string reason;
    std::string message;
    /// After kDone: the object as the server stored it, when the answer holds it.
    std::shared_ptr<const Json> object;

    bool Done() const { return outcome == Outcome::kDone; }
};

struct WatchEvent {
    enum class Type { kAdded, kModified, kDeleted, kBookmark };

    Type type = Type::kAdded;
    /// Lives as long as the callback.
    const Json& object;
    core::Revision at;
};

/// kClosed: go on from the last applied revision. kExpired: that revision is compacted, list again.
enum class WatchEnd { kClosed, kExpired, kStopped };

enum class Subresource { kNone, kStatus };
enum class Propagation { kBackground, kForeground, kOrphan };

struct DeleteOptions {
    /// The object is deleted only if it still is this one ...
    core::Uid uid;
    /// ... and, unless 0, of this revision.
    core::Revision revision;
    Propagation propagation = Propagation::kBackground;
};

/// The API server in Kubernetes' terms. Blocking; thread-safe; cheap to copy. Throws what errors.hpp lists.
/// It repeats nothing: pauses and retries belong to the loops that know what the call was for (429 and 503 carry
/// RetryAfter in ApiError). The operator has three, with their own connections: see clients.hpp.
class Client final {
public:
    struct Settings {
        /// Sent with each write. Stable, and not beginning with "kubectl" (Flux strips such managers).
        std::string field_manager;
        /// May be null. Must outlive the client.
        Observer* observer = nullptr;
        /// Asked before each write; false throws TransportError. Empty: always.
        std::function<bool()> may_write;
    };

    Client(std::shared_ptr<Transport> transport, Settings settings);

    /// The same connection for one who may write only while `may_write` says so: a leader that slept and woke up sends
    /// nothing more. It narrows a window and closes none: a request may already be on its way.
    Client WritingOnlyWhile(std::function<bool()> may_write) const;

    /// nullopt: there is no such object. A quorum read.
    std::optional<Json> Get(const Resource&, const core::ObjectKey&, std::stop_token = {}) const;

    /// One page of a quorum list; `next` is the token of the page before. An expired token is ApiError::IsExpired().
    Page List(const Resource&, const Scope&, std::size_t limit, std::string_view next = {}, std::stop_token = {}) const;

    /// Calls `on_event` for each event as it arrives, bookmarks included, until the server ends the stream after about
    /// `timeout`. Resume from the revision of the last event that was *applied*: a broken stream may lose its tail.
    WatchEnd Watch(const Resource&, const Scope&, core::Revision from, std::chrono::seconds timeout,
                   const std::function<void(const WatchEvent&)>& on_event, std::stop_token) const;

    /// The object needs metadata.name: a generated name would make a lost answer a second object (aborts).
    Written Create(const Resource&, const Json& object, std::stop_token = {}) const;

    /// JSON Patch, preceded by a test of metadata.resourceVersion: an object of another revision gives kConflict. A
    /// path that is not there (the parent of an `add`) gives kRefused: the server answers both alike, so one read
    /// follows.
    Written Patch(const Resource&, const core::ObjectKey&, core::Revision at, const Json& operations,
                  Subresource = Subresource::kNone, std::stop_token = {}) const;

    /// JSON merge patch. No revision test unless the patch holds metadata.resourceVersion.
    Written MergePatch(const Resource&, const core::ObjectKey&, const Json& patch, Subresource = Subresource::kNone,
                       std::stop_token = {}) const;

    /// PUT; the object needs metadata.resourceVersion (aborts). For Leases; everything else is patched.
    Written Replace(const Resource&, const Json& object, std::stop_token = {}) const;

    /// The UID is required (aborts): nobody deletes what somebody re-created under the same name.
    Written Delete(const Resource&, const core::ObjectKey&, const DeleteOptions&, std::stop_token = {}) const;

private:
    Written Write(const Resource&, const core::ObjectKey&, Request, std::stop_token,
                  std::optional<core::Revision> tested) const;
    Written ExplainPatch(const Resource&, const core::ObjectKey&, const Status&, std::optional<core::Revision> tested,
                         std::stop_token) const;

    std::shared_ptr<Transport> transport_;
    Settings settings_;
};

}  // namespace kube
