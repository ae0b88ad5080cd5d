#include "runtime/store_sink.hpp"

#include <stdexcept>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace runtime {
namespace {

using nlohmann::json;

struct Thing {
    int size = 0;
};

json Object(const std::string& name, int revision, const json& size) {
    return {{"metadata", {{"namespace", "a"}, {"name", name}, {"resourceVersion", std::to_string(revision)}}},
            {"size", size}};
}

std::optional<Thing> Parse(const json& object) {
    if (object.at("size").is_null()) return std::nullopt;
    return Thing{object.at("size").get<int>()};
}

class StoreSinkTest : public testing::Test {
protected:
    struct Counting final : Observer {
        void Log(LogLevel, std::string_view, LogFields) noexcept override { ++lines; }
        int lines = 0;
    };

    Counting observer_;
    Store<Thing> store_;
    StoreSink<Thing> sink_{store_, "", Parse, observer_};
};

TEST_F(StoreSinkTest, ListBecomesVisibleAtOnceWhenComplete) {
    sink_.Begin();
    sink_.Add(Object("one", 1, 1));
    EXPECT_EQ(store_.Size(), 0U);
    sink_.Add(Object("two", 2, 2));
    sink_.Commit({5});
    EXPECT_EQ(store_.Size(), 2U);
    EXPECT_EQ(store_.Seen("a"), core::Revision{5});
}

TEST_F(StoreSinkTest, AListThatBeginsAgainForgetsItsFirstPages) {
    sink_.Begin();
    sink_.Add(Object("old", 1, 1));
    sink_.Begin();
    sink_.Add(Object("new", 2, 2));
    sink_.Commit({5});
    EXPECT_EQ(store_.Find({"a", "old"}), nullptr);
}

TEST_F(StoreSinkTest, AnObjectThatIsOfNoInterestAnyMoreLeaves) {
    sink_.Apply(Object("one", 1, 1), {1});
    EXPECT_EQ(store_.Size(), 1U);
    sink_.Apply(Object("one", 2, nullptr), {2});
    EXPECT_EQ(store_.Size(), 0U);
    EXPECT_EQ(store_.Seen("a"), core::Revision{2});
}

TEST_F(StoreSinkTest, AnObjectThatCannotBeReadIsLoggedAndStopsNothing) {
    sink_.Begin();
    sink_.Add(Object("bad", 1, "text"));
    sink_.Add(Object("good", 2, 2));
    sink_.Commit({5});
    EXPECT_EQ(store_.Size(), 1U);
    EXPECT_EQ(observer_.lines, 1);
}

}  // namespace
}  // namespace runtime
