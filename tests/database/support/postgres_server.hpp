#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <pqxx/pqxx>

#include "support/process.hpp"

namespace testing_support {

/// A temporary folder that goes with the object; readable for an unprivileged user.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& Path() const { return path_; }
    /// A new folder in it, owned by the unprivileged user.
    std::filesystem::path MakeFolder(const std::string& name) const;

private:
    std::filesystem::path path_;
};

/// Every password of the tests holds this word, so that one search finds any leak.
inline constexpr const char* kCanary = "c4nary";
/// With every character that quoting, URIs, shells and JSON trip over.
inline constexpr const char* kPassword = "c4nary '\"\\ @:/?#%41&=+;$`~<>{}[]|^!*()-_.,\xC3\xBC";

int FreePort();

/// The folder of initdb and postgres (the newest that is installed).
std::filesystem::path PostgresBinaries();

/// A real PostgreSQL on loopback, its data in a temporary folder. Superuser "admin", password kPassword.
class PostgresServer {
public:
    enum class Kind {
        Primary,
        /// Recovers for ever, without a primary.
        Standby,
        /// Its messages are in German, where PostgreSQL's catalogue is installed.
        German,
    };

    explicit PostgresServer(Kind kind = Kind::Primary);
    ~PostgresServer();

    void Start();
    /// SIGINT: fast shutdown, as a node drain would.
    void Stop();
    void Restart();

    int Port() const { return port_; }
    pid_t Pid() const { return process_->Pid(); }
    const std::filesystem::path& Folder() const { return folder_.Path(); }
    /// As the superuser, or as another role with password kPassword.
    std::unique_ptr<pqxx::connection> Connect(const std::string& database = "postgres",
                                              const std::string& application_name = "test",
                                              const std::string& user = "admin") const;

private:
    TemporaryFolder folder_;
    Kind kind_;
    std::filesystem::path data_;
    int port_;
    std::unique_ptr<Process> process_;
};

/// The one server that most cases share; started at first use, gone at the end of the program.
PostgresServer& SharedServer();
void StopSharedServer();

}  // namespace testing_support
