#include "one_runner/round_server.hpp"

#include <csignal>
#include <fstream>
#include <utility>

namespace one_runner {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{10};

constexpr const char* kMigrations = R"(
SELECT datname, pid, substring(query FROM '/\* migration ([0-9-]+) \*/'), extract(epoch FROM clock_timestamp())
FROM pg_stat_activity WHERE query LIKE '/* migration %' ORDER BY datname)";

}  // namespace

RoundServer::RoundServer(const std::vector<std::string>& databases) {
    {
        const auto admin = server_.Connect();
        pqxx::nontransaction settings{*admin};
        settings.exec("ALTER SYSTEM SET max_connections = 400");
        // Looking at all sessions copies this of each; the mark of a migration is shorter.
        settings.exec("ALTER SYSTEM SET track_activity_query_size = 100");
        // Not what is tested, and it starts processes and writes files.
        settings.exec("ALTER SYSTEM SET autovacuum = off");
        settings.exec("ALTER SYSTEM SET full_page_writes = off");
        settings.exec("ALTER SYSTEM SET checkpoint_timeout = '1h'");
    }
    std::ofstream{server_.Folder() / "postgres/data/pg_hba.conf"} << "host all all 127.0.0.1/32 trust\n";
    server_.Restart();
    const auto admin = server_.Connect();
    for (const std::string& database : databases) {
        pqxx::nontransaction{*admin}.exec("CREATE ROLE " + database + " LOGIN");
        pqxx::nontransaction{*admin}.exec("CREATE DATABASE " + database + " OWNER " + database);
        const auto inside = server_.Connect(database);
        pqxx::nontransaction tables{*inside};
        tables.exec("SET ROLE " + database);
        tables.exec(
            "CREATE TABLE migration_runs (round bigint, pod int, session int, backend int, started timestamptz, ended "
            "timestamptz)");
        tables.exec("CREATE TABLE migration_overlaps (round bigint, pod int, seen timestamptz, beside int)");
    }
    sampler_ = std::jthread{[this](const std::stop_token& stop) { Watch(stop); }};
}

RoundServer::~RoundServer() = default;

std::unique_ptr<pqxx::connection> RoundServer::Connect(const std::string& database) const {
    return server_.Connect(database, "round");
}

void RoundServer::Restart(Shutdown shutdown) {
    const std::lock_guard lock{restarting_};
    if (shutdown == Shutdown::Immediate) ::kill(server_.Pid(), SIGQUIT);
    server_.Restart();
}

void RoundServer::Watch(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        try {
            const auto connection = server_.Connect("postgres", "sampler");
            connection->prepare("migrations", kMigrations);
            pqxx::nontransaction session{*connection};
            while (!stop.stop_requested()) {
                Note(session.exec_prepared("migrations"));
                std::this_thread::sleep_for(kBetweenLooks);
            }
        } catch (const pqxx::failure&) {
            // The server is being restarted.
            std::this_thread::sleep_for(kBetweenLooks);
        }
    }
}

void RoundServer::Note(const pqxx::result& rows) {
    struct Seen {
        std::string database, pid, run;
    };
    const std::lock_guard lock{seeing_};
    std::vector<Seen> earlier;
    for (const auto& row : rows) {
        const Seen seen{row[0].c_str(), row[1].c_str(), row[2].c_str()};
        auto& sightings = sightings_[seen.database];
        sightings.last_seen[row[1].as<int>()] = row[3].as<double>();
        for (const Seen& other : earlier) {
            // Several sessions of one migration are no overlap.
            if (other.database != seen.database || other.run == seen.run) continue;
            sightings.overlaps.push_back(std::string{"at "} + row[3].c_str() + " migrations " + other.run +
                                         " (server process " + other.pid + ") and " + seen.run + " (server process " +
                                         seen.pid + ") were both in pg_stat_activity");
        }
        earlier.push_back(seen);
    }
    ++looks_;
}

long RoundServer::Looks() {
    const std::lock_guard lock{seeing_};
    return looks_;
}

RoundServer::Sightings RoundServer::Take(const std::string& database) {
    const std::lock_guard lock{seeing_};
    return std::exchange(sightings_[database], {});
}

}  // namespace one_runner
