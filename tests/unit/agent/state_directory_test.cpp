#include "agent/state_directory.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "agent/report_file.hpp"
#include "database/db_error.hpp"

namespace agent {
namespace {

class StateDirectoryTest : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "tidegate-state-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        path_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(path_); }

    std::filesystem::path path_;
};

TEST_F(StateDirectoryTest, IsReadyOnlyBetweenMarkAndClear) {
    StateDirectory state{path_, "uid"};
    EXPECT_FALSE(state.IsReady());
    state.MarkReady();
    EXPECT_TRUE(state.IsReady());
    EXPECT_TRUE((StateDirectory{path_, "uid"}.IsReady()));
    state.ClearReady();
    EXPECT_FALSE(state.IsReady());
}

TEST_F(StateDirectoryTest, DoesNotBelieveTheMarkOfAnotherJob) {
    StateDirectory state{path_, "uid"};
    state.MarkReady();
    EXPECT_FALSE((StateDirectory{path_, "other"}.IsReady()));
}

TEST_F(StateDirectoryTest, DoesNotBelieveAMarkFromBeforeABoot) {
    std::ofstream{path_ / "ready"} << "uid 00000000-0000-0000-0000-000000000000\n";
    EXPECT_FALSE((StateDirectory{path_, "uid"}.IsReady()));
}

TEST_F(StateDirectoryTest, DoesNotBelieveTheMarkOfAProcessThatIsGone) {
    // As a killed agent leaves it: the file is there, nobody holds its lock.
    StateDirectory{path_, "uid"}.MarkReady();
    ASSERT_TRUE(std::filesystem::exists(path_ / "ready"));
    StateDirectory state{path_, "uid"};
    EXPECT_FALSE(state.IsReady());
    EXPECT_FALSE(state.Admit());
    EXPECT_FALSE(state.WasAdmitted());
    state.MarkReady();
    EXPECT_TRUE(state.Admit());
}

TEST_F(StateDirectoryTest, RemembersTheIncumbentWithItsReport) {
    StateDirectory state{path_, "uid"};
    EXPECT_EQ(state.Incumbent(), api::AgentReport{});
    api::AgentReport report;
    report.before = version::Reading{.initialised = true, .versions = {"0001"}};
    state.MarkIncumbent(report);
    EXPECT_EQ((StateDirectory{path_, "uid"}.Incumbent()), report);
}

TEST_F(StateDirectoryTest, AnUnreadableReportIsAnEmptyOne) {
    std::ofstream{path_ / "incumbent"} << "{";
    EXPECT_EQ((StateDirectory{path_, "uid"}.Incumbent()), api::AgentReport{});
}

TEST_F(StateDirectoryTest, AdmitsOnlyWhoIsReadyAndRemembersIt) {
    StateDirectory state{path_, "uid"};
    EXPECT_FALSE(state.Admit());
    EXPECT_FALSE(state.WasAdmitted());
    state.MarkReady();
    EXPECT_FALSE(state.WasAdmitted());
    EXPECT_TRUE((StateDirectory{path_, "uid"}.Admit()));
    state.ClearReady();
    EXPECT_TRUE(state.WasAdmitted());
    EXPECT_FALSE(state.Admit());
}

TEST_F(StateDirectoryTest, DoesNotAdmitWhatItCannotWriteDown) {
    StateDirectory state{path_, "uid"};
    state.MarkReady();
    // In the way of the file that is written first.
    std::filesystem::create_directory(path_ / "admitted.new");
    EXPECT_THROW(state.Admit(), database::DbError);
    EXPECT_FALSE(state.WasAdmitted());
}

TEST_F(StateDirectoryTest, SaysWhatIsWrongWhenTheFolderIsMissing) {
    StateDirectory state{path_ / "missing", "uid"};
    EXPECT_FALSE(state.IsReady());
    EXPECT_THROW(state.MarkReady(), database::DbError);
}

TEST_F(StateDirectoryTest, KeepsOnlyTheNewestReportInTheFile) {
    ReportFile report{path_ / "report"};
    report.Update([](api::AgentReport& r) { r.identity.assign(200, 'x'); });
    report.Update([](api::AgentReport& r) { r.identity = "short"; });
    std::ifstream file{path_ / "report"};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    const auto read = api::ParseAgentReport(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->identity, "short");
}

}  // namespace
}  // namespace agent
