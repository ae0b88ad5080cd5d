#include "version/order.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace version {
namespace {

using Versions = std::vector<std::string>;

Reading Heads(Versions heads) {
    Reading reading;
    reading.initialised = true;
    reading.versions = std::move(heads);
    return reading;
}

struct Case {
    const char* why;
    Reading reading;
    const char* wanted;
    Standing standing;
    Versions known = {};
};

class ReachedByAlembic : public testing::TestWithParam<Case> {};

TEST_P(ReachedByAlembic, FollowsTheTable) {
    const Case& c = GetParam();
    EXPECT_EQ(Name(Reached(Tool::Alembic, c.reading, c.wanted, c.known)), Name(c.standing))
        << c.why << ": wanted " << c.wanted;
}

constexpr auto kReached = Standing::Reached;
constexpr auto kNotReached = Standing::NotReached;
constexpr auto kUnknown = Standing::Unknown;

const Case kCases[] = {
    // No table, empty table, nothing named.
    {"no table", Reading{}, "0001", kNotReached},
    {"no table, whatever the record says", Reading{}, "0001", kNotReached, {"0001"}},
    {"downgraded to base", Heads({}), "0001", kNotReached, {"0001"}},
    {"nothing named", Heads({"0001"}), "", kUnknown},

    // Numbered versions.
    {"older", Heads({"0002_x"}), "0001", kReached},
    {"older by its full name", Heads({"0002_x"}), "0001_initial", kReached},
    {"same number", Heads({"0002_x"}), "0002", kReached},
    {"same name", Heads({"0002_x"}), "0002_x", kReached},
    {"full name, short head", Heads({"0002"}), "0002_x", kReached},
    {"newer", Heads({"0002_x"}), "0003", kNotReached},
    {"newer, and the record does not overrule the table", Heads({"0002_x"}), "0003", kNotReached, {"0003"}},
    {"leading zeros do not count", Heads({"0002_x"}), "2", kReached},
    {"numbers, not text", Heads({"10_x"}), "9", kReached},
    {"numbers, not text", Heads({"9_x"}), "10", kNotReached},
    {"segments", Heads({"1.10"}), "1.9", kReached},
    {"segments", Heads({"1.10"}), "1.10.1", kNotReached},
    {"segments", Heads({"1.10.0"}), "1.10", kReached},
    {"more digits than any integer", Heads({"99999999999999999999999"}), "99999999999999999999998", kReached},
    {"two names with one number", Heads({"0007_a"}), "0007_b", kUnknown},
    {"two names with one number, proven earlier", Heads({"0007_a"}), "0007_b", kReached, {"0007_b"}},

    // Times.
    {"times", Heads({"20261122194700_x"}), "20261122194659_y", kReached},
    {"times", Heads({"20261122194700_x"}), "20261122194701", kNotReached},
    {"times of different precision", Heads({"20261122194700_x"}), "20261121", kReached},
    {"times of different precision", Heads({"20261122194700_x"}), "20261123", kNotReached},
    {"a day contains its hours", Heads({"20261122194700_x"}), "20261122", kUnknown},
    {"twelve digits that are a time", Heads({"202611221947"}), "202611221946", kReached},
    {"first numbered, later dated", Heads({"20261122_x"}), "0007", kReached},

    // Hashes.
    {"the head itself", Heads({"ae1027a6acf0"}), "ae1027a6acf0", kReached},
    {"another hash", Heads({"ae1027a6acf0"}), "1975ea83b712", kUnknown},
    {"another hash, in the record", Heads({"ae1027a6acf0"}), "1975ea83b712", kReached, {"0", "1975ea83b712"}},
    {"a prefix of the head is no name", Heads({"ae1027a6acf0"}), "ae10", kUnknown},
    {"digits at the front of a hash are no number", Heads({"1975ea83b712"}), "1974", kUnknown},
    {"a hash that has decimal digits only", Heads({"975183712204"}), "0007", kUnknown},
    {"a hash that has decimal digits only", Heads({"0007_x"}), "975183712204", kUnknown},
    {"a number, but the table holds hashes", Heads({"ae1027a6acf0"}), "0007", kUnknown},
    {"a hash, but the table holds numbers", Heads({"0007_x"}), "ae1027a6acf0", kUnknown},
    {"case matters", Heads({"ae1027a6acf0"}), "AE1027A6ACF0", kUnknown},

    // Several heads.
    {"up to the lowest head", Heads({"0005_a", "0007_b"}), "0005", kReached},
    {"below the lowest head", Heads({"0005_a", "0007_b"}), "0004", kReached},
    {"a head itself", Heads({"0005_a", "0007_b"}), "0007", kReached},
    {"between heads", Heads({"0005_a", "0007_b"}), "0006", kUnknown},
    {"between heads, in the record", Heads({"0005_a", "0007_b"}), "0006", kReached, {"0006"}},
    {"above all heads", Heads({"0005_a", "0007_b"}), "0008", kNotReached},
    {"a head that has no number", Heads({"0005_a", "ae1027a6acf0"}), "0004", kUnknown},
    {"beside a head that has no number", Heads({"ae1027a6acf0", "0005_a"}), "0005", kReached},
};

INSTANTIATE_TEST_SUITE_P(Table, ReachedByAlembic, testing::ValuesIn(kCases));

TEST(Reached, BelievesWhatTheReaderProved) {
    Reading reading = Heads({"ae1027a6acf0"});
    reading.reached = {"1975ea83b712"};
    EXPECT_EQ(Reached(Tool::Alembic, reading, "1975ea83b712"), Standing::Reached);
}

TEST(Reached, DecidesNothingByTheAbsenceInAListThatWasCut) {
    Reading reading = Heads({"0005_a"});
    reading.truncated = true;
    EXPECT_EQ(Reached(Tool::Alembic, reading, "0005_a"), Standing::Reached);
    EXPECT_EQ(Reached(Tool::Alembic, reading, "0004"), Standing::Unknown);
    EXPECT_EQ(Reached(Tool::Alembic, reading, "0006"), Standing::Unknown);
    reading.versions.clear();
    EXPECT_EQ(Reached(Tool::Alembic, reading, "0001"), Standing::Unknown);
}

TEST(Reached, DoesNotLookAtDirtiness) {
    Reading reading = Heads({"0005"});
    reading.dirty = true;
    EXPECT_EQ(Reached(Tool::Alembic, reading, "0005"), Standing::Reached);
}

TEST(Compare, OrdersWhatHasNumbersAndOnlyThat) {
    const auto compare = [](auto a, auto b) { return Compare(Tool::Alembic, a, b); };
    EXPECT_EQ(compare("0001", "0002_x"), std::strong_ordering::less);
    EXPECT_EQ(compare("0010", "0002_x"), std::strong_ordering::greater);
    EXPECT_EQ(compare("0002", "0002_x"), std::strong_ordering::equal);
    EXPECT_EQ(compare("ae1027a6acf0", "ae1027a6acf0"), std::strong_ordering::equal);
    EXPECT_EQ(compare("0002_y", "0002_x"), std::nullopt);
    EXPECT_EQ(compare("ae1027a6acf0", "1975ea83b712"), std::nullopt);
    EXPECT_EQ(compare("0001", "1975ea83b712"), std::nullopt);
    EXPECT_EQ(compare("", "0001"), std::nullopt);
}

TEST(Compare, FollowsTheOrderThatTheOwnerNames) {
    const Scheme numeric{Tool::Liquibase, Order::Numeric};
    EXPECT_EQ(Compare(Tool::Liquibase, "7-users", "12-orders"), std::nullopt);
    EXPECT_EQ(Compare(numeric, "7-users", "12-orders"), std::strong_ordering::less);
    EXPECT_EQ(Compare(Tool::Alembic, "000000000007", "000000000012"), std::nullopt) << "12 digits may be made up";
    EXPECT_EQ(Compare(Scheme(Tool::Alembic, Order::Numeric), "000000000007", "000000000012"),
              std::strong_ordering::less);
    EXPECT_EQ(Compare(Scheme(Tool::Alembic, Order::None), "0001", "0002"), std::nullopt);
}

TEST(Reached, FollowsTheOrderThatTheOwnerNames) {
    const Scheme none{Tool::Alembic, Order::None};
    EXPECT_EQ(Reached(Tool::Alembic, Heads({"0002"}), "0001"), kReached);
    EXPECT_EQ(Reached(none, Heads({"0002"}), "0001"), kUnknown);
    EXPECT_EQ(Reached(none, Heads({"0002"}), "0003"), kUnknown);
    EXPECT_EQ(Reached(none, Heads({"0002"}), "0002"), kReached);
    EXPECT_EQ(Reached(none, Heads({"0002"}), "0001", std::vector<std::string>{"0001"}), kReached);
    const Scheme numeric{Tool::Liquibase, Order::Numeric};
    EXPECT_EQ(Reached(numeric, Heads({"12-orders"}), "13-items"), kNotReached);
}

TEST(Order, IsReadBack) {
    for (const auto order : {Order::ByTool, Order::Numeric, Order::None})
        EXPECT_EQ(ParseOrder(Name(order)), order);
    EXPECT_EQ(ParseOrder("numeric"), std::nullopt);
}

TEST(Compare, IsAntisymmetric) {
    const std::vector<std::string> versions{"0001",     "1_x",        "1_y",          "2", "1.0", "1.2.3", "1.", ".1",
                                            "20261122", "2026112219", "202699999999", "",  "_",   "-1"};
    for (const auto& a : versions) {
        for (const auto& b : versions) {
            const auto forward = Compare(Tool::Alembic, a, b);
            const auto backward = Compare(Tool::Alembic, b, a);
            ASSERT_EQ(forward.has_value(), backward.has_value()) << a << " " << b;
            if (forward) {
                EXPECT_EQ(std::is_lt(*forward), std::is_gt(*backward)) << a << " " << b;
            }
        }
    }
}

TEST(ToolNames, AreReadBack) {
    for (int i = 0; i <= static_cast<int>(Tool::Custom); ++i) {
        const Tool tool = static_cast<Tool>(i);
        EXPECT_EQ(ParseTool(Name(tool)), tool);
        EXPECT_NE(ToolNames().find(Name(tool)), std::string::npos);
    }
    EXPECT_EQ(ParseTool("alembic"), std::nullopt);
    EXPECT_EQ(ParseTool(""), std::nullopt);
}

}  // namespace
}  // namespace version
