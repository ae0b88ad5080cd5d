#include "support/agent.hpp"

#include <csignal>

#include <gtest/gtest.h>

namespace testing_support {
namespace {

/// A copy where an unprivileged user may read it, wherever source and build folders are.
std::string Readable(const std::filesystem::path& original) {
    static const TemporaryFolder folder;
    const auto copy = folder.Path() / original.filename();
    std::filesystem::copy_file(original, copy, std::filesystem::copy_options::skip_existing);
    return copy;
}

std::string AgentExecutable() {
    return Readable(TIDEGATE_AGENT);
}

}  // namespace

AgentPod::AgentPod(const TemporaryFolder& folder, const std::string& name, const std::string& job_uid,
                   const TestDatabase& database)
    : environment{{"TIDEGATE_HOST", "127.0.0.1"},           {"TIDEGATE_PORT", std::to_string(database.port)},
                  {"TIDEGATE_DBNAME", database.name},       {"TIDEGATE_USER", database.user},
                  {"TIDEGATE_PASSWORD", database.password}, {"TIDEGATE_TOOL", "Alembic"},
                  {"TIDEGATE_WANTED", "0001,0002,0003"},    {"TIDEGATE_JOB_UID", job_uid}},
      options{"--unsafe-test-quiet-milliseconds=200", "--unsafe-test-patience-milliseconds=600"},
      folder_{folder.MakeFolder("pod-" + name)} {
    environment["TIDEGATE_STATE_DIRECTORY"] = folder.MakeFolder("pod-" + name + "/state");
    environment["LSAN_OPTIONS"] = std::string{"print_suppressions=0:suppressions="} + Readable(LEAK_SUPPRESSIONS);
    environment["TIDEGATE_REPORT_PATH"] = folder_ / "termination-log";
}

AgentPod::~AgentPod() {
    process_.reset();
    ExpectNoLeak();
}

Process& AgentPod::Run() {
    return Start("run", options);
}
Process& AgentPod::Probe() {
    return Start("probe", options);
}
Process& AgentPod::Wait(const std::vector<std::string>& arguments) {
    return Start("wait", arguments);
}

Process& AgentPod::Start(const std::string& command, const std::vector<std::string>& arguments) {
    process_.reset();
    Process::Settings settings{.command = {AgentExecutable(), command},
                               .environment = environment,
                               .output = folder_ / ("agent-" + std::to_string(++starts_) + ".log"),
                               .unprivileged = true};
    settings.command.insert(settings.command.end(), arguments.begin(), arguments.end());
    process_ = std::make_unique<Process>(std::move(settings));
    return *process_;
}

AgentPod::Readiness AgentPod::Ready() {
    const auto output = folder_ / "ready.log";
    std::filesystem::remove(output);
    const int code = RunToEnd(
        {.command = {AgentExecutable(), "ready"}, .environment = environment, .output = output, .unprivileged = true});
    return {code, ReadFile(output)};
}

bool AgentPod::BecomesReady(std::chrono::milliseconds limit) {
    return Eventually([&] { return Ready().exit_code == 0; }, limit);
}

bool AgentPod::Shows(const std::string& part) {
    return Eventually([&] { return Ready().line.find(part) != std::string::npos; });
}

std::optional<int> AgentPod::Terminate() {
    process_->Signal(SIGTERM);
    return process_->Wait();
}

std::string AgentPod::ReportText() const {
    return ReadFile(folder_ / "termination-log");
}

api::AgentReport AgentPod::Report() const {
    const auto report = api::ParseAgentReport(ReportText());
    EXPECT_TRUE(report) << ReportText() << Output();
    return report.value_or(api::AgentReport{});
}

std::string AgentPod::Output() const {
    return process_ ? process_->Output() : "";
}

void AgentPod::ExpectNoLeak() const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator{folder_}) {
        if (!entry.is_regular_file()) continue;
        EXPECT_EQ(ReadFile(entry.path()).find(kCanary), std::string::npos) << entry.path() << " shows a password";
    }
}

}  // namespace testing_support
