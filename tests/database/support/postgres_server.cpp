#include "support/postgres_server.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

namespace testing_support {
namespace {

std::unique_ptr<PostgresServer>& Shared() {
    static std::unique_ptr<PostgresServer> server;
    return server;
}

std::string Quoted(const std::string& value) {
    std::string quoted = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + "'";
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tidegate-database-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error{"cannot make a temporary folder like " + pattern};
    path_ = pattern;
    std::filesystem::permissions(path_, std::filesystem::perms{0755});
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TemporaryFolder::MakeFolder(const std::string& name) const {
    const auto folder = path_ / name;
    std::filesystem::create_directories(folder);
    const User user = UnprivilegedUser();
    if (::chown(folder.c_str(), user.uid, user.gid) != 0) throw std::runtime_error{"chown " + folder.string()};
    return folder;
}

int FreePort() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(socket, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
        throw std::runtime_error{"no free port"};
    }
    ::close(socket);
    return ntohs(address.sin_port);
}

std::filesystem::path PostgresBinaries() {
    std::filesystem::path newest;
    for (const auto& entry : std::filesystem::directory_iterator{"/usr/lib/postgresql"}) {
        const auto folder = entry.path() / "bin";
        const bool newer =
            newest.empty() || std::stoi(entry.path().filename()) > std::stoi(newest.parent_path().filename());
        if (std::filesystem::exists(folder / "initdb") && newer) newest = folder;
    }
    if (newest.empty()) throw std::runtime_error{"no PostgreSQL server is installed (Debian: postgresql)"};
    return newest;
}

PostgresServer::PostgresServer(Kind kind) : kind_{kind}, data_{folder_.MakeFolder("postgres")}, port_{FreePort()} {
    const auto password_file = data_.parent_path() / "password";
    std::ofstream{password_file} << kPassword;
    data_ /= "data";
    const auto output = folder_.Path() / "initdb.log";
    const int code = RunToEnd(
        {.command = {PostgresBinaries() / "initdb", "--pgdata", data_, "--username=admin", "--auth=scram-sha-256",
                     "--pwfile", password_file, "--no-sync", "--no-locale", "--encoding=UTF8"},
         .environment = {},
         .output = output,
         .unprivileged = true});
    if (code != 0) throw std::runtime_error{"initdb: " + ReadFile(output)};
    // A standby without a primary: recovers for ever and answers queries, which is all that is needed of it.
    if (kind == Kind::Standby) std::ofstream{data_ / "standby.signal"};
    Start();
}

PostgresServer::~PostgresServer() {
    Stop();
}

void PostgresServer::Start() {
    const auto folder = data_.parent_path().string();
    const bool german = kind_ == Kind::German;
    std::map<std::string, std::string> environment;
    // The only locale besides C that every Debian has; LANGUAGE then decides alone.
    if (german) environment = {{"LANGUAGE", "de"}, {"LC_ALL", "C.UTF-8"}};
    process_ = std::make_unique<Process>(Process::Settings{
        .command = {PostgresBinaries() / "postgres", "-D", data_, "-k", folder, "-p", std::to_string(port_), "-c",
                    "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c",
                    german ? "lc_messages=C.UTF-8" : "lc_messages=C"},
        .environment = environment,
        .output = folder_.Path() / "postgres.log",
        .unprivileged = true,
        .signal_on_our_death = SIGINT,
    });
    const bool up = Eventually([&] {
        try {
            Connect();
            return true;
        } catch (const pqxx::broken_connection&) {
            return !process_->IsRunning();
        }
    });
    if (!up || !process_->IsRunning()) throw std::runtime_error{"postgres: " + process_->Output()};
}

void PostgresServer::Stop() {
    if (!process_) return;
    process_->Signal(SIGCONT);
    process_->Signal(SIGINT);
    if (!process_->Wait()) process_->Signal(SIGKILL);
    process_.reset();
}

void PostgresServer::Restart() {
    Stop();
    Start();
}

std::unique_ptr<pqxx::connection> PostgresServer::Connect(const std::string& database,
                                                          const std::string& application_name,
                                                          const std::string& user) const {
    return std::make_unique<pqxx::connection>("host=127.0.0.1 connect_timeout=5 user=" + Quoted(user) +
                                              " port=" + std::to_string(port_) + " password=" + Quoted(kPassword) +
                                              " dbname=" + Quoted(database) +
                                              " application_name=" + Quoted(application_name));
}

PostgresServer& SharedServer() {
    if (!Shared()) Shared() = std::make_unique<PostgresServer>();
    return *Shared();
}

void StopSharedServer() {
    Shared().reset();
}

}  // namespace testing_support
