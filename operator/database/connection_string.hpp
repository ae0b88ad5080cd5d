#pragma once

#include <map>
#include <string>

#include "database/secret.hpp"

namespace database {

/// How a user said where the database is: a URI, or the parts.
struct Credentials {
    Secret uri;
    std::string host;
    std::string port;
    std::string database_name;
    std::string user;
    Secret password;
    /// libpq's sslmode; empty: what the URI says, else libpq's own.
    std::string ssl_mode;
    /// A file; empty: none.
    std::string ssl_root_certificate;
};

/// What libpq is told, and what people may be told.
struct ConnectionString {
    /// keyword='value' pairs.
    Secret text;
    /// For errors: the password alone, to be sure that no text of a library has it.
    Secret password;
    /// `"orders" at db.shop.svc:5432 as "orders"`: without any secret.
    std::string target;
};

/// Reads `credentials` as libpq would, then lets `settings` win over what a URI says of the same keyword.
///
/// SQLAlchemy's form `postgresql+psycopg2://` is read too. A URI whose password holds an "@", "/" or ":" that is not
/// percent-encoded is refused, because libpq would take a part of the password for the host or the database's name, and
/// show it in its messages.
///
/// A URI that asks for more than `ssl_mode` has its way; one that asks for less is refused, for so it would be with the
/// migration: what a URI says counts more than PGSSLMODE. `ssl_root_certificate` counts more than what a URI says: that
/// names a file of the migration's image.
///
/// Throws DbError{BadConfiguration}; its message names the rule, never the text.
ConnectionString MakeConnectionString(const Credentials& credentials,
                                      const std::map<std::string, std::string>& settings);

}  // namespace database
