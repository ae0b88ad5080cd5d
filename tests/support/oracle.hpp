#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/fault_proxy.hpp"
#include "support/recorder.hpp"

namespace support {

/// One migration container that really began, as the played node knows it. Revisions are those of the pod's status that
/// said so.
struct PlayedRun {
    std::string database;
    std::string job;
    std::string job_uid;
    std::string pod_uid;
    std::string image;
    bool ended = false;
    int exit_code = 0;
    /// The owner allowed another attempt after such an end.
    bool retriable = false;
    std::uint64_t begin_revision = 0;
    std::uint64_t end_revision = 0;
    /// Another one of the same database was running when it began.
    bool overlapped = false;
};

/// The played version table changed. Everything up to `known_revision` had happened before.
struct PlayedChange {
    std::string database;
    std::string version;
    std::uint64_t known_revision = 0;
};

/// What happened beside the API server.
struct Played {
    std::vector<PlayedRun> runs;
    std::vector<PlayedChange> changes;
};

struct Violation {
    /// "I1", or "conditional writes".
    std::string invariant;
    std::string text;
};

/// Everything an oracle looks at; none of it is the operator's word.
struct Evidence {
    std::vector<RecordedChange> changes;
    Played played;
    std::vector<ProxiedWrite> writes;
};

/// I1 to I6, I9 of what happened in one namespace, and that every write of the operator carries a precondition. I7
/// (fixed point, then silence) is a matter of time and is checked where the case waits.
std::vector<Violation> CheckHistory(const Evidence& evidence);

/// The history as lines for people: objects, runs, the operator's writes.
std::string PrintTrace(const Evidence& evidence);

namespace oracle {

void CheckRuns(const Evidence& evidence, std::vector<Violation>& violations);
void CheckGate(const Evidence& evidence, std::vector<Violation>& violations);
void CheckWrites(const Evidence& evidence, std::vector<Violation>& violations);

}  // namespace oracle

}  // namespace support
