#include "agent/state_directory.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "database/db_error.hpp"

namespace agent {
namespace {

constexpr const char* kReady = "ready";
constexpr const char* kAdmitted = "admitted";
constexpr const char* kIncumbent = "incumbent";
constexpr const char* kWaiting = "waiting";

std::optional<std::string> ReadAll(const std::filesystem::path& path) {
    std::ifstream file{path};
    if (!file) return std::nullopt;
    return std::string{std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

StateDirectory::StateDirectory(std::filesystem::path path, const std::string& job_uid)
    : path_{std::move(path)},
      ready_text_{job_uid + " " + ReadAll("/proc/sys/kernel/random/boot_id").value_or("unknown boot")} {}

StateDirectory::~StateDirectory() {
    if (ready_lock_ >= 0) ::close(ready_lock_);
}

void StateDirectory::MarkReady() {
    ClearReady();
    Write(kReady, ready_text_);
    ready_lock_ = ::open((path_ / kReady).c_str(), O_RDONLY | O_CLOEXEC);
    // Waits, if at all, for a `ready` that looks at the file just now.
    if (ready_lock_ >= 0 && ::flock(ready_lock_, LOCK_EX) == 0) return;
    const int error = errno;
    ClearReady();
    throw database::DbError{database::DbErrorKind::BadConfiguration,
                            "cannot lock " + (path_ / kReady).string() + " (" + std::strerror(error) +
                                "); mount an emptyDir there that the agent's user may write"};
}

void StateDirectory::ClearReady() {
    std::error_code ignored;
    std::filesystem::remove(path_ / kReady, ignored);
    if (ready_lock_ >= 0) ::close(ready_lock_);
    ready_lock_ = -1;
}

bool StateDirectory::IsReady() const {
    const int file = ::open((path_ / kReady).c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    std::string text(ready_text_.size() + 1, '\0');
    const auto size = ::read(file, text.data(), text.size());
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    // Of the very file that was read: by its name it could be the next agent's already. Shared, so that two who ask do
    // not take each other for the agent.
    const bool is_locked = ::flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    ::close(file);
    return is_locked && text == ready_text_;
}

bool StateDirectory::Admit() {
    if (!IsReady()) return false;
    if (!WasAdmitted()) Write(kAdmitted, "");
    // Again: an agent that lost the lock between the two looks may not have seen what we wrote.
    return IsReady();
}

bool StateDirectory::WasAdmitted() const {
    std::error_code ignored;
    return std::filesystem::exists(path_ / kAdmitted, ignored);
}

void StateDirectory::MarkIncumbent(const api::AgentReport& report) {
    Write(kIncumbent, api::Print(report));
}

api::AgentReport StateDirectory::Incumbent() const {
    return api::ParseAgentReport(ReadAll(path_ / kIncumbent).value_or("")).value_or(api::AgentReport{});
}

void StateDirectory::WriteWaiting(const std::string& line) {
    Write(kWaiting, line);
}

std::string StateDirectory::Waiting() const {
    return ReadAll(path_ / kWaiting).value_or("the agent has just started");
}

void StateDirectory::Write(const char* name, const std::string& text) {
    // Renamed into place: `ready` runs beside us and must not read half a line.
    const auto target = path_ / name;
    const auto beside = path_ / (std::string{name} + ".new");
    std::ofstream file{beside, std::ios::trunc};
    file << text;
    file.close();
    std::error_code error;
    if (file) std::filesystem::rename(beside, target, error);
    if (file && !error) return;
    throw database::DbError{database::DbErrorKind::BadConfiguration,
                            "cannot write " + target.string() + " (" + std::strerror(file ? error.value() : errno) +
                                "); mount an emptyDir there that the agent's user may write"};
}

}  // namespace agent
