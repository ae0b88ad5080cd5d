#include "support/operator_process.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "support/control_plane.hpp"
#include "support/subprocess.hpp"

namespace support {

std::string OperatorBinary() {
    if (const char* binary = std::getenv("TIDEGATE_BINARY")) return binary;
#ifdef TIDEGATE_BINARY
    return TIDEGATE_BINARY;
#else
    throw std::runtime_error("no operator: set TIDEGATE_BINARY to its executable");
#endif
}

namespace {

std::string ReadFile(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

OperatorProcess::OperatorProcess(Settings settings) : settings_(std::move(settings)) {
    std::string folder = std::filesystem::temp_directory_path() / "tidegate-operator-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("cannot make the folder " + folder);
    folder_ = folder;
    if (settings_.kubeconfig.empty()) settings_.kubeconfig = ControlPlane::Get().OperatorKubeconfig();
}

OperatorProcess::~OperatorProcess() {
    process_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void OperatorProcess::Start() {
    const std::string ready_file = folder_ + "/ready";
    std::filesystem::remove(ready_file);
    Process::Settings settings;
    settings.argv = {OperatorBinary(),
                     "--namespaces=" + settings_.ns,
                     "--leader-elect=false",
                     "--bind=127.0.0.1:0",
                     "--ready-file=" + ready_file,
                     "--kubeconfig=" + settings_.kubeconfig,
                     "--agent-image=" + settings_.agent_image};
    settings.argv.insert(settings.argv.end(), settings_.extra_arguments.begin(), settings_.extra_arguments.end());
    settings.environment = settings_.environment;
    settings.environment.insert(
        {{"POD_NAMESPACE", kOperatorNamespace}, {"POD_NAME", "test"}, {"SSL_CERT_FILE", "/dev/null"}});
    settings.log_file = folder_ + "/log";
    process_ = std::make_unique<Process>(settings);
    const auto ready = Eventually([&] { return std::filesystem::exists(ready_file) || !process_->Running(); }, "ready");
    if (!ready || !process_->Running()) throw std::runtime_error("the operator did not become ready:\n" + Log());
}

void OperatorProcess::Kill() {
    process_->Signal(SIGKILL);
    if (!process_->Wait(kPatience)) throw std::runtime_error("the operator survived SIGKILL");
}

int OperatorProcess::Stop() {
    process_->Signal(SIGTERM);
    const auto exit_code = process_->Wait(kPatience);
    if (!exit_code) throw std::runtime_error("the operator did not end after SIGTERM:\n" + Log());
    return *exit_code;
}

std::string OperatorProcess::Address() const {
    std::string address = ReadFile(folder_ + "/ready");
    return address.substr(0, address.find_first_of(" \n"));
}

std::string OperatorProcess::Get(const std::string& path) const {
    Command command;
    command.argv = {"curl",       "--silent",  "--show-error",
                    "--fail",     "--noproxy", "*",
                    "--max-time", "10",        "http://" + Address() + path};
    return RunOrThrow(command);
}

double OperatorProcess::Metric(const std::string& name, const std::string& labels) const {
    std::istringstream lines(Get("/metrics"));
    double sum = 0;
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(name)) continue;
        const char after = line.size() > name.size() ? line[name.size()] : ' ';
        if ((after != ' ' && after != '{') || line.find(labels) == std::string::npos) continue;
        sum += std::stod(line.substr(line.rfind(' ') + 1));
    }
    return sum;
}

std::string OperatorProcess::Log() const {
    return ReadFile(folder_ + "/log");
}

}  // namespace support
