#include "agent/configuration.hpp"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "agent/outcome.hpp"
#include "agent/patience.hpp"
#include "api/agent_report.hpp"
#include "database/db_error.hpp"

namespace agent {
namespace {

using database::DbError;
using database::DbErrorKind;
using Variables = std::map<std::string, std::string>;

Environment From(const Variables& variables) {
    return [&variables](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? nullptr : found->second.c_str();
    };
}

TEST(Configuration, ReadsPartsAndVersions) {
    const Variables variables{{"TIDEGATE_TOOL", "Alembic"},
                              {"TIDEGATE_JOB_UID", "u"},
                              {"TIDEGATE_HOST", "db"},
                              {"TIDEGATE_PASSWORD", "p"},
                              {"TIDEGATE_WANTED", "0001,,a%2Cb,0003"}};
    const Configuration configuration = ReadConfiguration(From(variables));
    EXPECT_EQ(configuration.credentials.host, "db");
    EXPECT_EQ(configuration.credentials.password.Reveal(), "p");
    EXPECT_TRUE(configuration.credentials.uri.IsEmpty());
    EXPECT_EQ(configuration.wanted, (std::vector<std::string>{"0001", "a,b", "0003"}));
    EXPECT_EQ(configuration.job_uid, "u");
    EXPECT_EQ(configuration.credentials.ssl_mode, "");
}

TEST(Configuration, ReadsTlsByTheNamesOfLibpq) {
    const Variables variables{{"TIDEGATE_TOOL", "Alembic"},
                              {"TIDEGATE_JOB_UID", "u"},
                              {"PGSSLMODE", "verify-ca"},
                              {"PGSSLROOTCERT", "/ca.crt"}};
    const auto credentials = ReadConfiguration(From(variables)).credentials;
    EXPECT_EQ(credentials.ssl_mode, "verify-ca");
    EXPECT_EQ(credentials.ssl_root_certificate, "/ca.crt");
}

TEST(Configuration, ReadsWhatToDoAboutLocks) {
    Variables variables{{"TIDEGATE_TOOL", "Alembic"}, {"TIDEGATE_JOB_UID", "u"}};
    EXPECT_EQ(ReadConfiguration(From(variables)).lock_watch, api::LockWatch{});
    variables["TIDEGATE_LOCK_WATCH_AFTER_SECONDS"] = "17";
    variables["TIDEGATE_LOCK_WATCH_ACTION"] = "Cancel";
    EXPECT_EQ(ReadConfiguration(From(variables)).lock_watch,
              (api::LockWatch{std::chrono::seconds{17}, api::LockWatch::Action::Cancel}));
}

TEST(Configuration, NamesTheVariableThatIsWrong) {
    for (const auto& [variables, named] : std::map<Variables, std::string>{
             {{{"TIDEGATE_JOB_UID", "u"}}, "TIDEGATE_TOOL"},
             {{{"TIDEGATE_TOOL", "alembic"}, {"TIDEGATE_JOB_UID", "u"}}, "\"alembic\""},
             {{{"TIDEGATE_TOOL", "Alembic"}}, "TIDEGATE_JOB_UID"},
             {{{"TIDEGATE_TOOL", "Alembic"}, {"TIDEGATE_JOB_UID", "u"}, {"TIDEGATE_LOCK_WATCH_AFTER_SECONDS", "5s"}},
              "afterSeconds"},
             {{{"TIDEGATE_TOOL", "Alembic"}, {"TIDEGATE_JOB_UID", "u"}, {"TIDEGATE_LOCK_WATCH_AFTER_SECONDS", "0"}},
              "afterSeconds"},
             {{{"TIDEGATE_TOOL", "Alembic"}, {"TIDEGATE_JOB_UID", "u"}, {"TIDEGATE_LOCK_WATCH_ACTION", "Kill"}},
              "\"Kill\""},
         }) {
        try {
            ReadConfiguration(From(variables));
            ADD_FAILURE() << named;
        } catch (const DbError& e) {
            EXPECT_EQ(e.Kind(), DbErrorKind::BadConfiguration);
            EXPECT_NE(std::string{e.what()}.find(named), std::string::npos) << e.what();
        }
    }
    EXPECT_THROW(StateDirectoryPath(From({})), DbError);
    EXPECT_EQ(ReportPath(From({})), "/dev/termination-log");
}

TEST(Outcome, GivesEveryErrorItsReasonAndExitCode) {
    EXPECT_EQ(ReasonOf(DbErrorKind::PoolerRefused), api::agent_error::kPoolerRefused);
    EXPECT_EQ(ExitCodeOf(DbErrorKind::BadConfiguration), 2);
    EXPECT_EQ(ExitCodeOf(DbErrorKind::Unreachable), 10);
    EXPECT_EQ(ExitCodeOf(DbErrorKind::QueryFailed), 18);
}

TEST(Patience, EndsSoonerForWhatOnlyPeopleCanChange) {
    using std::chrono::seconds;
    const Patience::Instant start{};
    Patience patience{Patience::Limits{}};
    EXPECT_TRUE(patience.Failed(DbErrorKind::BadConfiguration, start));
    EXPECT_FALSE(patience.Failed(DbErrorKind::AuthenticationFailed, start + seconds{9}));
    EXPECT_TRUE(patience.Failed(DbErrorKind::AuthenticationFailed, start + seconds{10}));
    EXPECT_FALSE(patience.Failed(DbErrorKind::Unreachable, start + seconds{29}));
    EXPECT_TRUE(patience.Failed(DbErrorKind::Unreachable, start + seconds{30}));
    patience.Succeeded();
    EXPECT_FALSE(patience.Failed(DbErrorKind::Unreachable, start + seconds{31}));
}

TEST(Patience, PausesLongerEachTimeUpToABound) {
    Patience patience{Patience::Limits{}};
    auto earlier = patience.NextPause();
    for (int i = 0; i < 10; ++i) {
        const auto pause = patience.NextPause();
        EXPECT_GE(pause, earlier);
        EXPECT_LE(pause, Patience::Limits{}.longest_pause);
        earlier = pause;
    }
    patience.Succeeded();
    EXPECT_EQ(patience.NextPause(), Patience::Limits{}.first_pause);
}

}  // namespace
}  // namespace agent
