#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "explorer/search.hpp"

namespace {

using explorer::Finding;

void Print(const std::string& scenario, const Finding& finding) {
    std::printf("\nVIOLATION of %s in scenario \"%s\": %s\nat the start:\n%s", finding.violation.invariant.c_str(),
                scenario.c_str(), finding.violation.words.c_str(), finding.start.c_str());
    std::printf("the shortest path:\n");
    int number = 0;
    for (const auto& step : finding.path)
        std::printf("  %2d. %s\n", ++number, step.c_str());
    if (!finding.continuation.empty()) std::printf("and then, without any more faults:\n");
    for (const auto& step : finding.continuation)
        std::printf("  %2d. %s\n", ++number, step.c_str());
    std::printf("at the end:\n%s\n", finding.end.c_str());
}

double Seconds(std::chrono::steady_clock::time_point since) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

struct Options {
    /// Times as many states per scenario.
    double scale = 1;
    /// Scenarios whose name holds these words.
    std::string only;
    /// Other purses than the scenarios' own.
    std::vector<std::pair<int explorer::Purse::*, int>> purse;
};

Options Parse(int argc, char** argv) {
    static const std::map<std::string, int explorer::Purse::*> kPurse{{"--faults", &explorer::Purse::faults},
                                                                      {"--delays", &explorer::Purse::delays},
                                                                      {"--failures", &explorer::Purse::failures},
                                                                      {"--leaps", &explorer::Purse::leaps},
                                                                      {"--ticks", &explorer::Purse::ticks}};
    Options options;
    for (int i = 1; i < argc; i += 2) {
        const std::string option = argv[i];
        const auto coin = kPurse.find(option);
        const bool is_known = option == "--scale" || option == "--only" || coin != kPurse.end();
        if (!is_known || i + 1 == argc) {
            throw std::invalid_argument(
                "usage: tidegate-explorer [--scale F] [--only WORDS] [--faults|--delays|--failures|--leaps|--ticks N]");
        }
        if (option == "--scale") options.scale = std::stod(argv[i + 1]);
        if (option == "--only") options.only = argv[i + 1];
        if (coin != kPurse.end()) options.purse.emplace_back(coin->second, std::stoi(argv[i + 1]));
    }
    return options;
}

int Explore(const Options& options) {
    std::size_t states = 0, transitions = 0, depth = 0, scenarios = 0, violations = 0, failed = 0;
    const auto began = std::chrono::steady_clock::now();
    for (auto& scenario : explorer::AllScenarios(options.scale)) {
        if (scenario.name.find(options.only) == std::string::npos) continue;
        for (const auto& [coin, count] : options.purse)
            scenario.purse.*coin = count;
        const auto since = std::chrono::steady_clock::now();
        const auto result = explorer::Search(scenario).Run();
        std::printf(
            "%-42s %8zu states, %9zu transitions, depth %2zu%s, %6zu followed to rest, %5.1f s; violations: %zu\n",
            scenario.name.c_str(), result.states, result.transitions, result.depth, result.is_complete ? " (all)" : "",
            result.settled, Seconds(since), result.findings.size());
        for (const auto& finding : result.findings)
            Print(scenario.name, finding);
        std::fflush(stdout);
        ++scenarios;
        states += result.states;
        transitions += result.transitions;
        depth = std::max(depth, result.depth);
        violations += result.findings.size();
        failed += result.findings.empty() ? 0 : 1;
    }
    std::printf("SUITE exploration: %zu states, %zu transitions, %zu scenarios, depth %zu, %.0f s; violations: %zu\n",
                states, transitions, scenarios, depth, Seconds(began), violations);
    std::printf("%zu passed, %zu failed\n", scenarios - failed, failed);
    return failed == 0 && scenarios > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return Explore(Parse(argc, argv));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "tidegate-explorer: %s\n", error.what());
        return 2;
    }
}
