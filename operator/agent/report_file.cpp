#include "agent/report_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace agent {

ReportFile::ReportFile(std::filesystem::path path) : path_{std::move(path)} {
    Write();
}

void ReportFile::Update(const std::function<void(api::AgentReport&)>& change) {
    const std::lock_guard lock{mutex_};
    change(report_);
    Write();
}

api::AgentReport ReportFile::Current() const {
    const std::lock_guard lock{mutex_};
    return report_;
}

void ReportFile::Write() const {
    // In place: the kubelet mounts this very file, so a rename over it would be seen by nobody.
    const std::string line = api::Print(report_) + "\n";
    const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    const bool written = file >= 0 && ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
                         ::ftruncate(file, static_cast<off_t>(line.size())) == 0;
    if (!written) Say("cannot write the report to " + path_.string() + ": " + std::strerror(errno));
    if (file >= 0) ::close(file);
}

void Say(const std::string& line) {
    const std::string whole = "tidegate-agent: " + line + "\n";
    std::fwrite(whole.data(), 1, whole.size(), stderr);
}

}  // namespace agent
