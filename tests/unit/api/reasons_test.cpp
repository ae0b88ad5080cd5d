#include "api/reasons.hpp"

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "api/agent_report.hpp"

namespace api {
namespace {

std::string Read(const std::string& file) {
    std::ifstream in(std::string(TIDEGATE_SOURCE_DIRECTORY "/operator/api/") + file);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::set<std::string> Matches(const std::string& text, const char* pattern) {
    const std::regex regex(pattern);
    std::set<std::string> found;
    for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it)
        found.insert((*it)[1]);
    return found;
}

TEST(Reasons, EachIsDocumentedAndNothingElseIs) {
    auto used = Matches(Read("reasons.hpp"), R"re(std::string_view k\w+ = "(\w+)")re");
    ASSERT_GT(used.size(), 20U);
    used.erase(std::string(reasons::kDatabasePrefix));
    const auto agent = Matches(Read("agent_report.hpp"), R"re(std::string_view k\w+ = "(\w+)")re");
    ASSERT_GT(agent.size(), 5U);
    for (const auto& reason : agent)
        used.insert(reasons::OfAgent(reason));
    EXPECT_EQ(Matches(Read("REASONS.md"), R"re(\n\| `(\w+)` \|)re"), used);
}

TEST(Reasons, OfAgentSaysDatabaseOnce) {
    EXPECT_EQ(reasons::OfAgent(agent_error::kUnreachable), "DatabaseUnreachable");
    EXPECT_EQ(reasons::OfAgent(agent_error::kDatabaseDoesNotExist), "DatabaseDoesNotExist");
}

}  // namespace
}  // namespace api
