#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

#include "soak/soak.hpp"
#include "support/chart.hpp"

namespace {

constexpr char kUsage[] =
    "usage: tidegate-soak --minutes N [--runs N] [--seed S] [--only RUN] [--at-once N] [--resident N]\n"
    "Random workloads under random faults on the control plane that TIDEGATE_TEST_CONTROL_PLANE names.\n";

bool Parse(int argc, char** argv, soak::Options& options) {
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 >= argc) return false;
        const std::string_view name = argv[i];
        char* end = nullptr;
        const auto value = std::strtoull(argv[i + 1], &end, 10);
        if (*end != '\0') return false;
        if (name == "--minutes") {
            options.lasts = std::chrono::minutes{value};
        } else if (name == "--runs") {
            options.runs = value;
        } else if (name == "--seed") {
            options.seed = value;
        } else if (name == "--only") {
            options.only = value;
        } else if (name == "--at-once") {
            options.at_once = value;
        } else if (name == "--resident") {
            options.resident = value;
        } else {
            return false;
        }
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    soak::Options options;
    if (!Parse(argc, argv, options)) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    try {
        support::InstallChart();
        const bool passed = soak::Soak(options).Run();
        std::printf("%d passed, %d failed\n", passed ? 1 : 0, passed ? 0 : 1);
        return passed ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "tidegate-soak: %s\n", error.what());
        return 2;
    }
}
