/// What a migration container runs in the rounds: a client of libpq that is told where to connect by the variables that
/// the product gives such a container (PGHOST …, PGAPPNAME), works for a while and writes down what it did.
///
///   tidegate-test-migration ROUND POD SESSIONS HOLD_MILLISECONDS GAP_MILLISECONDS RECONNECTS
///
/// It works in SESSIONS sessions, one after the other with a gap without any session between them, as tools do that
/// connect once to look and once to change. With RECONNECTS 1 it goes on in a new session when one breaks.
///
/// The oracle is written here, where the work is done: a row in migration_runs around each session's work; and a
/// session lock of the test's own that every session asks for once and keeps: whoever does not get it runs at the same
/// time as somebody else, which is written to migration_overlaps. A server process that goes on without its client
/// keeps that lock.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include <libpq-fe.h>

namespace {

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

/// How long a server may be away before the migration fails; tools differ, this one waits for a restart.
constexpr std::chrono::seconds kConnecting{10};
constexpr std::chrono::milliseconds kBetweenTries{20};

struct Work {
    std::string round;
    std::string pod;
    int sessions;
    int hold_milliseconds;
    int gap_milliseconds;
    bool reconnects;
};

void Say(const std::string& line) {
    std::puts(line.c_str());
    std::fflush(stdout);
}

/// False when the session broke.
bool Execute(PGconn* connection, const std::string& sql) {
    const Result result{PQexec(connection, sql.c_str()), &PQclear};
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return true;
    Say(std::string{"failed: "} + PQerrorMessage(connection));
    return false;
}

Connection Connect(bool patient) {
    const auto until = std::chrono::steady_clock::now() + kConnecting;
    while (true) {
        // Everything from the environment, as tools do that use libpq.
        Connection connection{PQconnectdb(""), &PQfinish};
        if (PQstatus(connection.get()) == CONNECTION_OK) return connection;
        if (!patient || std::chrono::steady_clock::now() >= until) {
            Say(std::string{"cannot connect: "} + PQerrorMessage(connection.get()));
            return Connection{nullptr, &PQfinish};
        }
        std::this_thread::sleep_for(kBetweenTries);
    }
}

bool WorkOnce(const Work& work, int session) {
    const Connection connection = Connect(work.reconnects);
    if (!connection) return false;
    const std::string mark = "/* migration " + work.round + "-" + work.pod + " */ ";
    const std::string who = work.round + ", " + work.pod + ", " + std::to_string(session);
    // One commit each, so that what began stays written when the rest is rolled back.
    if (!Execute(connection.get(), mark +
                                       "INSERT INTO migration_runs (round, pod, session, backend, started) VALUES (" +
                                       who + ", pg_backend_pid(), clock_timestamp())"))
        return false;
    if (!Execute(connection.get(),
                 mark + "INSERT INTO migration_overlaps (round, pod, seen, beside) SELECT " + work.round + ", " +
                     work.pod +
                     ", clock_timestamp(), (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND "
                     "granted AND classid = 7 AND objid = 7 AND objsubid = 2 AND database = (SELECT oid "
                     "FROM pg_database WHERE datname = current_database()) LIMIT 1) WHERE NOT "
                     "pg_try_advisory_lock(7, 7)"))
        return false;
    Say("in session " + std::to_string(session));
    return Execute(connection.get(),
                   mark + "BEGIN; SELECT pg_sleep(" + std::to_string(work.hold_milliseconds) +
                       " / 1000.0); UPDATE migration_runs SET ended = clock_timestamp() WHERE backend "
                       "= pg_backend_pid() AND round = " +
                       work.round + " AND pod = " + work.pod + " AND session = " + std::to_string(session) +
                       "; COMMIT");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7) return 2;
    const Work work{
        argv[1], argv[2], std::atoi(argv[3]), std::atoi(argv[4]), std::atoi(argv[5]), std::atoi(argv[6]) != 0};
    Say("started");
    for (int session = 1; session <= work.sessions; ++session) {
        if (session > 1) std::this_thread::sleep_for(std::chrono::milliseconds{work.gap_milliseconds});
        while (!WorkOnce(work, session)) {
            if (!work.reconnects) return 1;
            std::this_thread::sleep_for(kBetweenTries);
        }
    }
    Say("done");
    return 0;
}
