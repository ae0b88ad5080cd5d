#include "database/lock_watch.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>

#include <gmock/gmock.h>

#include "locks/lock_scene.hpp"

namespace testing_support {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr const char* kCancelled = "canceling statement due to user request";

class LockWatcher : public LockScene {};

TEST_F(LockWatcher, WithCancelNobodyWaitsLongerBehindAQueuedMigrationThanAskedFor) {
    constexpr seconds kAfter{2};
    const auto billing = HoldOpen(ConnectAsOwner("billing"));
    const auto pod = Watching("Cancel", kAfter.count());
    const auto migration = WaitingMigration();
    std::vector<std::unique_ptr<Statement>> readers;
    for (int i = 0; i < 3; ++i)
        readers.push_back(WaitingReader());

    EXPECT_THAT(migration->Wait().error, HasSubstr(kCancelled)) << pod->Output();
    milliseconds longest{0};
    for (const auto& reader : readers) {
        const auto end = reader->Wait();
        EXPECT_EQ(end.error, "");
        longest = std::max(longest, end.took);
    }
    std::printf("readers' longest wait behind a queued migration: %ld ms, cancelled after %ld s\n",
                static_cast<long>(longest.count()), static_cast<long>(kAfter.count()));
    EXPECT_LE(longest, kAfter + seconds{1});
    EXPECT_GE(longest, kAfter) << "not before it was due";
    EXPECT_NO_THROW(pqxx::nontransaction{*billing}.exec("SELECT 1; COMMIT")) << "in the way, and none of ours";

    EXPECT_EQ(pod->Terminate(), 0);
    const auto report = pod->Report();
    ASSERT_TRUE(report.locks) << pod->ReportText();
    EXPECT_EQ(report.locks->cancels, 1);
    EXPECT_GE(report.locks->longest_blocking, kAfter);
    EXPECT_GE(report.locks->longest_wait, kAfter);
    ASSERT_THAT(report.locks->blockers, SizeIs(1));
    const auto& blocker = report.locks->blockers[0];
    EXPECT_EQ(blocker.pid, billing->backendpid());
    EXPECT_EQ(blocker.application_name, "billing");
    EXPECT_EQ(blocker.state, "idle in transaction");
    EXPECT_GE(blocker.age.value_or(seconds{-1}), seconds{0});
    EXPECT_EQ(report.fence_lost, 0);
}

TEST_F(LockWatcher, WithReportNothingIsCancelledAndWhoIsInTheWayIsNamed) {
    const auto billing = HoldOpen(ConnectAsOwner("billing"));
    const auto pod = Watching("Report", 1);
    const auto migration = WaitingMigration();
    const auto reader = WaitingReader();
    ASSERT_TRUE(Says(*pod, "for the migration")) << pod->Output();
    EXPECT_THAT(pod->Output(), HasSubstr("in its way: server process " + std::to_string(billing->backendpid()) +
                                         " (\"billing\", idle in transaction"));
    EXPECT_THAT(pod->Output(), HasSubstr("waiting behind it: 1"));
    EXPECT_THAT(pod->Output(), Not(HasSubstr("ADD COLUMN"))) << "no text of statements";
    EXPECT_TRUE(migration->IsUnderWay());
    EXPECT_TRUE(reader->IsUnderWay());

    pqxx::nontransaction{*billing}.exec("COMMIT");
    EXPECT_EQ(migration->Wait().error, "");
    EXPECT_EQ(reader->Wait().error, "");
    EXPECT_EQ(pod->Terminate(), 0);
    const auto locks = pod->Report().locks;
    ASSERT_TRUE(locks);
    EXPECT_EQ(locks->cancels, 0);
    EXPECT_GE(locks->longest_wait, seconds{1});
    EXPECT_GE(locks->longest_blocking, seconds{1});
    EXPECT_THAT(locks->blockers, Contains(Field(&api::AgentReport::Blocker::pid, billing->backendpid())));
}

TEST_F(LockWatcher, NobodyElsesSessionIsEverCancelled) {
    const auto billing = HoldOpen(ConnectAsOwner("billing"));
    const auto invoices = HoldOpen(ConnectAsOwner("invoices"), "invoices");
    const auto pod = Watching("Cancel", 1);
    // As a migration of ours would stand in the way: of no Job, of another Job, of the same role and of another.
    std::vector<std::unique_ptr<Statement>> others;
    for (const char* name : {"console", "tidegate/another", "tidegate/job2", "tidegate-agent/job"}) {
        others.push_back(WaitingStatement(ConnectAsOwner(name), "ALTER TABLE orders ADD COLUMN note text"));
    }
    others.push_back(WaitingReader());
    const auto migration = WaitingMigration("invoices");
    const auto reader = WaitingReader("invoices");
    ASSERT_THAT(migration->Wait().error, HasSubstr(kCancelled)) << "the watch works";
    EXPECT_EQ(reader->Wait().error, "");
    // They had waited longer than the one that was cancelled.
    for (const auto& other : others)
        EXPECT_TRUE(other->IsUnderWay());
    EXPECT_TRUE(Lives(billing->backendpid()));
    EXPECT_TRUE(Lives(invoices->backendpid()));
    EXPECT_EQ(pod->Terminate(), 0);
    EXPECT_EQ(pod->Report().locks->cancels, 1);
    pqxx::nontransaction{*billing}.exec("COMMIT");
    EXPECT_EQ(others.front()->Wait().error, "");
    EXPECT_EQ(others.back()->Wait().error, "");
}

TEST_F(LockWatcher, AMigrationMayWaitAsLongAsNobodyStandsBehindIt) {
    const auto billing = HoldOpen(ConnectAsOwner("billing"));
    const auto pod = Watching("Cancel", 1);
    const auto migration = WaitingMigration();
    ASSERT_TRUE(Says(*pod, "waiting behind it: 0")) << pod->Output();
    ASSERT_TRUE(Eventually([&] {
        const auto locks = pod->Report().locks;
        return locks && locks->longest_wait >= seconds{3};
    }));
    EXPECT_TRUE(migration->IsUnderWay());
    const auto reader = WaitingReader();
    EXPECT_THAT(migration->Wait().error, HasSubstr(kCancelled));
    EXPECT_GE(reader->Wait().took, seconds{1}) << "it, too, is given its time";
}

TEST_F(LockWatcher, WhatAKilledAgentHadSeenIsInTheReport) {
    const auto billing = HoldOpen(ConnectAsOwner("billing"));
    const auto pod = Watching("Cancel", 1);
    auto migration = WaitingMigration();
    WaitingReader()->Wait();
    migration->Wait();
    ASSERT_TRUE(Eventually([&] { return pod->Report().locks->cancels == 1; }));
    pod->Agent().Signal(SIGKILL);
    pod->Agent().Wait();
    migration = WaitingMigration();
    pod->Run();
    WaitingReader()->Wait();
    migration->Wait();
    EXPECT_TRUE(Eventually([&] { return pod->Report().locks->cancels == 2; })) << pod->ReportText();
    EXPECT_EQ(pod->Terminate(), 0);
    EXPECT_EQ(pod->Report().locks->cancels, 2);
}

TEST_F(LockWatcher, ASessionOfAnotherRoleIsReportedAndItsCancelLeftToWhoMay) {
    Execute("ALTER TABLE orders OWNER TO admin; GRANT SELECT ON orders TO PUBLIC");
    for (const char* may_see : {"", "pg_read_all_stats"}) {
        if (*may_see != '\0') Execute(std::string{"GRANT "} + may_see + " TO " + database_.user);
        const auto billing = HoldOpen(Connect("billing"));
        const auto pod = Watching("Cancel", 1, std::string{"pod-"} + may_see);
        const auto migration =
            WaitingStatement(Connect("tidegate/job"), "ALTER TABLE orders ADD COLUMN IF NOT EXISTS email text");
        const auto reader = WaitingReader();
        ASSERT_TRUE(Says(*pod, "may not cancel server process " + std::to_string(migration->Pid()))) << pod->Output();
        EXPECT_TRUE(migration->IsUnderWay());
        pqxx::nontransaction{*billing}.exec("COMMIT");
        EXPECT_EQ(migration->Wait().error, "");
        EXPECT_EQ(reader->Wait().error, "");
        EXPECT_EQ(pod->Terminate(), 0);
        const auto locks = pod->Report().locks;
        ASSERT_TRUE(locks);
        EXPECT_EQ(locks->cancels, 0);
        ASSERT_THAT(locks->blockers, SizeIs(1));
        EXPECT_EQ(locks->blockers[0].application_name, "billing");
        EXPECT_EQ(locks->blockers[0].state, *may_see == '\0' ? "" : "idle in transaction");
    }
}

TEST_F(LockWatcher, TheFenceIsKeptWhenTheLocksCannotBeSeen) {
    const auto pod = Watching("Cancel", 1);
    const auto admin = Connect();
    pqxx::nontransaction transaction{*admin};
    // What pg_stat_activity reads; new sessions wait for it, too, so everything is asked of this one.
    transaction.exec("BEGIN; LOCK TABLE pg_catalog.pg_authid IN ACCESS EXCLUSIVE MODE");
    EXPECT_TRUE(Says(*pod, "cannot look at the locks")) << pod->Output();
    EXPECT_EQ(
        transaction.exec1("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2")[0]
            .as<int>(),
        1);
    transaction.exec("COMMIT");
    EXPECT_EQ(pod->Terminate(), 0);
    EXPECT_EQ(pod->Report().fence_lost, 0);
}

/// What one look shows.
class LockLook : public LockScene {
protected:
    LockLook() {
        database::Credentials credentials;
        credentials.host = "127.0.0.1";
        credentials.port = std::to_string(database_.port);
        credentials.database_name = database_.name;
        credentials.user = database_.user;
        credentials.password = database::Secret{database_.password};
        connection_ = std::make_unique<database::Connection>(credentials, "tidegate/job");
    }

    database::LockLook Look() { return watch_.Look(*connection_); }

    std::unique_ptr<database::Connection> connection_;
    const database::LockWatch watch_{"tidegate/job"};
};

TEST_F(LockLook, IsEmptyWhereOnlyOthersWaitForOthers) {
    const auto billing = HoldOpen(ConnectAsOwner("billing"));
    const auto console = WaitingStatement(ConnectAsOwner("console"), "ALTER TABLE orders ADD COLUMN note text");
    const auto reader = WaitingReader();
    EXPECT_THAT(Look().own, IsEmpty());
    EXPECT_THAT(Look().others, IsEmpty());
    pqxx::nontransaction{*billing}.exec("COMMIT");
}

TEST_F(LockLook, ShowsRowLocksAndWhoWaitsForAMigrationThatWorks) {
    Execute("INSERT INTO orders VALUES (1), (2)");
    const auto migration = ConnectAsOwner("tidegate/job");
    pqxx::nontransaction{*migration}.exec("BEGIN; UPDATE orders SET id = 1 WHERE id = 1");
    const auto writer = WaitingStatement(ConnectAsOwner("web"), "UPDATE orders SET id = 10 WHERE id = 1");
    const auto look = Look();
    EXPECT_THAT(look.own, IsEmpty());
    ASSERT_THAT(look.others, SizeIs(1));
    EXPECT_EQ(look.others[0].session.pid, writer->Pid());
    EXPECT_EQ(look.others[0].session.application_name, "web");
    ASSERT_THAT(look.others[0].blockers, SizeIs(1));
    EXPECT_EQ(look.others[0].blockers[0].pid, migration->backendpid());
    EXPECT_EQ(look.others[0].waited.has_value(), std::stoi(Value("SHOW server_version_num")) >= 140000);
    EXPECT_GE(look.others[0].waited.value_or(milliseconds{0}), milliseconds{0});
    pqxx::nontransaction{*migration}.exec("COMMIT");
}

TEST_F(LockLook, NamesEveryBlocker) {
    const auto one = HoldOpen(ConnectAsOwner("one"));
    const auto two = HoldOpen(Connect("two"));
    const auto migration = WaitingMigration();
    const auto look = Look();
    ASSERT_THAT(look.own, SizeIs(1));
    EXPECT_EQ(look.own[0].session.pid, migration->Pid());
    EXPECT_THAT(look.own[0].blockers,
                testing::UnorderedElementsAre(Field(&database::LockSession::pid, one->backendpid()),
                                              Field(&database::LockSession::pid, two->backendpid())));
    pqxx::nontransaction{*one}.exec("COMMIT");
    pqxx::nontransaction{*two}.exec("COMMIT");
}

TEST_F(LockLook, ASessionWithoutTheTagIsOneOfTheOthers) {
    const auto billing = HoldOpen(ConnectAsOwner("billing"));
    const auto jdbc = WaitingStatement(ConnectAsOwner("PostgreSQL JDBC Driver"), "ALTER TABLE orders ADD COLUMN n int");
    const auto reader = WaitingReader();
    EXPECT_THAT(Look().own, IsEmpty());
    EXPECT_THAT(Look().others, IsEmpty());
    pqxx::nontransaction{*billing}.exec("COMMIT");
}

TEST_F(LockLook, CancelsOnlyTheVerySessionThatItShowedAndOnlyWhileItWaits) {
    const auto billing = HoldOpen(ConnectAsOwner("billing"));
    auto migration = WaitingMigration();
    auto session = Look().own.at(0).session;
    ASSERT_NE(session.started, "");
    auto earlier = session;
    earlier.started = "2026-01-01 00:00:00+00";
    EXPECT_FALSE(watch_.Cancel(*connection_, earlier)) << "the pid was another's";
    EXPECT_FALSE((database::LockWatch{"tidegate/another"}.Cancel(*connection_, session)));
    EXPECT_TRUE(migration->IsUnderWay());
    EXPECT_TRUE(watch_.Cancel(*connection_, session));
    EXPECT_THAT(migration->Wait().error, HasSubstr(kCancelled));
    EXPECT_FALSE(watch_.Cancel(*connection_, session)) << "it does not wait any more";
    pqxx::nontransaction{*billing}.exec("COMMIT");
}

}  // namespace
}  // namespace testing_support
