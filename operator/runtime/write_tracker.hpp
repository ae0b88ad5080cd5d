#pragma once

#include <compare>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/object_key.hpp"
#include "core/revision.hpp"
#include "kube/resources.hpp"

namespace runtime {

/// No decision on a cache older than our own last write (KEP-5647). A worker asks MayDecide before it looks at the
/// stores and reports each write that was Done. Thread-safe; one worker at a time owns a work key (the queue's
/// promise).
///
/// Wake-up: our own write comes back as a watch event whose route adds the key again. For a write that may come back
/// unseen (the object left the selector), let the pass ask for requeue_after as well.
/// Deletes need no entry: their answer carries no revision, and repeating one with a UID precondition is harmless.
class WriteTracker final {
public:
    /// Store::Seen of that resource's store, by namespace.
    using SeenFunction = std::function<core::Revision(std::string_view ns)>;

    struct Doubtful {
        kube::Resource resource;
        core::ObjectKey object;
    };

    /// Before the workers start. Writes to resources without a store are not waited for.
    void Track(const kube::Resource& resource, SeenFunction seen);

    /// We wrote `object` at `revision` while working on `work`.
    void Wrote(const core::ObjectKey& work, const kube::Resource& resource, const core::ObjectKey& object,
               core::Revision revision);

    /// The answer to a write was lost (kube::OutcomeUnknown): the next pass reads the object live first.
    void Doubt(const core::ObjectKey& work, const kube::Resource& resource, const core::ObjectKey& object);
    /// What has to be read live before anything is decided.
    std::vector<Doubtful> Doubts(const core::ObjectKey& work) const;
    /// The object was read live at `revision` (0: it does not exist). Deciding waits until the store has seen that.
    void Resolve(const core::ObjectKey& work, const kube::Resource& resource, const core::ObjectKey& object,
                 core::Revision revision);

    /// The stores have seen all that we wrote for this work, and nothing is in doubt.
    bool MayDecide(const core::ObjectKey& work);

    /// How many work keys wait; 0 in a quiet operator.
    std::size_t Waiting() const;

private:
    struct Place {
        std::string resource;
        std::string ns;
        auto operator<=>(const Place&) const = default;
    };
    struct Doubt_ {
        std::string resource;
        core::ObjectKey object;
        auto operator<=>(const Doubt_&) const = default;
    };
    struct Pending {
        std::map<Place, core::Revision> writes;
        std::map<Doubt_, kube::Resource> doubts;
    };

    bool Seen(const Place& place, core::Revision revision) const;

    mutable std::mutex mutex_;
    std::map<std::string, SeenFunction> seen_;
    std::map<core::ObjectKey, Pending> pending_;
};

}  // namespace runtime
