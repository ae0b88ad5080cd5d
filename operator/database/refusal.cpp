#include "database/refusal.hpp"

#include <algorithm>
#include <cctype>
#include <memory>
#include <string_view>

#include <libpq-fe.h>
#include <poll.h>

namespace database {
namespace {

using Steady = std::chrono::steady_clock;

struct Refusal {
    std::string sqlstate;
    bool needs_password = false;
};

bool WaitForSocket(int socket, short events, Steady::time_point until) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Steady::now());
    pollfd descriptor{socket, events, 0};
    return left.count() > 0 && ::poll(&descriptor, 1, static_cast<int>(left.count())) > 0;
}

/// The word of five upper-case letters and digits that stands alone after "FATAL:".
std::string FindSqlState(std::string_view text) {
    const auto mark = text.rfind(":  ");
    if (mark == std::string_view::npos) return {};
    const std::string_view word = text.substr(mark + 3, 5);
    const bool good = word.size() == 5 && std::all_of(word.begin(), word.end(), [](unsigned char c) {
                          return std::isdigit(c) != 0 || std::isupper(c) != 0;
                      });
    return good ? std::string{word} : std::string{};
}

Refusal Ask(const ConnectionString& string, std::chrono::seconds timeout) {
    const auto until = Steady::now() + timeout;
    const std::unique_ptr<PGconn, decltype(&PQfinish)> connection{PQconnectStart(string.text.Reveal().c_str()),
                                                                  &PQfinish};
    if (!connection || PQstatus(connection.get()) == CONNECTION_BAD) return {};
    PQsetErrorVerbosity(connection.get(), PQERRORS_SQLSTATE);
    auto step = PGRES_POLLING_WRITING;
    while (step == PGRES_POLLING_WRITING || step == PGRES_POLLING_READING) {
        const short events = step == PGRES_POLLING_WRITING ? POLLOUT : POLLIN;
        if (!WaitForSocket(PQsocket(connection.get()), events, until)) return {};
        step = PQconnectPoll(connection.get());
    }
    return {FindSqlState(PQerrorMessage(connection.get())), PQconnectionNeedsPassword(connection.get()) != 0};
}

/// libpq's own texts carry no SQLSTATE. They are English: no message catalogue is in the agent's image.
DbErrorKind KindOfText(std::string_view text) {
    const auto has = [&](std::string_view part) { return text.find(part) != std::string_view::npos; };
    if (has("SSL") || has("certificate")) return DbErrorKind::TlsFailed;
    if (has("password") || has("authentication")) return DbErrorKind::AuthenticationFailed;
    return DbErrorKind::Unreachable;
}

std::string Advice(DbErrorKind kind) {
    switch (kind) {
        case DbErrorKind::AuthenticationFailed:
            return "correct user and password in the Secret, or the server's pg_hba.conf";
        case DbErrorKind::DatabaseDoesNotExist:
            return "create the database, or correct its name in the Secret";
        case DbErrorKind::TlsFailed:
            return "check sslmode and certificates on both sides";
        case DbErrorKind::InsufficientPrivilege:
            return "GRANT CONNECT ON DATABASE to the role in the Secret";
        default:
            return "check that the server runs, that host and port in the Secret are right, and that network policies "
                   "let "
                   "this pod reach it";
    }
}

}  // namespace

DbError ExplainRefusal(const ConnectionString& string, const std::string& text, std::chrono::seconds timeout) {
    const Refusal refusal = Ask(string, timeout);
    DbErrorKind kind = DbErrorKind::Unreachable;
    if (!refusal.sqlstate.empty())
        kind = KindOfSqlState(refusal.sqlstate);
    else if (refusal.needs_password)
        kind = DbErrorKind::AuthenticationFailed;
    else
        kind = KindOfText(text);
    if (kind == DbErrorKind::QueryFailed || kind == DbErrorKind::Busy) kind = DbErrorKind::Unreachable;

    return DbError{kind, string.password.RedactedFrom("cannot connect to database " + string.target + ": " +
                                                      OneLine(text) + "; " + Advice(kind))};
}

}  // namespace database
