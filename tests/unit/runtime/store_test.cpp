#include "runtime/store.hpp"

#include <gtest/gtest.h>

namespace runtime {
namespace {

struct Thing {
    std::string owner;
    int size = 0;
};
using Things = Store<Thing>;

Things::Item Make(const std::string& ns, const std::string& name, std::uint64_t revision, Thing thing = {}) {
    return {{ns, name}, {revision}, std::make_shared<const Thing>(std::move(thing))};
}

/// Writes down what a listener is told: "+name", "-name", "~name".
class StoreTest : public testing::Test {
protected:
    void Listen(Things& store) {
        store.AddListener(
            [this](const core::ObjectKey& key, const Things::Pointer& before, const Things::Pointer& after) {
                told_ += (before == nullptr ? "+" : after == nullptr ? "-" : "~") + key.name + " ";
            });
    }
    std::string Told() { return std::exchange(told_, {}); }

private:
    std::string told_;
};

TEST_F(StoreTest, ReplaceTellsOnlyDifferences) {
    Things store;
    Listen(store);
    store.Replace("", {Make("a", "one", 1), Make("a", "two", 2), Make("a", "three", 3)}, {10});
    EXPECT_EQ(Told(), "+one +three +two ");
    store.Replace("", {Make("a", "two", 2), Make("a", "three", 12), Make("a", "four", 13)}, {20});
    EXPECT_EQ(Told(), "-one +four ~three ");
    EXPECT_EQ(store.Size(), 3U);
    EXPECT_EQ(store.Find({"a", "one"}), nullptr);
}

TEST_F(StoreTest, AnEmptyListDeletesAll) {
    Things store;
    Listen(store);
    store.Replace("", {Make("a", "one", 1)}, {10});
    store.Replace("", {}, {20});
    EXPECT_EQ(Told(), "+one -one ");
    EXPECT_EQ(store.Size(), 0U);
}

TEST_F(StoreTest, ListenersSeeTheStoreAlreadyUpdated) {
    Things store;
    core::Revision seen;
    store.AddListener([&](const core::ObjectKey& key, const auto&, const auto& after) {
        EXPECT_EQ(store.Find(key), after);
        seen = store.Seen(key.ns);
    });
    store.Replace("", {}, {1});
    store.Apply("", Make("a", "one", 7));
    EXPECT_EQ(seen, core::Revision{7});
    store.Erase("", {"a", "one"}, {9});
    EXPECT_EQ(seen, core::Revision{9});
}

TEST_F(StoreTest, IgnoresAnEventOlderThanWhatItHolds) {
    Things store;
    Listen(store);
    store.Replace("", {Make("a", "one", 5, {"x", 5})}, {5});
    Told();
    store.Apply("", Make("a", "one", 4, {"x", 4}));
    store.Apply("", Make("a", "one", 5, {"x", 0}));
    store.Erase("", {"a", "one"}, {4});
    EXPECT_EQ(Told(), "");
    EXPECT_EQ(store.Find({"a", "one"})->size, 5);
    EXPECT_EQ(store.Seen("a"), core::Revision{5}) << "never back";
}

TEST_F(StoreTest, ARestoredServerMayGoBack) {
    Things store;
    store.Replace("", {Make("a", "one", 50, {"x", 50})}, {100});
    store.Replace("", {Make("a", "one", 40, {"x", 40})}, {60});
    EXPECT_EQ(store.Find({"a", "one"})->size, 40);
    EXPECT_EQ(store.Seen("a"), core::Revision{60});
}

TEST_F(StoreTest, FindsByIndexAndForgetsOldValues) {
    Things store;
    store.AddIndex("owner", [](const Thing& thing) {
        return thing.owner.empty() ? std::vector<std::string>{} : std::vector<std::string>{thing.owner};
    });
    store.Replace("", {Make("a", "one", 1, {"x", 1}), Make("a", "two", 2, {"x", 2}), Make("a", "three", 3)}, {3});
    ASSERT_EQ(store.With("owner", "x").size(), 2U);
    EXPECT_EQ(store.With("owner", "x")[0]->size, 1);
    store.Apply("", Make("a", "one", 4, {"y", 1}));
    EXPECT_EQ(store.With("owner", "x").size(), 1U);
    EXPECT_EQ(store.With("owner", "y").size(), 1U);
    store.Erase("", {"a", "one"}, {5});
    EXPECT_TRUE(store.With("owner", "y").empty());
    EXPECT_EQ(store.All().size(), 2U);
}

TEST_F(StoreTest, ScopesDoNotTouchEachOther) {
    Things store({"a", "b"});
    Listen(store);
    EXPECT_FALSE(store.Synced());
    store.Replace("a", {Make("a", "one", 1)}, {5});
    EXPECT_FALSE(store.Synced());
    store.Replace("b", {Make("b", "two", 2)}, {9});
    EXPECT_TRUE(store.Synced());
    Told();
    store.Replace("a", {}, {12});
    EXPECT_EQ(Told(), "-one ");
    EXPECT_EQ(store.Seen("a"), core::Revision{12});
    EXPECT_EQ(store.Seen("b"), core::Revision{9});
}

TEST_F(StoreTest, SeenIsNothingBeforeTheFirstListAndAdvancesByBookmark) {
    Things store;
    EXPECT_EQ(store.Seen("a"), core::Revision{});
    store.Replace("", {}, {5});
    store.Bookmark("", {8});
    EXPECT_EQ(store.Seen("a"), core::Revision{8});
    store.Bookmark("", {6});
    EXPECT_EQ(store.Seen("a"), core::Revision{8});
}

TEST(StoreDeathTest, AnUnknownIndexIsADefect) {
    Things store;
    EXPECT_DEATH(store.With("nope", "x"), "no index \"nope\"");
}

}  // namespace
}  // namespace runtime
