#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace explorer {

/// All objects of one kind as the API server keeps them, the one or two states before, and which of these the
/// operator's store shows. A value: copying shares the objects.
template <class Object>
class History final {
public:
    using Item = std::shared_ptr<const Object>;
    struct Snapshot {
        /// Of the newest write to this kind.
        std::uint64_t revision = 1;
        std::vector<Item> items;
    };
    using Pointer = std::shared_ptr<const Snapshot>;

    static constexpr std::size_t kKept = 3;

    History() { versions_[0] = std::make_shared<const Snapshot>(); }

    const Pointer& Version(std::size_t age) const { return versions_[age]; }
    const Snapshot& Truth() const { return *versions_[0]; }
    const Snapshot& Seen() const { return *versions_[age_]; }
    const Pointer& SeenVersion() const { return versions_[age_]; }
    /// How many states the store is behind.
    std::size_t Age() const { return age_; }
    std::size_t Kept() const { return kept_; }

    std::uint64_t NextRevision() const { return Truth().revision + 1; }

    static Item Find(const Snapshot& snapshot, std::string_view name) {
        for (const auto& item : snapshot.items) {
            if (item->key.name == name) return item;
        }
        return nullptr;
    }
    Item Find(std::string_view name) const { return Find(Truth(), name); }

    /// In the order of the names, as a list of the API server is.
    void Put(Item object) {
        Snapshot next{NextRevision(), Truth().items};
        auto place = std::find_if(next.items.begin(), next.items.end(),
                                  [&](const Item& item) { return item->key.name >= object->key.name; });
        if (place != next.items.end() && (*place)->key.name == object->key.name) {
            *place = std::move(object);
        } else {
            next.items.insert(place, std::move(object));
        }
        Push(std::move(next));
    }
    void Erase(std::string_view name) {
        Snapshot next{NextRevision(), Truth().items};
        std::erase_if(next.items, [&](const Item& item) { return item->key.name == name; });
        Push(std::move(next));
    }
    /// Each object becomes what `change` makes of it, in every state, without a write: what the API server itself
    /// decides (identity, times) is filled in when a path is replayed.
    template <class Change>
    void Rewrite(const Change& change) {
        for (std::size_t age = 0; age < kept_; ++age) {
            Snapshot snapshot = *versions_[age];
            for (auto& item : snapshot.items)
                item = change(item);
            std::sort(snapshot.items.begin(), snapshot.items.end(),
                      [](const Item& a, const Item& b) { return a->key.name < b->key.name; });
            versions_[age] = std::make_shared<const Snapshot>(std::move(snapshot));
        }
    }

    void Show(std::size_t age) { age_ = age; }
    /// Forgets what no store can show any more.
    void Trim(std::size_t oldest) {
        for (std::size_t age = oldest + 1; age < kept_; ++age)
            versions_[age].reset();
        kept_ = std::min(kept_, oldest + 1);
    }

private:
    void Push(Snapshot next) {
        std::rotate(versions_.begin(), versions_.end() - 1, versions_.end());
        versions_[0] = std::make_shared<const Snapshot>(std::move(next));
        kept_ = std::min(kept_ + 1, kKept);
        // Nobody is further behind: what falls out has been delivered.
        age_ = std::min(age_ + 1, kKept - 1);
    }

    std::array<Pointer, kKept> versions_;
    std::size_t kept_ = 1;
    std::size_t age_ = 0;
};

}  // namespace explorer
