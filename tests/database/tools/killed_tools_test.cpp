#include <algorithm>
#include <csignal>
#include <cstdlib>

#include <gmock/gmock.h>

#include "engine/classify.hpp"
#include "engine/repair.hpp"
#include "support/database_test.hpp"
#include "tools/real_tool.hpp"

namespace testing_support {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr const char* kSlow = "ALTER TABLE orders ADD COLUMN reference text; SELECT pg_sleep(600)";
constexpr const char* kQuick = "ALTER TABLE orders ADD COLUMN reference text";
constexpr const char* kHalfWay = "CREATE TABLE half_done (id int); ALTER TABLE no_such_table ADD COLUMN reference text";

using Command = std::vector<std::string>;

/// What a tool leaves behind that was killed in the middle of its third migration, and its own command that mends it.
struct Aftermath {
    const char* tool;
    /// Of the third migration, made of its SQL.
    ToolFile (*third)(const std::string& sql);
    /// By SIGKILL, else it fails: Flyway writes its row at the end, so that a kill leaves nothing.
    bool is_killed;
    /// From the command that migrates; nullptr: see `mend_by_hand`.
    Command (*mend)(Command command);
    /// Of what Tidegate says of it.
    std::vector<std::string> words;
    /// What the command does, as SQL. For Prisma alone: `migrate resolve` wants the native engine, which comes from no
    /// registry.
    const char* mend_by_hand = "";
};

/// `command` with everything from `word` on replaced.
Command From(Command command, const std::string& word, const Command& by) {
    const auto at = std::find(command.begin(), command.end(), word);
    EXPECT_NE(at, command.end()) << word;
    command.erase(at, command.end());
    command.insert(command.end(), by.begin(), by.end());
    return command;
}

Command Instead(Command command, const std::string& word, const Command& by) {
    const auto at = std::find(command.begin(), command.end(), word);
    EXPECT_NE(at, command.end()) << word;
    command.insert(command.erase(at), by.begin(), by.end());
    return command;
}

const Aftermath kAftermaths[] = {
    {"Liquibase",
     [](const std::string& sql) -> ToolFile {
         return {"3.sql", "--liquibase formatted sql\n--changeset ann:reference\n" + sql + ";\n"};
     },
     true,
     [](Command command) { return From(std::move(command), "update", {"release-locks"}); },
     {"Liquibase's own lock, a row in public.databasechangeloglock, is taken by", "since 20",
      "run \"liquibase release-locks\""}},
    {"Knex",
     [](const std::string& sql) -> ToolFile {
         // With a transaction around the whole run, the lock goes with it.
         return {"migrations/20261122000000_reference.js",
                 "exports.up = (knex) => knex.raw('" + sql +
                     "');\nexports.down = () => {};\nexports.config = { transaction: false };\n"};
     },
     true,
     [](Command command) { return Instead(std::move(command), "migrate:latest", {"migrate:unlock"}); },
     {"Knex's own lock, a row in public.knex_migrations_lock, is taken", "run \"knex migrate:unlock\""}},
    {"GolangMigrate",
     [](const std::string& sql) -> ToolFile {
         return {"000003_reference.up.sql", sql + ";\n"};
     },
     true,
     [](Command command) {
         return Instead(std::move(command), "up", {"force", "2"});
     },
     {"dirty after exit code 137", "version 3 has begun", "run \"migrate force V\"", "this run began at 2"}},
    {"Prisma",
     [](const std::string& sql) -> ToolFile {
         return {"migrations/20261122000000_reference/migration.sql", sql + ";\n"};
     },
     true,
     nullptr,
     {"dirty after exit code 137", "run \"prisma migrate resolve --rolled-back 20261122000000_reference\""},
     // Its statements are transactions of their own: how many of them took hold is for whoever mends it to see.
     "ALTER TABLE orders DROP COLUMN IF EXISTS reference; UPDATE _prisma_migrations SET rolled_back_at = now() WHERE "
     "migration_name = '20261122000000_reference'"},
    {"Flyway",
     [](const std::string& sql) -> ToolFile {
         return {"sql/V1.11__reference.sql", sql + ";\n"};
     },
     false,
     [](Command command) { return Instead(std::move(command), "migrate", {"repair"}); },
     {"dirty after exit code 1", "V1.11__reference.sql failed", "run \"flyway repair\""}},
};

void PrintTo(const Aftermath& aftermath, std::ostream* out) {
    *out << aftermath.tool;
}

class KilledTool : public DatabaseTest, public testing::WithParamInterface<Aftermath> {
protected:
    void SetUp() override {
        const char* tools = std::getenv("TIDEGATE_TEST_TOOLS");
        ASSERT_NE(tools, nullptr) << "set it to what tests/tools/install prints";
        run_ = {.folder = folder_.MakeFolder("tool"),
                .tools = tools,
                .database = database_,
                .application_name = "tidegate/job"};
        Write(tool_.files, run_.folder);
        environment_ = tool_.environment(run_);
        // Five minutes by default.
        environment_["LIQUIBASE_CHANGELOG_LOCK_WAIT_TIME_IN_MINUTES"] = "0";
    }

    static RealTool Find(const std::string& name) {
        for (const RealTool& tool : AllTools()) {
            if (tool.name == name) return tool;
        }
        ADD_FAILURE() << "no tool " << name;
        return {};
    }

    Process::Settings Settings(const Command& command) const {
        return {.command = command, .environment = environment_, .output = folder_.Path() / "tool.log"};
    }
    int Migrate() const { return RunToEnd(Settings(tool_.command(run_))); }
    std::string ToolOutput() const { return ReadFile(folder_.Path() / "tool.log"); }

    std::string Sleepers() const {
        return Value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = "
            "'PgSleep'");
    }
    /// Killed as a pod is; its session ends as it does where the server looks for its client.
    void KillInTheMiddle() const {
        Process migration{Settings(tool_.command(run_))};
        ASSERT_TRUE(Eventually([&] { return Sleepers() == "1"; }, seconds{60})) << ToolOutput();
        migration.Signal(SIGKILL);
        ASSERT_EQ(migration.Wait(), -SIGKILL);
        Execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND "
            "application_name = 'tidegate/job' AND wait_event = 'PgSleep'");
        ASSERT_TRUE(Eventually([&] { return Sleepers() == "0"; }));
    }

    std::unique_ptr<AgentPod> ToolPod(const std::string& name) const {
        auto pod = Pod(name, "job");
        pod->environment["TIDEGATE_TOOL"] = tool_.name;
        pod->environment["TIDEGATE_WANTED"] = tool_.third;
        return pod;
    }

    /// What the Migration would show.
    std::string Message(const api::AgentReport& report, int exit_code) const {
        const api::RunRecord run{.key = "key", .version = tool_.third, .job_name = "orders-x-1"};
        observed::PodFacts pod;
        pod.terminal = true;
        pod.migration.state = observed::ContainerFacts::State::Terminated;
        pod.migration.exit_code = exit_code;
        pod.migration.start_time = report.start_time;
        pod.report = report;
        const auto end = engine::Classify(
            {.run = run, .scheme = *version::ParseTool(tool_.name), .pod = &pod, .after = report.after});
        return end ? end->message : "";
    }

    const Aftermath& aftermath_ = GetParam();
    const RealTool tool_ = Find(aftermath_.tool);
    ToolRun run_;
    std::map<std::string, std::string> environment_;
};

TEST_P(KilledTool, LeavesWhatIsNamedWithTheCommandThatMendsIt) {
    ASSERT_EQ(Migrate(), 0) << ToolOutput();
    const auto pod = ToolPod("pod");
    pod->Run();
    ASSERT_TRUE(pod->BecomesReady()) << pod->Output();
    if (aftermath_.is_killed) {
        Write({aftermath_.third(kSlow)}, run_.folder);
        KillInTheMiddle();
    } else {
        Write(tool_.broken, run_.folder);
        Write({aftermath_.third(kHalfWay)}, run_.folder);
        ASSERT_NE(Migrate(), 0) << ToolOutput();
        Execute("DROP TABLE half_done");
    }
    ASSERT_FALSE(HasFatalFailure());
    ASSERT_EQ(pod->Terminate(), 0) << pod->Output();
    const auto report = pod->Report();
    ASSERT_TRUE(report.before && report.after);
    EXPECT_FALSE(report.before->dirty || report.before->lock) << "of this run";
    EXPECT_TRUE(report.after->dirty || report.after->lock) << pod->ReportText();
    const std::string message = Message(report, aftermath_.is_killed ? 137 : 1);
    for (const std::string& word : aftermath_.words)
        EXPECT_THAT(message, HasSubstr(word));
    EXPECT_LE(message.size(), 1024U) << "the record's message is cut there";

    Write({aftermath_.third(kQuick)}, run_.folder);
    EXPECT_NE(Migrate(), 0) << "not stuck at all: " << ToolOutput();
    if (aftermath_.mend == nullptr) {
        Execute(aftermath_.mend_by_hand);
    } else {
        ASSERT_EQ(RunToEnd(Settings(aftermath_.mend(tool_.command(run_)))), 0) << ToolOutput();
    }
    EXPECT_EQ(Migrate(), 0) << ToolOutput();
    const auto probe = ToolPod("probe");
    ASSERT_EQ(probe->Probe().Wait(), 0) << probe->Output();
    const auto mended = *probe->Report().after;
    EXPECT_FALSE(mended.dirty || mended.lock) << probe->ReportText();
    EXPECT_EQ(mended.reached, std::vector{tool_.third});
}

INSTANTIATE_TEST_SUITE_P(Tools, KilledTool, testing::ValuesIn(kAftermaths),
                         [](const auto& info) { return std::string{info.param.tool}; });

}  // namespace
}  // namespace testing_support
