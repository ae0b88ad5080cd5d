#include "control_plane/faults/runner.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <thread>

#include "control_plane/faults/end_state.hpp"
#include "control_plane/faults/fixed_point.hpp"

namespace faults {
namespace {

/// Printed in full; of the others only what was violated.
constexpr std::size_t kFullTraces = 6;

Json MaskedEnd(const support::History& history, const Workload& workload) {
    auto state = EndState(history);
    if (workload.mask != nullptr) workload.mask(state);
    return state;
}

void Play(Scene& scene, const Workload& workload, const CaseOptions& options, CaseResult& result) {
    workload.prelude(scene);
    // What the prelude left undone would count as the play's.
    if (auto missing = AwaitFixedPoint(scene, [] { return true; }); !missing.empty())
        throw Stuck("prelude: " + missing);
    scene.Proxy().CountFrom();
    const auto faults = options.arm ? options.arm(scene) : nullptr;
    workload.play(scene);
    if (options.disarm) options.disarm(scene);
    const auto* const reference = options.reference;
    const auto matches = [&] {
        return (options.may_stay_unsettled || Unsettled(scene).empty()) &&
               (reference == nullptr || MaskedEnd(scene.History(), workload) == reference->end_state);
    };
    const auto let_go = std::chrono::steady_clock::now();
    const auto missing = AwaitFixedPoint(scene, matches);
    result.settle_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - let_go - kQuiet).count();
    if (scene.OwnsOperator()) scene.Proxy().SetRule(nullptr);
    result.seen = {MaskedEnd(scene.History(), workload), Counts(scene.History()), scene.Proxy().WritesCounted()};
    if (!missing.empty()) result.violations.push_back({"I7", missing + "; " + Unsettled(scene)});
    if (reference == nullptr) return;
    if (const auto text = Difference(reference->end_state, result.seen.end_state); !text.empty())
        result.violations.push_back({"end state", "differs from the run without faults:\n" + text});
    if (!options.compare_counts) return;
    if (const auto text = Difference(reference->counts, result.seen.counts); !text.empty())
        result.violations.push_back({"counts", "differ from the run without faults:\n" + text});
}

/// Thread-safe. With TIDEGATE_SETTLED_NAMESPACES it is that file, which several processes may share.
class SettledList final {
public:
    void Add(const std::string& ns) {
        const std::lock_guard lock(mutex_);
        if (file_ == nullptr)
            names_.push_back(ns);
        else  // in one write, which others do not mix with
            std::ofstream(file_, std::ios::app) << ns + "\n" << std::flush;
    }
    std::vector<std::string> All() const {
        const std::lock_guard lock(mutex_);
        if (file_ == nullptr) return names_;
        std::ifstream file(file_);
        return {std::istream_iterator<std::string>(file), {}};
    }

private:
    const char* const file_ = std::getenv("TIDEGATE_SETTLED_NAMESPACES");
    mutable std::mutex mutex_;
    std::vector<std::string> names_;
};

SettledList& Settled() {
    static SettledList list;
    return list;
}

}  // namespace

std::vector<std::string> SettledNamespaces() {
    return Settled().All();
}

CaseResult RunCase(const std::string& label, const Workload& workload, const CaseOptions& options) {
    const auto began = std::chrono::steady_clock::now();
    CaseResult result;
    result.label = label;
    try {
        Scene scene(options.scene);
        result.ns = scene.Ns();
        try {
            Play(scene, workload, options, result);
        } catch (const Stuck& stuck) {
            result.violations.push_back({"I7", stuck.what()});
        }
        if (scene.OwnsOperator()) {
            scene.Proxy().SetRule(nullptr);
            scene.Operator().Kill();
        }
        const auto evidence = scene.Evidence();
        const auto broken = scene.History().Broken();
        if (!broken.empty()) result.violations.push_back({"recorder", broken});
        for (auto& violation : support::CheckHistory(evidence))
            if (violation.invariant != options.not_judged) result.violations.push_back(std::move(violation));
        {
            result.trace = "namespace " + scene.Ns() + "\n" + support::PrintTrace(evidence) + "the operator's log:\n" +
                           scene.Operator().Log();
        }
        if (options.clean_up) result.is_clean = scene.CleanUp();
    } catch (const std::exception& error) {
        result.violations.push_back({"harness", error.what()});
    }
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    if (result.violations.empty() && !options.may_stay_unsettled && !options.clean_up) Settled().Add(result.ns);
    return result;
}

const Reference& ReferenceOf(const Workload& workload, SuiteReport& report) {
    static std::mutex mutex;
    static std::map<std::string, std::shared_future<Reference>> references;
    std::shared_future<Reference> reference;
    {
        const std::lock_guard lock(mutex);
        auto& known = references[workload.name];
        if (!known.valid()) {
            known = std::async(std::launch::async, [&workload, &report] {
                        const auto result = RunCase(workload.name + " without faults", workload, {});
                        report.Add(result);
                        return result.seen;
                    }).share();
        }
        reference = known;
    }
    return reference.get();  // owned by the map
}

void RunAll(const std::vector<NamedCase>& cases, SuiteReport& report) {
    ForEachInParallel(cases.size(), CasesAtOnce(), [&](std::size_t i) {
        auto result = RunCase(cases[i].label, cases[i].workload, cases[i].options);
        // A case that did not come to its end has no end to judge.
        if (cases[i].expect && result.violations.empty()) {
            if (const auto text = cases[i].expect(result); !text.empty())
                result.violations.push_back({"expectation", text});
        }
        report.Add(result);
    });
}

void ForEachInParallel(std::size_t count, std::size_t threads, const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> pool;
    for (std::size_t i = 0; i < std::min(threads, count); ++i) {
        pool.emplace_back([&] {
            for (std::size_t index = next++; index < count; index = next++)
                work(index);
        });
    }
}

std::size_t CasesAtOnce() {
    constexpr std::size_t kDefault = 16;
    const char* const wanted = std::getenv("TIDEGATE_FAULT_CASES_AT_ONCE");
    return wanted == nullptr ? kDefault : std::strtoul(wanted, nullptr, 10);
}

SuiteReport::SuiteReport(std::string name) : name_(std::move(name)) {}

void SuiteReport::Add(const CaseResult& result) {
    for (const auto& violation : result.violations)
        AddViolation(result.label, violation, &violation == &result.violations.front() ? result.trace : "");
    const std::lock_guard lock(mutex_);
    ++cases_;
    slowest_ = std::max(slowest_, result.settle_seconds);
    // To see where the time goes, and that it goes on.
    static const bool is_talkative = std::getenv("TIDEGATE_FAULT_VERBOSE") != nullptr;
    if (!is_talkative) return;
    std::printf("%6.1f s, of it %5.1f s to the fixed point: %s\n", result.seconds, result.settle_seconds,
                result.label.c_str());
    std::fflush(stdout);
}

void SuiteReport::AddViolation(const std::string& label, const support::Violation& violation,
                               const std::string& trace) {
    const std::lock_guard lock(mutex_);
    ++violations_;
    std::printf("VIOLATION of %s in %s, case %s:\n%s\n", violation.invariant.c_str(), name_.c_str(), label.c_str(),
                violation.text.c_str());
    if (violations_ <= kFullTraces) std::printf("%s\n", trace.c_str());
    std::fflush(stdout);
}

std::size_t SuiteReport::Violations() const {
    const std::lock_guard lock(mutex_);
    return violations_;
}

std::size_t SuiteReport::Cases() const {
    const std::lock_guard lock(mutex_);
    return cases_;
}

std::string SuiteReport::Slowest() const {
    char text[64];
    const std::lock_guard lock(mutex_);
    std::snprintf(text, sizeof text, "slowest fixed point %.1f s", slowest_);
    return text;
}

void SuiteReport::Print(const std::string& counts) const {
    std::printf("SUITE %s: %s; violations: %zu\n", name_.c_str(), counts.c_str(), Violations());
    std::fflush(stdout);
}

}  // namespace faults
