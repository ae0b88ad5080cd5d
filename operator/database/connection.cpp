#include "database/connection.hpp"

#include <typeinfo>

#include <pqxx/pqxx>

#include "database/refusal.hpp"

namespace database {
namespace {

/// Server-side: what ends a session whose client's node vanished, so that its locks do not outlive it by the two hours
/// that Linux waits. 10 s + 3 × 5 s is under half a minute and spares a healthy network.
constexpr const char* kKeepAliveIdle = "10";
constexpr const char* kKeepAliveInterval = "5";
constexpr const char* kKeepAliveCount = "3";
/// Milliseconds. Bounds a statement whose reply never comes although the peer's kernel still answers keep-alives.
constexpr const char* kTcpUserTimeout = "25000";

/// For statements outside of ReadOnly(): they touch system catalogues only and take milliseconds.
constexpr const char* kSessionSettings =
    "SELECT pg_catalog.set_config(name, CASE name"
    " WHEN 'lock_timeout' THEN '1s' WHEN 'statement_timeout' THEN '10s'"
    " WHEN 'tcp_keepalives_idle' THEN '10' WHEN 'tcp_keepalives_interval' THEN '5' WHEN 'tcp_keepalives_count' THEN '3'"
    " ELSE '0' END, false) FROM pg_catalog.pg_settings WHERE name IN ('lock_timeout', 'statement_timeout',"
    " 'tcp_keepalives_idle', 'tcp_keepalives_interval', 'tcp_keepalives_count',"
    // These would end a session that holds the fence and has nothing to say. Older servers lack some of them.
    " 'idle_session_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')";

std::map<std::string, std::string> Settings(const std::string& application_name) {
    return {
        {"application_name", application_name},
        {"connect_timeout", std::to_string(Connection::kConnectTimeout.count())},
        {"keepalives", "1"},
        {"keepalives_idle", kKeepAliveIdle},
        {"keepalives_interval", kKeepAliveInterval},
        {"keepalives_count", kKeepAliveCount},
        {"tcp_user_timeout", kTcpUserTimeout},
        {"client_encoding", "UTF8"},
    };
}

/// The one place where libpqxx' exceptions become ours.
template <class Body>
auto Translated(const ConnectionString& string, Body&& body) {
    const auto error = [&](DbErrorKind kind, const std::string& text) {
        return DbError{kind, string.password.RedactedFrom(text)};
    };
    const auto lost = [&](const std::string& text) {
        return error(DbErrorKind::Unreachable, "lost the connection to database " + string.target + ": " + text);
    };
    try {
        return body();
    } catch (const pqxx::insufficient_privilege& e) {
        // libpqxx 6 leaves the SQLSTATE out of some of its classes.
        throw error(DbErrorKind::InsufficientPrivilege,
                    OneLine(e.what()) + "; grant it to the role in the Secret (database " + string.target + ")");
    } catch (const pqxx::undefined_table& e) {
        throw NoSuchTable{
            string.password.RedactedFrom(std::string{OneLine(e.what())} + " (database " + string.target + ")")};
    } catch (const pqxx::sql_error& e) {
        // A network timeout can look like an error of the server without a SQLSTATE (libpqxx#280).
        if (e.sqlstate().empty() && typeid(e) == typeid(pqxx::sql_error)) throw lost(OneLine(e.what()));
        const DbErrorKind kind = KindOfSqlState(e.sqlstate());
        if (kind == DbErrorKind::Unreachable) throw lost(OneLine(e.what()));
        throw error(kind, OneLine(e.what()) + " (SQLSTATE " + e.sqlstate() + ", database " + string.target + ")");
    } catch (const pqxx::broken_connection& e) {
        throw lost(OneLine(e.what()));
    } catch (const pqxx::in_doubt_error& e) {
        throw lost(OneLine(e.what()));
    } catch (const pqxx::pqxx_exception& e) {
        throw error(DbErrorKind::QueryFailed, OneLine(e.base().what()) + " (database " + string.target + ")");
    }
}

Rows Execute(pqxx::transaction_base& transaction, const std::string& sql, const Parameters& parameters) {
    const pqxx::result result = parameters.empty()
                                    ? transaction.exec(sql)
                                    : transaction.exec_params(sql, pqxx::prepare::make_dynamic_params(parameters));
    Rows rows;
    rows.reserve(result.size());
    for (const auto& from : result) {
        Row& row = rows.emplace_back();
        for (const auto& field : from) {
            row.push_back(field.is_null() ? std::nullopt : std::optional<std::string>{field.c_str()});
        }
    }
    return rows;
}

class TransactionSession final : public Session {
public:
    TransactionSession(pqxx::transaction_base& transaction, const ConnectionString& string)
        : transaction_{transaction}, string_{string} {}

    Rows Query(const std::string& sql, const Parameters& parameters) override {
        return Translated(string_, [&] { return Execute(transaction_, sql, parameters); });
    }

private:
    pqxx::transaction_base& transaction_;
    const ConnectionString& string_;
};

}  // namespace

class Connection::Impl {
public:
    Impl(const Credentials& credentials, const std::string& application_name)
        : string_{MakeConnectionString(credentials, Settings(application_name))}, connection_{Open()} {
        Query(kSessionSettings, {});
        RefusePooler();
        RefuseStandby();
    }

    Rows Query(const std::string& sql, const Parameters& parameters) {
        return Translated(string_, [&] {
            pqxx::nontransaction transaction{*connection_};
            return Execute(transaction, sql, parameters);
        });
    }

    void ReadOnly(const std::function<void(Session&)>& body) {
        Translated(string_, [&] {
            pqxx::transaction<pqxx::repeatable_read, pqxx::read_only> transaction{*connection_};
            transaction.exec("SET LOCAL lock_timeout = '1s'");
            transaction.exec("SET LOCAL statement_timeout = '5s'");
            TransactionSession session{transaction, string_};
            body(session);
            transaction.abort();
        });
    }

    int Socket() const { return connection_->sock(); }
    const std::string& Target() const { return string_.target; }

private:
    std::unique_ptr<pqxx::connection> Open() const {
        try {
            auto connection = std::make_unique<pqxx::connection>(string_.text.Reveal());
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
            // Or libpqxx 6 reconnects by itself at the third attempt, without the locks that the session held.
            connection->inhibit_reactivation(true);
#pragma GCC diagnostic pop
            return connection;
        } catch (const pqxx::pqxx_exception& e) {
            throw ExplainRefusal(string_, e.base().what(), kConnectTimeout);
        }
    }

    std::string ServerPid(pqxx::connection& connection) const {
        return Translated(string_, [&] {
            pqxx::nontransaction transaction{connection};
            return std::string{transaction.exec1("SELECT pg_catalog.pg_backend_pid()")[0].c_str()};
        });
    }

    void RefusePooler() {
        const std::string pid = ServerPid(*connection_);
        bool direct = pid == std::to_string(connection_->backendpid());
        if (direct) {
            // A pooler may pass the true number on. Two idle clients of it share a server, two sessions never do.
            const auto second = Open();
            direct = ServerPid(*second) != pid;
        }
        if (direct) return;
        throw DbError{DbErrorKind::PoolerRefused,
                      "database " + Target() +
                          " is reached through a connection pooler, where locks do not hold; put the address of the "
                          "PostgreSQL server itself into the Secret that the Database names"};
    }

    void RefuseStandby() {
        if (Query("SELECT pg_catalog.pg_is_in_recovery()", {}).at(0).at(0) == "f") return;
        throw DbError{
            DbErrorKind::StandbyRefused,
            "database " + Target() +
                " is a standby or still recovering and cannot be migrated; put the address of the primary into "
                "the Secret that the Database names"};
    }

    ConnectionString string_;
    std::unique_ptr<pqxx::connection> connection_;
};

Connection::Connection(const Credentials& credentials, const std::string& application_name)
    : impl_{std::make_unique<Impl>(credentials, application_name)} {}

Connection::~Connection() = default;

Rows Connection::Query(const std::string& sql, const Parameters& parameters) {
    return impl_->Query(sql, parameters);
}

void Connection::ReadOnly(const std::function<void(Session&)>& body) {
    impl_->ReadOnly(body);
}

void Connection::Rename(const std::string& application_name) {
    Query("SELECT pg_catalog.set_config('application_name', $1, false)", {application_name});
}

int Connection::Socket() const {
    return impl_->Socket();
}

const std::string& Connection::Target() const {
    return impl_->Target();
}

}  // namespace database
