#include "soak/soak.hpp"

#include <cstdio>
#include <mutex>
#include <random>
#include <thread>

#include "control_plane/faults/random_story.hpp"
#include "support/memory_sampler.hpp"

namespace soak {
namespace {

using faults::CaseOptions;
using faults::CaseResult;
using faults::Scene;
using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds kSampleEvery{10};
constexpr std::chrono::seconds kProgressEvery{60};

/// Each run draws from a sequence of its own, so that it can be run alone.
std::uint64_t SeedOf(std::uint64_t seed, std::uint64_t run) {
    std::seed_seq sequence{seed, seed >> 32U, run, run >> 32U};
    std::vector<std::uint32_t> words(2);
    sequence.generate(words.begin(), words.end());
    return (static_cast<std::uint64_t>(words[0]) << 32U) | words[1];
}

faults::Workload StoryOf(std::uint64_t seed) {
    return {.name = "story",
            .what = "whatever the seed says",
            .prelude = [](Scene& scene) { faults::ReadDatabase(scene, "0001"); },
            .play =
                [seed](Scene& scene) {
                    faults::PlayRandomStory(scene, seed, [&scene] {
                        if (scene.OwnsOperator()) scene.KillAndRestart();
                    });
                }};
}

}  // namespace

/// The operator that is never killed, behind a proxy whose faults never end.
struct Soak::LongLived {
    explicit LongLived(const Options& options) {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < options.resident; ++i) {
            namespaces.push_back(faults::TakeNamespace());
            names.push_back(namespaces.back().name);
        }
        process = std::make_unique<faults::Victim>(
            faults::Victim::Settings{.namespaces = names, .kubeconfig = proxy.Kubeconfig()});
        counts = faults::ArmRandomFaults(proxy, [] {},
                                         {.seed = options.seed,
                                          .of_writes = 60,
                                          .of_watches = 300,
                                          .of_reads = 20,
                                          .most = std::numeric_limits<int>::max(),
                                          .kills = false,
                                          .hangs = true});
        process->Start();
        memory = std::make_unique<support::MemorySampler>([this] { return process->Pid(); }, kSampleEvery);
    }

    std::vector<faults::RecordedNamespace> namespaces;
    std::unique_ptr<faults::Victim> process;
    support::FaultProxy proxy;
    std::shared_ptr<faults::FaultCounts> counts;
    std::unique_ptr<support::MemorySampler> memory;
};

Soak::Soak(const Options& options) : options_(options) {}
Soak::~Soak() = default;

bool Soak::TimeIsUp() const {
    return Steady::now() - began_ >= options_.lasts;
}

void Soak::MakeReferences() {
    const auto& workloads = faults::Workloads();
    std::mutex mutex;
    faults::ForEachInParallel(workloads.size(), options_.at_once, [&](std::size_t i) {
        const auto result = faults::RunCase(workloads[i].name + " without faults", workloads[i], {});
        report_.Add(result);
        const std::lock_guard lock(mutex);
        references_[workloads[i].name] = result.seen;
    });
}

void Soak::RunOne(std::uint64_t run, faults::RecordedNamespace& ns) {
    const auto seed = SeedOf(options_.seed, run);
    std::mt19937_64 random(seed);
    // Two of five are workloads whose end is known to the letter; the others go everywhere.
    const bool is_known = random() % 5 < 2;
    const auto& known = faults::Workloads()[random() % faults::Workloads().size()];
    const auto workload = is_known ? known : StoryOf(seed);
    std::shared_ptr<faults::FaultCounts> counts;
    CaseOptions options;
    options.scene = {.node = {.fence = true}, .ns = ns};
    options.reference = is_known ? &references_[known.name] : nullptr;
    options.arm = [&](Scene& scene) {
        return counts = faults::ArmRandomFaults(scene.Proxy(), [&scene] { scene.KillAndRestart(); },
                                                {.seed = seed, .hangs = true});
    };
    options.disarm = [&](Scene&) { counts->over = true; };
    options.clean_up = true;
    const auto label =
        workload.name + ", run again with --seed " + std::to_string(options_.seed) + " --only " + std::to_string(run);
    const auto result = faults::RunCase(label, workload, options);
    report_.Add(result);
    ++runs_;
    if (counts) {
        faults_ += static_cast<std::uint64_t>(counts->faults);
        kills_ += static_cast<std::uint64_t>(counts->kills);
    }
    if (result.is_clean) return;
    faults::DeleteNamespace(ns.name);
    ns = faults::TakeNamespace();
}

void Soak::Work(std::size_t) {
    auto ns = faults::TakeNamespace();
    while (!TimeIsUp() && runs_ < options_.runs)
        RunOne(next_++, ns);
    faults::DeleteNamespace(ns.name);
}

void Soak::Reside(std::size_t slot) {
    // The other half of the numbers: no seed is used twice.
    std::uint64_t run = (std::uint64_t{1} << 40U) + (slot << 32U);
    while (!TimeIsUp() && runs_ < options_.runs) {
        const auto seed = SeedOf(options_.seed, ++run);
        CaseOptions options;
        options.scene = {.node = {.fence = true},
                         .ns = long_lived_->namespaces[slot],
                         .shared = {.proxy = &long_lived_->proxy, .process = long_lived_->process.get()}};
        options.clean_up = true;
        const auto label = "story beside others, seed " + std::to_string(seed);
        const auto result = faults::RunCase(label, StoryOf(seed), options);
        report_.Add(result);
        ++runs_;
        if (!result.is_clean) {
            report_.AddViolation(label, {"harness", "namespace " + result.ns + " could not be emptied"}, "");
            return;
        }
    }
}

void Soak::PrintProgress() const {
    const auto samples = long_lived_->memory->Samples();
    const double minutes = std::chrono::duration<double, std::ratio<60>>(Steady::now() - began_).count();
    std::printf(
        "%5.1f min: %llu runs, %llu faults, %zu violations; long-lived operator RSS %.0f KiB, RssAnon %.0f KiB\n",
        minutes, static_cast<unsigned long long>(runs_.load()),
        static_cast<unsigned long long>(faults_ + static_cast<std::uint64_t>(long_lived_->counts->faults)),
        report_.Violations(), samples.empty() ? 0 : samples.back().rss_kib,
        samples.empty() ? 0 : samples.back().anonymous_kib);
    std::fflush(stdout);
}

bool Soak::Run() {
    MakeReferences();
    if (options_.only) {
        auto ns = faults::TakeNamespace();
        RunOne(*options_.only, ns);
        report_.Print("1 run");
        return report_.Violations() == 0;
    }
    long_lived_ = std::make_unique<LongLived>(options_);
    {
        std::vector<std::jthread> threads;
        for (std::size_t slot = 0; slot < options_.at_once; ++slot)
            threads.emplace_back([this, slot] { Work(slot); });
        for (std::size_t slot = 0; slot < options_.resident; ++slot)
            threads.emplace_back([this, slot] { Reside(slot); });
        std::jthread progress([this](const std::stop_token& stop) {
            std::mutex mutex;
            std::condition_variable_any never;
            std::unique_lock lock(mutex);
            while (!never.wait_for(lock, stop, kProgressEvery, [] { return false; }) && !stop.stop_requested())
                PrintProgress();
        });
        threads.clear();
    }
    PrintProgress();
    if (!long_lived_->process->Running())
        report_.AddViolation("long-lived operator", {"alive", "it ended"}, long_lived_->process->Log());
    const double seconds = std::chrono::duration<double>(Steady::now() - began_).count();
    char text[256];
    std::snprintf(text, sizeof text,
                  "%llu runs, %llu faults, RSS slope %.0f KiB/h (RssAnon %.0f KiB/h), %llu kills, %.1f runs/s",
                  static_cast<unsigned long long>(runs_.load()),
                  static_cast<unsigned long long>(faults_ + static_cast<std::uint64_t>(long_lived_->counts->faults)),
                  long_lived_->memory->RssSlope(), long_lived_->memory->AnonymousSlope(),
                  static_cast<unsigned long long>(kills_.load()), static_cast<double>(runs_) / seconds);
    report_.Print(text);
    for (const auto& ns : long_lived_->namespaces)
        faults::DeleteNamespace(ns.name);
    long_lived_.reset();
    return report_.Violations() == 0;
}

}  // namespace soak
