#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <pqxx/pqxx>

#include "support/postgres_server.hpp"

namespace one_runner {

/// A PostgreSQL for rounds: a database for each lane of rounds (advisory locks are per database), no passwords (their
/// check costs more than everything else that a round does), and one who looks every 10 ms at who migrates what.
class RoundServer {
public:
    /// `databases`: names, each owned by a role of that name.
    explicit RoundServer(const std::vector<std::string>& databases);
    ~RoundServer();
    RoundServer(const RoundServer&) = delete;
    RoundServer& operator=(const RoundServer&) = delete;

    int Port() const { return server_.Port(); }
    /// As the superuser. Throws pqxx::broken_connection.
    std::unique_ptr<pqxx::connection> Connect(const std::string& database) const;

    enum class Shutdown { Fast, Immediate };
    void Restart(Shutdown shutdown);

    /// What was seen in a database since the last call.
    struct Sightings {
        /// Two migrations at one time, in words.
        std::vector<std::string> overlaps;
        /// Seconds since 1970 by the server's clock, by backend: when a migration was last seen in it.
        std::map<int, double> last_seen;
    };
    Sightings Take(const std::string& database);
    /// How often was looked.
    long Looks();

private:
    void Watch(const std::stop_token& stop);
    void Note(const pqxx::result& rows);

    testing_support::PostgresServer server_;
    std::mutex restarting_;
    std::mutex seeing_;
    std::map<std::string, Sightings> sightings_;
    long looks_ = 0;
    std::jthread sampler_;
};

}  // namespace one_runner
