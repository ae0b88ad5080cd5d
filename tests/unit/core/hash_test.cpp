#include "core/hash.hpp"

#include <gtest/gtest.h>

namespace core {
namespace {

TEST(HashText, IsTheBase32OfSha256) {
    // SHA-256("") = e3b0c442 98fc1c14 ..., SHA-256("abc") = ba7816bf 8f01cfea ...
    EXPECT_EQ(HashText("", 10), "4oymiquy7q");
    EXPECT_EQ(HashText("abc", 16), "xj4bnp4pahh6uqkb");
    EXPECT_EQ(HashText("abc", 51).size(), 51U);
}

TEST(JoinForHash, KeepsListsApart) {
    EXPECT_NE(JoinForHash({"ab", "c"}), JoinForHash({"a", "bc"}));
    EXPECT_NE(JoinForHash({"a", ""}), JoinForHash({"a"}));
    EXPECT_NE(JoinForHash({"1:a"}), JoinForHash({"a"}));
    EXPECT_EQ(JoinForHash({"a", "b"}), JoinForHash({"a", "b"}));
}

}  // namespace
}  // namespace core
