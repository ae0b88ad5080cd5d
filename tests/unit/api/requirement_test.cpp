#include "api/requirement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace api {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Requirement, IsDatabaseAtVersion) {
    struct Case {
        const char* annotation;
        const char* database;
        const char* version;
        bool image;
        const char* text;
    };
    const Case cases[] = {
        {"orders@0002", "orders", "0002", false, "orders@0002"},
        {"  orders@0002\n", "orders", "0002", false, "orders@0002"},
        {"orders@a@b", "orders", "a@b", false, "orders@a@b"},
        {"orders@a%2Cb", "orders", "a,b", false, "orders@a%2Cb"},
        {"orders@a%2cb", "orders", "a,b", false, "orders@a%2cb"},
        {"orders@100%25", "orders", "100%25", false, "orders@100%25"},
        {"orders@a%2", "orders", "a%2", false, "orders@a%2"},
        {"orders@image", "orders", "", true, "orders@image"},
        {"orders@Image", "orders", "Image", false, "orders@Image"},
    };
    for (const auto& [annotation, database, version, image, text] : cases) {
        SCOPED_TRACE(annotation);
        const auto parsed = ParseRequirements(annotation);
        EXPECT_THAT(parsed.malformed, IsEmpty());
        ASSERT_EQ(parsed.requirements.size(), 1U);
        EXPECT_EQ(parsed.requirements[0],
                  (Requirement{.database = database, .version = version, .image = image, .text = text}));
    }
}

TEST(Requirement, ListsAreCommaSeparatedAndEmptyPartsAreNothing) {
    const auto parsed = ParseRequirements(" orders@0002 ,, billing@image,\n\tusers@cafe , ");
    EXPECT_THAT(parsed.malformed, IsEmpty());
    ASSERT_EQ(parsed.requirements.size(), 3U);
    EXPECT_EQ(parsed.requirements[0].text, "orders@0002");
    EXPECT_EQ(parsed.requirements[1].text, "billing@image");
    EXPECT_EQ(parsed.requirements[2].text, "users@cafe");
    EXPECT_THAT(ParseRequirements("").requirements, IsEmpty());
    EXPECT_THAT(ParseRequirements(" , ").requirements, IsEmpty());
}

TEST(Requirement, WhatIsNoneIsNamedAsWritten) {
    const auto parsed = ParseRequirements("orders,@0002,users@, billing@1");
    EXPECT_THAT(parsed.malformed, ElementsAre("orders", "@0002", "users@"));
    EXPECT_EQ(parsed.requirements.size(), 1U);
}

TEST(Requirement, OneThatNoLedgerCouldHoldIsMalformed) {
    const std::string longest = "orders@" + std::string(kLongestRequirement - 7, 'x');
    EXPECT_THAT(ParseRequirements(longest).malformed, IsEmpty());
    EXPECT_THAT(ParseRequirements(longest + "x").malformed, ElementsAre(longest + "x"));
}

TEST(Requirement, TextAndParsingAgree) {
    for (const char* version : {"0002", "a,b", "a@b", ",", "%"}) {
        const auto parsed = ParseRequirements(RequirementText("orders", version));
        ASSERT_EQ(parsed.requirements.size(), 1U) << version;
        EXPECT_EQ(parsed.requirements[0].version, version);
    }
    EXPECT_EQ(ImageEntry("orders", "registry:5000/orders@sha256:0"), "orders@image=registry:5000/orders@sha256:0");
}

}  // namespace
}  // namespace api
