#include "core/time.hpp"

#include <gtest/gtest.h>

namespace core {
namespace {

TEST(Time, RoundTripsWhatTheApiServerStores) {
    for (const char* text : {"2026-11-22T19:47:00Z", "2000-02-29T23:59:59Z", "1970-01-01T00:00:00Z"}) {
        const auto time = ParseTime(text);
        ASSERT_TRUE(time) << text;
        EXPECT_EQ(FormatTime(*time), text);
    }
}

TEST(Time, CutsTheFractionOfAMicroTime) {
    EXPECT_EQ(ParseTime("2026-11-22T19:47:00.123456Z"), ParseTime("2026-11-22T19:47:00Z"));
}

TEST(Time, RefusesWhatIsNoTime) {
    for (const char* text :
         {"", "Z", "2026-11-22", "2026-13-22T19:47:00Z", "2026-02-30T19:47:00Z", "2026-11-22T24:00:00Z",
          "2026-11-22T19:47:00", "2026-11-22T19:47:00.Z", "2026-11-22T19:47:00+01:00", "2026-11-22x19:47:00Z"}) {
        EXPECT_FALSE(ParseTime(text)) << text;
    }
}

TEST(Time, FormatsDurationsForPeople) {
    using std::chrono::seconds;
    EXPECT_EQ(FormatDuration(seconds{45}), "45s");
    EXPECT_EQ(FormatDuration(seconds{192}), "3m12s");
    EXPECT_EQ(FormatDuration(seconds{7500}), "2h05m");
    EXPECT_EQ(FormatDuration(seconds{-3}), "0s");
}

}  // namespace
}  // namespace core
