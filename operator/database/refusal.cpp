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

bool Has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// By libpq's own texts, as above.
std::string TlsAdvice(std::string_view text) {
    if (Has(text, "does not match host name")) {
        return "connect by a name that the server's certificate has (host in the Secret), have one issued for this "
               "name, or set spec.connection.tls.mode of the Database to VerifyCA, which looks at no names";
    }
    if (Has(text, "certificate verify failed")) {
        return "put the certificate of the CA that signed the server's into the Secret that "
               "spec.connection.tls.caSecretRef of the Database names, or renew the server's if it has expired";
    }
    if (Has(text, "root certificate file")) {
        return "set spec.connection.tls of the Database: mode, and caSecretRef with the Secret that holds the "
               "certificate of the CA; no file of another image is there, and no other CA is trusted";
    }
    if (Has(text, "does not support SSL")) {
        return "set ssl = on at the server; or, if this connection need not be encrypted, ask for less: "
               "spec.connection.tls.mode of the Database, or sslmode in the URI in the Secret";
    }
    return "check spec.connection.tls of the Database, sslmode in the URI in the Secret, and the server's certificate";
}

std::string LoginAdvice(const ConnectionString& string, std::string_view text) {
    const std::string advice = "correct user and password in the Secret, or the server's pg_hba.conf";
    // Not where it was refused with encryption, too.
    if (Has(text, "no encryption") && !Has(text, "SSL encryption"))
        return "the server may want TLS: set spec.connection.tls.mode of the Database to Require; or " + advice;
    if (string.password.Reveal().ends_with('\n'))
        return advice + "; the password there ends with a line break, which may be one too many";
    return advice;
}

std::string Advice(DbErrorKind kind, const ConnectionString& string, std::string_view text) {
    switch (kind) {
        case DbErrorKind::AuthenticationFailed:
            return LoginAdvice(string, text);
        case DbErrorKind::DatabaseDoesNotExist:
            return "create the database, or correct its name in the Secret";
        case DbErrorKind::TlsFailed:
            return TlsAdvice(text);
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
                                                      OneLine(text) + "; " + Advice(kind, string, text))};
}

}  // namespace database
