#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <latch>
#include <mutex>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "agent/timing.hpp"
#include "one_runner/round.hpp"

namespace one_runner {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
/// Processes with a sanitizer take longer to start than hurried times allow.
constexpr int kRounds = 60;
constexpr int kDivisor = 2;
#else
constexpr int kRounds = 1000;
constexpr int kDivisor = 6;
#endif
/// Of each thousand: with the agent's real times, and on servers that are restarted under them. What a round is follows
/// from its number, so that a number means the same round in every run.
constexpr long kInRealTime = 20;
constexpr long kWithRestarts = 150;

/// Rounds wait most of the time; so many at once keep two cores busy, not more.
constexpr int kLanes = 40;
constexpr int kServersToRestart = 2;
constexpr int kLanesPerServerToRestart = 4;
constexpr int kLanesInRealTime = 20;

/// Hurried agents look less often than their other times ask for: looking is what costs most here, and who looks less
/// often sees less.
constexpr int kLooksWithinSettle = 3;

/// A number from the environment, for a round to be run again or for more of them.
long Number(const char* variable, long otherwise) {
    const char* text = std::getenv(variable);
    return text ? std::atol(text) : otherwise;
}

class Lanes {
public:
    /// Rounds with these numbers are shared by lanes that are added to it.
    struct Group {
        std::vector<long> numbers;
        std::atomic<std::size_t> next = 0;
    };

    void Add(Group& group, RoundServer& server, const std::string& database, bool restarts, bool real_time) {
        lanes_.push_back({.server = server,
                          .database = database,
                          .agent_options = {},
                          .surroundings = {.quiet = {}, .settle = {}, .server_restarts = restarts},
                          .real_time = real_time,
                          .folder = folder_.Path() / database});
        groups_.push_back(&group);
    }

    void Run() {
        // A server that was restarted by a lane gets a signal when that lane's thread ends.
        std::latch all_done{static_cast<std::ptrdiff_t>(lanes_.size())};
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < lanes_.size(); ++i) {
            threads.emplace_back([&, i] {
                Group& group = *groups_[i];
                for (auto next = group.next++; next < group.numbers.size(); next = group.next++)
                    RunRound(group.numbers[next], lanes_[i]);
                all_done.arrive_and_wait();
            });
        }
    }

    RoundResult sum;
    int rounds = 0;
    int violated = 0;
    std::atomic<int> played_again = 0;

private:
    static void SetPace(Lane& lane, int divisor) {
        const agent::Timing timing = agent::Timing{}.DividedBy(divisor);
        lane.surroundings.quiet = timing.fence.quiet;
        lane.surroundings.settle = timing.fence.settle;
        lane.agent_options.clear();
        if (divisor == 1) return;
        const auto poll = timing.fence.settle / kLooksWithinSettle;
        lane.agent_options = {"--unsafe-test-divide-times-by=" + std::to_string(divisor),
                              "--unsafe-test-poll-milliseconds=" + std::to_string(poll.count())};
    }

    /// A plan's times mean something only on a machine that keeps them. A round that went wrong while the machine stood
    /// still is played again at a slower pace, at last with the agent's real times; what goes wrong then, went wrong.
    void RunRound(long number, Lane& lane) {
        const auto seed = static_cast<std::uint64_t>(number);
        RoundResult result;
        for (int divisor = lane.real_time ? 1 : kDivisor;; divisor /= 2) {
            SetPace(lane, divisor);
            try {
                result = Round{Draw(seed, lane.surroundings), lane}.Run();
            } catch (const std::exception& e) {
                result.violations.push_back(std::string{"the round could not be played: "} + e.what());
            }
            const bool stood_still = result.lag > lane.surroundings.settle * 3 / 10;
            if (result.violations.empty() || !stood_still || divisor == 1) break;
            ++played_again;
        }
        Count(number, lane, result);
    }

    void Count(long number, const Lane& lane, const RoundResult& result) {
        const std::lock_guard lock{mutex_};
        ++rounds;
        sum.migrations += result.migrations;
        sum.duplicates_that_waited += result.duplicates_that_waited;
        sum.kills += result.kills;
        if (Number("TIDEGATE_ONE_RUNNER_ROUND", -1) >= 0) std::printf("%s", result.story.c_str());
        if (result.violations.empty()) return;
        ++violated;
        std::string text;
        for (const std::string& violation : result.violations)
            text += "VIOLATION " + violation + "\n";
        ADD_FAILURE() << text << "round " << number << " in " << lane.database
                      << "; again: TIDEGATE_ONE_RUNNER_ROUND=" << number << "\nthe machine stood still for "
                      << result.lag.count() << " ms at most\n"
                      << result.story;
    }

    testing_support::TemporaryFolder folder_;
    std::deque<Lane> lanes_;
    std::vector<Group*> groups_;
    std::mutex mutex_;
};

std::vector<std::string> Names(const std::string& prefix, int count) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i)
        names.push_back(prefix + std::to_string(i));
    return names;
}

TEST(AtMostOneRunner, HoldsInAThousandRounds) {
    const long only = Number("TIDEGATE_ONE_RUNNER_ROUND", -1);
    // Another first number draws other rounds; the default draws the same ones each time.
    const long first = only >= 0 ? only : Number("TIDEGATE_ONE_RUNNER_FIRST", 0);
    const long end = only >= 0 ? only + 1 : first + Number("TIDEGATE_ONE_RUNNER_ROUNDS", kRounds);
    Lanes::Group in_real_time;
    Lanes::Group with_restarts;
    Lanes::Group ordinary;
    for (long number = first; number < end; ++number) {
        // Spread over the thousand, so that a part of it has all kinds.
        const long place = number * 7 % 1000;
        Lanes::Group& group = place < kInRealTime                   ? in_real_time
                              : place < kInRealTime + kWithRestarts ? with_restarts
                                                                    : ordinary;
        group.numbers.push_back(number);
    }

    const auto lanes = Names("lane", kLanes);
    const auto real_lanes = Names("real", kLanesInRealTime);
    std::vector<std::string> databases = lanes;
    databases.insert(databases.end(), real_lanes.begin(), real_lanes.end());
    RoundServer server{databases};
    std::vector<std::unique_ptr<RoundServer>> restarted;
    Lanes rounds;
    for (const std::string& lane : lanes)
        rounds.Add(ordinary, server, lane, false, false);
    for (const std::string& lane : real_lanes)
        rounds.Add(in_real_time, server, lane, false, true);
    for (int i = 0; i < kServersToRestart; ++i) {
        const auto names = Names("restarted" + std::to_string(i) + "_", kLanesPerServerToRestart);
        restarted.push_back(std::make_unique<RoundServer>(names));
        for (const std::string& lane : names)
            rounds.Add(with_restarts, *restarted.back(), lane, true, false);
    }
    rounds.Run();

    EXPECT_EQ(rounds.rounds, end - first);
    EXPECT_GT(server.Looks(), rounds.rounds);
    EXPECT_GT(rounds.sum.duplicates_that_waited, 0) << "nothing was forced on anybody";
    if (rounds.played_again > 0) {
        std::printf(
            "at-most-one-runner: the machine stood still in rounds that went wrong; %d were played again, slower\n",
            rounds.played_again.load());
    }
    std::printf(
        "SUITE at-most-one-runner: %d rounds, %d migrations, %d duplicates refused or waited, %d kills; violations: "
        "%d\n",
        rounds.rounds, rounds.sum.migrations, rounds.sum.duplicates_that_waited, rounds.sum.kills, rounds.violated);
}

}  // namespace
}  // namespace one_runner
