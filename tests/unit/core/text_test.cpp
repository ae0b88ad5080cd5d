#include "core/text.hpp"

#include <gtest/gtest.h>

namespace core {
namespace {

TEST(OneLine, MakesOneLineOfMany) {
    EXPECT_EQ(OneLine("first\nsecond\ttab\x7F end", 100), "first second tab  end");
    EXPECT_EQ(OneLine("", 100), "");
}

TEST(OneLine, CutsToTheLimitBetweenCharacters) {
    EXPECT_EQ(OneLine("0123456789", 10), "0123456789");
    EXPECT_EQ(OneLine("0123456789x", 10), "0123456...");
    EXPECT_EQ(OneLine("012345\xC3\xA4\xC3\xA4", 9), "012345...");
    EXPECT_EQ(OneLine("01234\xC3\xA4\xC3\xA4\xC3\xA4", 10), "01234\xC3\xA4...");
}

TEST(OneLine, AppliedAgainChangesNothing) {
    for (const char* text : {"short", "a text that is much longer than the limit", "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"}) {
        const auto once = OneLine(text, 12);
        EXPECT_EQ(OneLine(once, 12), once);
        EXPECT_LE(once.size(), 12U);
    }
}

}  // namespace
}  // namespace core
