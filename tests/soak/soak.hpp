#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control_plane/faults/random_faults.hpp"
#include "control_plane/faults/runner.hpp"

namespace soak {

struct Options {
    std::chrono::minutes lasts{10};
    std::uint64_t runs = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t seed = 1;
    /// Only this run of the seed.
    std::optional<std::uint64_t> only;
    std::size_t at_once = 24;
    /// Namespaces of the long-lived operator.
    std::size_t resident = 6;
};

/// Random workloads under random faults until time or number of runs is up; the oracle judges each. Most have an
/// operator of their own that is killed now and then; some share one that lives as long as the soak, whose memory is
/// watched.
class Soak final {
public:
    explicit Soak(const Options& options);
    ~Soak();

    /// Prints violations as they come, a line each minute, and the SUITE line at the end. True: none.
    bool Run();

private:
    void MakeReferences();
    void Work(std::size_t slot);
    void Reside(std::size_t slot);
    void RunOne(std::uint64_t run, faults::RecordedNamespace& ns);
    bool TimeIsUp() const;
    void PrintProgress() const;

    const Options options_;
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    faults::SuiteReport report_{"soak"};
    std::map<std::string, faults::Reference> references_;
    std::atomic<std::uint64_t> next_{0};
    std::atomic<std::uint64_t> runs_{0};
    std::atomic<std::uint64_t> faults_{0};
    std::atomic<std::uint64_t> kills_{0};

    struct LongLived;
    std::unique_ptr<LongLived> long_lived_;
};

}  // namespace soak
