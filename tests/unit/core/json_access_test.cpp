#include "core/json_access.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/revision.hpp"

namespace core {
namespace {

TEST(JsonAccess, WhatIsAbsentOrOfAnotherTypeReadsAsAbsent) {
    const auto object = nlohmann::json::parse(
        R"({"a": {"b": "text", "n": 5, "t": true, "list": [1], "none": null, "time": "2026-11-22T12:00:00Z"}})");
    EXPECT_EQ(TextAt(object, {"a", "b"}), "text");
    EXPECT_EQ(TextAt(object, {"a", "n"}), "");
    EXPECT_EQ(TextAt(object, {"a", "b", "c"}), "");
    EXPECT_EQ(TextAt(object, {"x"}), "");
    EXPECT_EQ(NumberAt(object, {"a", "n"}), 5);
    EXPECT_EQ(NumberAt(object, {"a", "b"}), std::nullopt);
    EXPECT_TRUE(BoolAt(object, {"a", "t"}));
    EXPECT_FALSE(BoolAt(object, {"a", "n"}));
    EXPECT_EQ(FindAt(object, {"a", "none"}), nullptr);
    EXPECT_EQ(ArrayAt(object, {"a", "list"}).size(), 1U);
    EXPECT_TRUE(ArrayAt(object, {"a", "b"}).empty());
    EXPECT_EQ(TimeAt(object, {"a", "time"}), ParseTime("2026-11-22T12:00:00Z"));
    EXPECT_EQ(TimeAt(object, {"a", "b"}), std::nullopt);
    EXPECT_EQ(TextAt(nlohmann::json::array(), {"a"}), "");
}

TEST(Revision, WhatIsNoNumberIsNoneKnown) {
    EXPECT_EQ(Revision::Parse("41").value, 41U);
    EXPECT_EQ(Revision::Parse("18446744073709551615").value, 18446744073709551615U);
    for (const char* text : {"", "x", "41x", "-1", "18446744073709551616", " 41"})
        EXPECT_EQ(Revision::Parse(text), Revision{}) << text;
}

}  // namespace
}  // namespace core
