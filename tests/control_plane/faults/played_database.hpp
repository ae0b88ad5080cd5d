#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "support/oracle.hpp"

namespace faults {

/// How a played migration goes; its image says so: "orders:KIND-VERSION".
struct Script {
    enum class Kind {
        kOk,       ///< "ok": brings the table to the version, exit code 0
        kBroken,   ///< "broken": changes nothing, exit code 1
        kFlaky,    ///< "flaky2": the first two runs change nothing and exit with 75, then ok
        kLocked,   ///< "locked": the first run ends with a lock timeout (SQLSTATE 55P03), then ok
        kLies,     ///< "lies": changes nothing, exit code 0
        kCrashes,  ///< "crashes": brings the table to the version, exit code 1
        kAbsent,   ///< "absent": the image cannot be pulled
    };
    Kind kind = Kind::kOk;
    int failures = 0;
    std::string version;
};
Script ParseScript(const std::string& image);

/// Exit code that Migrations of these tests list in attempts.retryExitCodes.
inline constexpr int kTryAgain = 75;

/// The version tables behind the Databases of one namespace, and which migration containers really ran: the truth that
/// no API server knows. Thread-safe.
class PlayedDatabase final {
public:
    /// Before anything looks at it. Versions are numbers; empty: no tool has touched it.
    void Set(const std::string& database, const std::string& version);
    std::string Version(const std::string& database) const;

    struct Begin {
        std::string database, job, job_uid, pod_uid, image;
    };
    /// The migration container's process begins. Returns the run's number.
    std::size_t Began(const Begin& begin);
    void NoteBegin(std::size_t run, std::uint64_t revision);

    struct End {
        int exit_code = 0;
        std::string tail;
    };
    /// It ends by itself; `newest` is a revision that had been seen before.
    End Ended(std::size_t run, std::uint64_t newest);
    /// It is killed half-way: the transaction is rolled back.
    End Killed(std::size_t run);
    void NoteEnd(std::size_t run, std::uint64_t revision);

    /// A migration container of this database runs.
    bool Busy(const std::string& database) const;
    support::Played Story() const;

private:
    struct Table {
        std::string version;
    };
    void Close(support::PlayedRun& run, const End& end);

    mutable std::mutex mutex_;
    std::map<std::string, Table> tables_;
    support::Played story_;
};

}  // namespace faults
