#include <gmock/gmock.h>

#include "tools/tool_test.hpp"

namespace testing_support {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The same story for every tool that can be had, run as in a migration's pod: behind the agent, which reports. The
/// others (Atlas, EF Core, sqlx, Diesel) are in tables_test.cpp.
class RealMigrationTool : public ToolTest {
protected:
    int Migrate() { return ToolTest::Migrate(tool_.environment(run_)); }

    std::unique_ptr<AgentPod> ToolPod(const std::string& name) const {
        auto pod = Pod(name, "job");
        pod->environment["TIDEGATE_TOOL"] = tool_.name;
        pod->environment["TIDEGATE_WANTED"] = tool_.first + "," + tool_.second + "," + tool_.third;
        return pod;
    }
};

TEST_P(RealMigrationTool, TakesAnEmptyDatabaseToItsNewestVersionAndThenHasNothingToDo) {
    const auto pod = ToolPod("pod");
    pod->Run();
    ASSERT_TRUE(pod->BecomesReady()) << pod->Output();
    ASSERT_EQ(Migrate(), 0) << ToolOutput();
    EXPECT_EQ(Value("SELECT count(*) FROM information_schema.columns WHERE column_name = 'email'"), "1");
    EXPECT_EQ(pod->Terminate(), 0) << pod->Output();
    const auto report = pod->Report();
    ASSERT_TRUE(report.before && report.after);
    EXPECT_FALSE(report.before->initialised) << "absent table";
    EXPECT_THAT(report.before->reached, IsEmpty());
    EXPECT_TRUE(report.after->initialised);
    EXPECT_EQ(report.after->versions, tool_.versions);
    EXPECT_THAT(report.after->reached, ElementsAre(tool_.first, tool_.second));
    EXPECT_FALSE(report.after->dirty);

    ASSERT_EQ(Migrate(), 0) << ToolOutput();
    const auto probe = ToolPod("probe");
    ASSERT_EQ(probe->Probe().Wait(), 0) << probe->Output();
    EXPECT_EQ(probe->Report().after, report.after) << "nothing to do";
}

TEST_P(RealMigrationTool, LeavesWhatItsHistorySaysWhenAMigrationFails) {
    ASSERT_EQ(Migrate(), 0) << ToolOutput();
    Write(tool_.broken, run_.folder);
    const auto pod = ToolPod("pod");
    pod->Run();
    ASSERT_TRUE(pod->BecomesReady()) << pod->Output();
    EXPECT_NE(Migrate(), 0) << ToolOutput();
    EXPECT_THAT(ToolOutput(), HasSubstr("no_such_table"));
    EXPECT_EQ(pod->Terminate(), 0) << pod->Output();
    const auto after = *pod->Report().after;
    EXPECT_EQ(after.dirty, !tool_.dirty.empty()) << after.dirty_detail;
    EXPECT_THAT(after.dirty_detail, HasSubstr(tool_.dirty));
    EXPECT_EQ(after.versions, tool_.dirty.empty() ? tool_.versions : tool_.versions_when_dirty);
    if (tool_.versions_when_dirty != std::vector{tool_.third}) {
        EXPECT_THAT(after.reached, ElementsAre(tool_.first, tool_.second));
    }
}

TEST_P(RealMigrationTool, IsBusyToReadWhileSomebodyLocksItsHistory) {
    ASSERT_EQ(Migrate(), 0) << ToolOutput();
    const auto locker = Connect();
    pqxx::work lock{*locker};
    lock.exec("LOCK TABLE " + tool_.table + " IN ACCESS EXCLUSIVE MODE");
    const auto probe = ToolPod("probe");
    EXPECT_EQ(probe->Probe().Wait(), 17) << probe->Output();
    ASSERT_TRUE(probe->Report().error);
    EXPECT_EQ(probe->Report().error->reason, "Busy");
}

INSTANTIATE_TEST_SUITE_P(Tools, RealMigrationTool, testing::ValuesIn(AllTools()),
                         [](const auto& info) { return info.param.name; });

}  // namespace

void PrintTo(const RealTool& tool, std::ostream* out) {
    *out << tool.name;
}

}  // namespace testing_support
