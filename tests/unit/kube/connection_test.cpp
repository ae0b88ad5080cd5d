#include "kube/connection.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/errors.hpp"
#include "kube/in_cluster.hpp"

namespace kube {
namespace {

using testing::HasSubstr;

class ServiceAccount : public testing::Test {
protected:
    void SetUp() override {
        directory_ = std::filesystem::temp_directory_path() / "tidegate-service-account-test";
        std::filesystem::create_directories(directory_);
        Write("token", "first\n");
        Write("ca.crt", "authority\n");
        Write("namespace", "tidegate-system");
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    void Write(const std::string& file, const std::string& text) { std::ofstream(directory_ / file) << text; }
    InClusterPlace Place(const std::string& host) const { return {directory_, host, "443"}; }

    std::filesystem::path directory_;
};

TEST_F(ServiceAccount, IsReadFromThePod) {
    const auto connection = LoadInCluster(Place("10.96.0.1"));
    EXPECT_EQ(connection.server, "https://10.96.0.1:443");
    EXPECT_EQ(connection.certificate_authority(), "authority");
    EXPECT_EQ(connection.token(), "first");
    EXPECT_EQ(connection.ns, "tidegate-system");
}

TEST_F(ServiceAccount, UsesTheNameWhereAddressesAreIpv6) {
    EXPECT_EQ(LoadInCluster(Place("fd00::1")).server, "https://kubernetes.default.svc:443");
}

TEST_F(ServiceAccount, NamesTheFileThatIsMissing) {
    std::filesystem::remove(directory_ / "token");
    try {
        LoadInCluster(Place("10.96.0.1"));
        FAIL() << "expected Error";
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr((directory_ / "token").string()));
    }
}

TEST_F(ServiceAccount, SaysThatThisIsNoPod) {
    try {
        LoadInCluster({directory_, {}, {}});
        FAIL() << "expected Error";
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("give --kubeconfig"));
    }
}

TEST_F(ServiceAccount, TokenIsReadAgainWhenItIsOld) {
    const auto always = FileText(directory_ / "token", std::chrono::steady_clock::duration::zero());
    const auto hourly = FileText(directory_ / "token", std::chrono::hours{1});
    Write("token", "second\n");
    EXPECT_EQ(always(), "second");
    EXPECT_EQ(hourly(), "first");
}

TEST_F(ServiceAccount, LastTokenIsKeptWhenAReadingFails) {
    const auto token = FileText(directory_ / "token", std::chrono::steady_clock::duration::zero());
    std::filesystem::remove(directory_ / "token");
    EXPECT_EQ(token(), "first");
    Write("token", "");
    EXPECT_EQ(token(), "first");
    Write("token", "third");
    EXPECT_EQ(token(), "third");
}

}  // namespace
}  // namespace kube
