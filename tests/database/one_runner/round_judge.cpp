/// The oracles of a round: what the server and the processes did, never what an agent says.
#include <algorithm>
#include <limits>

#include "one_runner/round.hpp"

namespace one_runner {
namespace {

struct Row {
    int pod;
    int backend;
    double started;
    double ended;
};

}  // namespace

void Round::WaitUntilTheServerIsEmpty() {
    // Longer than any statement of a migration: one that goes on without its client ends by itself.
    const bool empty = testing_support::Eventually(
        [&] {
            return lane_
                .AskPatiently(
                    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE "
                    "'tidegate%'")
                .empty();
        },
        std::chrono::seconds{60});
    if (!empty) result_.violations.push_back("a session stayed in the server after all its pods had ended");
}

void Round::Judge() {
    for (std::size_t i = 0; i < pods_.size(); ++i) {
        const auto& pod = pods_[i];
        if (!pod) continue;
        if (pod->Migration()) ++result_.migrations;
        if (pod->Waited()) ++result_.duplicates_that_waited;
        if (!pod->Killed() && !pod->Migration())
            result_.violations.push_back("liveness: pod " + std::to_string(i) + " never ran its migration");
    }
    JudgeProcesses();
    // What still runs now runs after its bound; the story has it.
    for (const auto& pod : pods_) {
        if (pod && !pod->Over()) pod->Kill(std::chrono::steady_clock::now());
    }
    WaitUntilTheServerIsEmpty();
    const auto sightings = lane_.server.Take(lane_.database);
    result_.violations.insert(
        result_.violations.end(), sightings.overlaps.begin(),
        sightings.overlaps.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(sightings.overlaps.size(), 3)));
    JudgeRows(sightings);
}

void Round::JudgeProcesses() {
    for (std::size_t a = 0; a < pods_.size(); ++a) {
        for (std::size_t b = a + 1; b < pods_.size(); ++b) {
            if (!pods_[a] || !pods_[b] || !pods_[a]->Migration() || !pods_[b]->Migration()) continue;
            const auto& [a_started, a_ended] = *pods_[a]->Migration();
            const auto& [b_started, b_ended] = *pods_[b]->Migration();
            if ((!a_ended || b_started < *a_ended) && (!b_ended || a_started < *b_ended)) {
                result_.violations.push_back("I2: the migrations' processes of pods " + std::to_string(a) + " and " +
                                             std::to_string(b) + " ran at the same time");
            }
        }
    }
}

void Round::JudgeRows(const RoundServer::Sightings& sightings) {
    const std::string round = std::to_string(plan_.seed);
    std::vector<Row> rows;
    for (const auto& found :
         lane_.AskPatiently("SELECT pod, backend, extract(epoch FROM started), extract(epoch FROM ended) "
                            "FROM migration_runs WHERE round = " +
                            round + " ORDER BY started")) {
        Row row{found[0].as<int>(), found[1].as<int>(), found[2].as<double>(), 0};
        // Rolled back: it ran until its server process was last seen.
        const auto seen = sightings.last_seen.find(row.backend);
        row.ended = !found[3].is_null()                 ? found[3].as<double>()
                    : seen != sightings.last_seen.end() ? std::max(seen->second, row.started)
                                                        : row.started;
        for (const Row& other : rows) {
            if (other.pod == row.pod || row.started >= other.ended || other.started >= row.ended) continue;
            result_.violations.push_back("I2: by their own rows the migrations of pods " + std::to_string(other.pod) +
                                         " and " + std::to_string(row.pod) + " ran at the same time");
        }
        rows.push_back(row);
    }
    for (const auto& found : lane_.AskPatiently("SELECT pod, beside FROM migration_overlaps WHERE round = " + round)) {
        const int pod = found[0].as<int>();
        const int beside = found[1].is_null() ? 0 : found[1].as<int>();
        // A new session of the same migration, whose earlier one has not been ended by the server yet.
        const auto own = [&](const Row& row) { return row.backend == beside && row.pod == pod; };
        if (std::any_of(rows.begin(), rows.end(), own)) continue;
        result_.violations.push_back("I2: pod " + std::to_string(pod) + " migrated while server process " +
                                     std::to_string(beside) + " did");
    }
}

}  // namespace one_runner
