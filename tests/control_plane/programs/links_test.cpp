#include <string>

#include <gtest/gtest.h>

#include "support/subprocess.hpp"

/// Who may link what: the operator never talks to a database, the agent never to the API server. The libraries that a
/// program loads are the proof that no code path of it can.
namespace {

std::string LibrariesOf(const char* program) {
    const auto libraries = support::RunOrThrow({.argv = {"ldd", program}});
    // Of both, so that an ldd that says nothing fails the test.
    EXPECT_NE(libraries.find("libstdc++"), std::string::npos) << libraries;
    return libraries;
}

TEST(Links, OperatorLoadsNoDatabaseClient) {
    const auto libraries = LibrariesOf(TIDEGATE_PROGRAM);
    EXPECT_NE(libraries.find("libcpprest"), std::string::npos) << libraries;
    EXPECT_EQ(libraries.find("libpq"), std::string::npos) << libraries;
}

TEST(Links, AgentLoadsNoApiServerClient) {
    const auto libraries = LibrariesOf(TIDEGATE_AGENT_PROGRAM);
    EXPECT_NE(libraries.find("libpq"), std::string::npos) << libraries;
    EXPECT_EQ(libraries.find("libcpprest"), std::string::npos) << libraries;
    EXPECT_EQ(libraries.find("libprometheus"), std::string::npos) << libraries;
}

}  // namespace
