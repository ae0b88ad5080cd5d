#include "control_plane/faults/victim.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/control_plane.hpp"
#include "support/operator_process.hpp"

namespace faults {
namespace {

std::string ReadFile(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// One GET over a connection of its own: a program for each would cost more than the operator itself.
std::string HttpGet(const std::string& address, const std::string& path) {
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    target.sin_port = htons(static_cast<std::uint16_t>(std::atoi(address.substr(address.rfind(':') + 1).c_str())));
    const int handle = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::string answer;
    const std::string request = "GET " + path + " HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";
    if (::connect(handle, reinterpret_cast<sockaddr*>(&target), sizeof target) == 0 &&
        ::send(handle, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
        char bytes[16384];
        for (ssize_t size = 0; (size = ::recv(handle, bytes, sizeof bytes, 0)) > 0;)
            answer.append(bytes, static_cast<std::size_t>(size));
    }
    ::close(handle);
    if (answer.find(" 200 ") == std::string::npos) throw std::runtime_error("the operator does not answer " + path);
    return answer;
}

}  // namespace

Victim::Victim(Settings settings) : settings_(std::move(settings)) {
    std::string folder = std::filesystem::temp_directory_path() / "tidegate-victim-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("cannot make the folder " + folder);
    folder_ = folder;
}

Victim::~Victim() {
    Kill();
    process_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void Victim::Start() {
    const std::lock_guard lock(mutex_);
    StartLocked();
}

void Victim::Kill() {
    const std::lock_guard lock(mutex_);
    KillLocked();
}

void Victim::Restart(const std::function<void()>& between) {
    const std::lock_guard lock(mutex_);
    KillLocked();
    between();
    StartLocked();
}

void Victim::StartLocked() {
    std::error_code ignored;
    std::filesystem::remove(folder_ + "/ready", ignored);
    std::string namespaces;
    for (const auto& ns : settings_.namespaces)
        namespaces += (namespaces.empty() ? "" : ",") + ns;
    support::Process::Settings settings;
    settings.argv = {
        support::OperatorBinary(),    "--namespaces=" + namespaces,         "--leader-elect=false",
        "--bind=127.0.0.1:0",         "--ready-file=" + folder_ + "/ready", "--kubeconfig=" + settings_.kubeconfig,
        "--agent-image=tidegate:test"};
    settings.environment = {
        {"POD_NAMESPACE", support::kOperatorNamespace}, {"POD_NAME", "test"}, {"SSL_CERT_FILE", "/dev/null"}};
    settings.log_file = folder_ + "/log";
    process_ = std::make_unique<support::Process>(settings);
    ++starts_;
}

void Victim::KillLocked() {
    if (process_ == nullptr || !process_->Running()) return;
    process_->Signal(SIGKILL);
    if (!process_->Wait(std::chrono::seconds{30})) throw std::runtime_error("the operator survived SIGKILL");
}

bool Victim::Running() {
    const std::lock_guard lock(mutex_);
    return process_ != nullptr && process_->Running();
}

pid_t Victim::Pid() {
    const std::lock_guard lock(mutex_);
    return process_ == nullptr ? -1 : process_->Pid();
}

int Victim::Starts() const {
    const std::lock_guard lock(mutex_);
    return starts_;
}

bool Victim::Ready() const {
    const std::lock_guard lock(mutex_);
    return std::filesystem::exists(folder_ + "/ready");
}

double Victim::Metric(const std::string& name) const {
    const auto address = ReadFile(folder_ + "/ready");
    std::istringstream lines(HttpGet(address.substr(0, address.find_first_of(" \n")), "/metrics"));
    double sum = 0;
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(name) || line.size() <= name.size()) continue;
        if (line[name.size()] == ' ' || line[name.size()] == '{') sum += std::stod(line.substr(line.rfind(' ') + 1));
    }
    return sum;
}

std::string Victim::Log() const {
    return ReadFile(folder_ + "/log");
}

}  // namespace faults
