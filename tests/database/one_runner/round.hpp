#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "one_runner/plan.hpp"
#include "one_runner/pod.hpp"
#include "one_runner/round_server.hpp"

namespace one_runner {

/// Where rounds run, one after the other.
struct Lane {
    RoundServer& server;
    std::string database;
    std::vector<std::string> agent_options;
    Surroundings surroundings;
    /// Never hurried.
    bool real_time;
    /// For the folders of pods; emptied by each round.
    std::filesystem::path folder;
    /// To the database as the superuser; made when needed, and again when it broke.
    std::unique_ptr<pqxx::connection> admin = nullptr;

    /// Throws pqxx::failure.
    pqxx::result Ask(const std::string& sql);
    /// While the server is restarted, too.
    pqxx::result AskPatiently(const std::string& sql);
};

struct RoundResult {
    int migrations = 0;
    int duplicates_that_waited = 0;
    int kills = 0;
    /// How long the machine stood still for us at most: between two looks at the pods, or in starting a process that
    /// does nothing but look for a file. What a plan says of times holds but for this.
    Milliseconds lag{0};
    /// In words; empty: all is well.
    std::vector<std::string> violations;
    /// What was planned, what happened and what the processes printed; for violations.
    std::string story;
};

/// Plays one plan with real processes and asks the oracles.
///
/// A violation is: two migrations at one time (by the rows that they wrote, by the lock that their sessions ask for, by
/// pg_stat_activity, or by their processes), or a pod that should have run its migration and did not within the bound.
class Round {
public:
    Round(const Plan& plan, Lane& lane);

    RoundResult Run();

private:
    void Say(const std::string& line);
    void Lagged(Instant::duration time);
    void ArriveOrNot(Instant now);
    void HitOrNot(Instant now);
    void Undo(Instant now, bool all);
    /// False: not possible now, to be tried again.
    bool Hit(const PlannedFault& fault, Instant now);
    void Terminate(const std::string& which, int pod);
    bool CrashBackend();
    std::optional<Instant> Due(const Trigger& trigger) const;
    bool CanNoLongerHappen(const Trigger& trigger) const;
    bool Over() const;
    std::unique_ptr<Pod> MakePod(std::size_t number);
    void WaitUntilTheServerIsEmpty();
    void Judge();
    void JudgeProcesses();
    void JudgeRows(const RoundServer::Sightings& sightings);

    struct Undoing {
        Instant when;
        std::function<void()> what;
    };

    const Plan plan_;
    Lane& lane_;
    const Instant start_;
    std::vector<std::unique_ptr<Pod>> pods_;
    std::vector<bool> hit_;
    std::vector<Undoing> undoings_;
    std::string trace_;
    RoundResult result_;
};

}  // namespace one_runner
