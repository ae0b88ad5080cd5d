#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control_plane/faults/scene.hpp"
#include "control_plane/faults/workloads.hpp"
#include "support/oracle.hpp"

namespace faults {

/// How a workload ends when nothing goes wrong.
struct Reference {
    Json end_state;
    Json counts;
    /// Write points of the operator, without the prelude's.
    int writes = 0;
};

/// One case as it went.
struct CaseResult {
    std::string label;
    Reference seen;
    std::vector<support::Violation> violations;
    /// Printed with a violation.
    std::string trace;
    std::string ns;
    double seconds = 0;
    /// From the end of the play (and of the faults) to the fixed point, without its silence.
    double settle_seconds = 0;
    /// After clean_up: nothing is left in the namespace.
    bool is_clean = false;
};

/// Puts its faults between the operator and the API server; called between prelude and play. What it returns is kept
/// until the case has ended.
using Arm = std::function<std::shared_ptr<void>(Scene&)>;

struct CaseOptions {
    Scene::Settings scene;
    /// What the end has to equal; nullptr: whatever it is, once it is quiet.
    const Reference* reference = nullptr;
    Arm arm;
    /// After play, before the fixed point is waited for: faults end here.
    std::function<void(Scene&)> disarm;
    /// Counts of creations and deletions have to be equal too.
    bool compare_counts = true;
    /// It may end with something that a person has to mend, and says so: only silence is waited for.
    bool may_stay_unsettled = false;
    /// An invariant (DESIGN 8) that somebody's lie makes impossible to keep: the record is the word that is believed.
    std::string not_judged;
    /// What it made is deleted afterwards, so that the namespace can be used again.
    bool clean_up = false;
};

/// Runs it to its fixed point and lets the oracle judge. Throws nothing: what goes wrong is a violation.
CaseResult RunCase(const std::string& label, const Workload& workload, const CaseOptions& options);

/// Namespaces in which a workload came to rest as it should, with all that it left there, the oldest first: of this
/// process, or of all that share the file TIDEGATE_SETTLED_NAMESPACES.
std::vector<std::string> SettledNamespaces();

/// How it ends when nothing goes wrong; run once for the whole process, then kept. Violations go to `report`.
class SuiteReport;
const Reference& ReferenceOf(const Workload& workload, SuiteReport& report);

struct NamedCase {
    std::string label;
    Workload workload;
    CaseOptions options;
    /// Judges the end beside the oracle; empty: fine.
    std::function<std::string(const CaseResult&)> expect;
};

/// Runs them, CasesAtOnce() at a time.
void RunAll(const std::vector<NamedCase>& cases, SuiteReport& report);

/// Calls `work(0)` to `work(count - 1)` on so many threads.
void ForEachInParallel(std::size_t count, std::size_t threads, const std::function<void(std::size_t)>& work);

/// How many cases run at once: they mostly wait for the Job controller, which counts a pod's end in batches of a
/// second.
std::size_t CasesAtOnce();

/// Collects what a suite found and prints it: violations as they come, the SUITE line at the end. Thread-safe.
class SuiteReport final {
public:
    explicit SuiteReport(std::string name);
    /// Prints each violation with the label, which says how to run it again, and the trace.
    void Add(const CaseResult& result);
    void AddViolation(const std::string& label, const support::Violation& violation, const std::string& trace);
    std::size_t Violations() const;
    std::size_t Cases() const;
    /// "slowest fixed point 1.2 s".
    std::string Slowest() const;
    /// "SUITE name: counts; violations: n".
    void Print(const std::string& counts) const;

private:
    const std::string name_;
    mutable std::mutex mutex_;
    std::size_t violations_ = 0;
    std::size_t cases_ = 0;
    double slowest_ = 0;
};

}  // namespace faults
