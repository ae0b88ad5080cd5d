#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/object_key.hpp"
#include "core/revision.hpp"

namespace runtime {

/// The last seen state of all objects of one kind, as small typed structs. Filled by reflectors, read by workers.
///
/// Guarantees: thread-safe. What Find and With return never changes. Per object, states arrive in order (some may be
/// skipped). The listener is called after the store was updated, by the reflector's thread and without the lock held,
/// with (old, new): old is null for an object not known before, new is null for one that is gone (its last known state
/// may be stale). A fast re-creation under the same name arrives as one change: compare UIDs.
/// Not guaranteed: any order between objects, or that every state is seen.
///
/// A scope is what one reflector covers: "" (all namespaces) or one namespace. Scopes of a store do not overlap.
template <class Object>
class Store final {
public:
    using Pointer = std::shared_ptr<const Object>;
    using Listener = std::function<void(const core::ObjectKey&, const Pointer& before, const Pointer& after)>;
    /// All values under which an object is found; none is fine.
    using IndexFunction = std::function<std::vector<std::string>(const Object&)>;

    struct Item {
        core::ObjectKey key;
        core::Revision revision;
        Pointer object;
    };

    explicit Store(std::vector<std::string> scopes = {""}) {
        for (auto& scope : scopes)
            seen_.emplace(std::move(scope), SeenState{});
    }
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    /// Before the reflectors start.
    void AddIndex(std::string name, IndexFunction function) {
        indexes_.push_back({std::move(name), std::move(function), {}});
    }
    /// Before the reflectors start. One call per listener; called in the order of their addition.
    void AddListener(Listener listener) { listeners_.push_back(std::move(listener)); }

    /// A complete list of the scope at `at`: what is no longer listed becomes a delete, what did not change is silent.
    void Replace(std::string_view scope, std::vector<Item> items, core::Revision at);
    /// An older revision than the stored one of the same object is ignored (a watch may repeat itself).
    void Apply(std::string_view scope, Item item);
    void Erase(std::string_view scope, const core::ObjectKey& key, core::Revision at);
    void Bookmark(std::string_view scope, core::Revision at);

    /// Null when there is none.
    Pointer Find(const core::ObjectKey& key) const;
    std::vector<Pointer> All() const;
    /// Objects whose index function named `value`, in the order of their keys. An unknown index aborts.
    std::vector<Pointer> With(std::string_view index, const std::string& value) const;
    std::size_t Size() const;

    /// Everything up to this revision is in the store, for objects of this namespace. 0 before the first list.
    core::Revision Seen(std::string_view ns) const;
    /// Each scope has been listed once.
    bool Synced() const;

private:
    struct Entry {
        core::Revision revision;
        Pointer object;
    };
    using Entries = std::map<core::ObjectKey, Entry>;
    struct Index {
        std::string name;
        IndexFunction function;
        std::map<std::string, std::set<core::ObjectKey>, std::less<>> keys;
    };
    struct SeenState {
        core::Revision at;
        bool listed = false;
    };
    struct Change {
        core::ObjectKey key;
        Pointer before, after;
    };

    static bool Covers(std::string_view scope, const core::ObjectKey& key) { return scope.empty() || key.ns == scope; }
    SeenState& SeenOf(std::string_view scope);
    Change Set(const core::ObjectKey& key, Entry entry);
    Change Remove(typename Entries::iterator entry);
    void Unindex(const core::ObjectKey& key, const Object& object);
    void Tell(const std::vector<Change>& changes) const;

    mutable std::mutex mutex_;
    Entries entries_;
    std::vector<Index> indexes_;
    std::vector<Listener> listeners_;
    std::map<std::string, SeenState, std::less<>> seen_;
};

}  // namespace runtime

#include "runtime/store_impl.hpp"
