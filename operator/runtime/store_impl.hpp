#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "runtime/store.hpp"

/// Bodies of the Store template; include runtime/store.hpp.
namespace runtime {

template <class Object>
typename Store<Object>::SeenState& Store<Object>::SeenOf(std::string_view scope) {
    const auto found = seen_.find(scope);
    if (found == seen_.end()) {
        std::fprintf(stderr, "Store: scope \"%.*s\" was not declared\n", static_cast<int>(scope.size()), scope.data());
        std::abort();
    }
    return found->second;
}

template <class Object>
void Store<Object>::Unindex(const core::ObjectKey& key, const Object& object) {
    for (auto& index : indexes_) {
        for (const auto& value : index.function(object)) {
            const auto found = index.keys.find(value);
            if (found == index.keys.end()) continue;
            found->second.erase(key);
            if (found->second.empty()) index.keys.erase(found);
        }
    }
}

template <class Object>
typename Store<Object>::Change Store<Object>::Set(const core::ObjectKey& key, Entry entry) {
    auto& place = entries_[key];
    if (place.object) Unindex(key, *place.object);
    for (auto& index : indexes_) {
        for (auto& value : index.function(*entry.object))
            index.keys[std::move(value)].insert(key);
    }
    Change change{key, std::move(place.object), entry.object};
    place = std::move(entry);
    return change;
}

template <class Object>
typename Store<Object>::Change Store<Object>::Remove(typename Entries::iterator entry) {
    Unindex(entry->first, *entry->second.object);
    Change change{entry->first, std::move(entry->second.object), nullptr};
    entries_.erase(entry);
    return change;
}

template <class Object>
void Store<Object>::Tell(const std::vector<Change>& changes) const {
    for (const auto& change : changes) {
        for (const auto& listener : listeners_)
            listener(change.key, change.before, change.after);
    }
}

template <class Object>
void Store<Object>::Replace(std::string_view scope, std::vector<Item> items, core::Revision at) {
    std::vector<Change> changes;
    {
        const std::lock_guard lock(mutex_);
        std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.key < b.key; });
        const auto listed = [&](const core::ObjectKey& key) {
            return std::binary_search(items.begin(), items.end(), Item{key, {}, nullptr},
                                      [](const Item& a, const Item& b) { return a.key < b.key; });
        };
        for (auto entry = entries_.begin(); entry != entries_.end();) {
            const auto next = std::next(entry);
            if (Covers(scope, entry->first) && !listed(entry->first)) changes.push_back(Remove(entry));
            entry = next;
        }
        for (auto& item : items) {
            const auto known = entries_.find(item.key);
            if (known != entries_.end() && known->second.revision == item.revision) continue;
            changes.push_back(Set(item.key, Entry{item.revision, std::move(item.object)}));
        }
        SeenOf(scope) = {at, true};
    }
    Tell(changes);
}

template <class Object>
void Store<Object>::Apply(std::string_view scope, Item item) {
    std::vector<Change> changes;
    {
        const std::lock_guard lock(mutex_);
        auto& seen = SeenOf(scope);
        const auto known = entries_.find(item.key);
        const auto at = item.revision;
        if (known == entries_.end() || known->second.revision < at) {
            changes.push_back(Set(item.key, Entry{at, std::move(item.object)}));
        }
        seen.at = std::max(seen.at, at);
    }
    Tell(changes);
}

template <class Object>
void Store<Object>::Erase(std::string_view scope, const core::ObjectKey& key, core::Revision at) {
    std::vector<Change> changes;
    {
        const std::lock_guard lock(mutex_);
        auto& seen = SeenOf(scope);
        const auto known = entries_.find(key);
        if (known != entries_.end() && known->second.revision <= at) changes.push_back(Remove(known));
        seen.at = std::max(seen.at, at);
    }
    Tell(changes);
}

template <class Object>
void Store<Object>::Bookmark(std::string_view scope, core::Revision at) {
    const std::lock_guard lock(mutex_);
    auto& seen = SeenOf(scope);
    seen.at = std::max(seen.at, at);
}

template <class Object>
typename Store<Object>::Pointer Store<Object>::Find(const core::ObjectKey& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : found->second.object;
}

template <class Object>
std::vector<typename Store<Object>::Pointer> Store<Object>::All() const {
    const std::lock_guard lock(mutex_);
    std::vector<Pointer> all;
    all.reserve(entries_.size());
    for (const auto& [key, entry] : entries_)
        all.push_back(entry.object);
    return all;
}

template <class Object>
std::vector<typename Store<Object>::Pointer> Store<Object>::With(std::string_view index,
                                                                 const std::string& value) const {
    const std::lock_guard lock(mutex_);
    const auto used = std::find_if(indexes_.begin(), indexes_.end(), [&](const Index& i) { return i.name == index; });
    if (used == indexes_.end()) {
        std::fprintf(stderr, "Store: no index \"%.*s\"\n", static_cast<int>(index.size()), index.data());
        std::abort();
    }
    std::vector<Pointer> found;
    const auto keys = used->keys.find(value);
    if (keys == used->keys.end()) return found;
    found.reserve(keys->second.size());
    for (const auto& key : keys->second)
        found.push_back(entries_.at(key).object);
    return found;
}

template <class Object>
std::size_t Store<Object>::Size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

template <class Object>
core::Revision Store<Object>::Seen(std::string_view ns) const {
    const std::lock_guard lock(mutex_);
    auto found = seen_.find(ns);
    if (found == seen_.end()) found = seen_.find("");
    return found == seen_.end() ? core::Revision{} : found->second.at;
}

template <class Object>
bool Store<Object>::Synced() const {
    const std::lock_guard lock(mutex_);
    return std::all_of(seen_.begin(), seen_.end(), [](const auto& scope) { return scope.second.listed; });
}

}  // namespace runtime
