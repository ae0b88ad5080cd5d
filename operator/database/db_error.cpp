#include "database/db_error.hpp"

#include <algorithm>

namespace database {
namespace {

constexpr std::size_t kLongestLine = 300;

struct Mapping {
    std::string_view prefix;
    DbErrorKind kind;
};

/// Longer prefixes first. https://www.postgresql.org/docs/current/errcodes-appendix.html
constexpr Mapping kMappings[] = {
    {"57P", DbErrorKind::Unreachable},  // shutting down, starting up, terminated by an administrator
    {"57014", DbErrorKind::Busy},       // statement_timeout: a table of a few rows, so the server is stuck
    {"3D000", DbErrorKind::DatabaseDoesNotExist},
    {"55P03", DbErrorKind::Busy},  // lock_timeout
    {"42501", DbErrorKind::InsufficientPrivilege},
    {"28", DbErrorKind::AuthenticationFailed},  // wrong password, unknown role, no entry in pg_hba.conf
    {"08", DbErrorKind::Unreachable},           // connection exceptions
    {"53300", DbErrorKind::Unreachable},        // too many connections
};

}  // namespace

DbErrorKind KindOfSqlState(std::string_view sqlstate) {
    for (const Mapping& mapping : kMappings) {
        if (sqlstate.starts_with(mapping.prefix)) return mapping.kind;
    }
    return DbErrorKind::QueryFailed;
}

std::string OneLine(std::string_view text) {
    for (const std::string_view severity : {"ERROR:  ", "FATAL:  "}) {
        if (text.starts_with(severity)) text.remove_prefix(severity.size());
    }
    text = text.substr(0, text.find("\nLINE "));
    std::string line;
    for (const char c : text) {
        const bool is_space = static_cast<unsigned char>(c) <= ' ';
        if (!is_space)
            line += c;
        else if (!line.empty() && line.back() != ' ')
            line += ' ';
    }
    while (!line.empty() && line.back() == ' ')
        line.pop_back();
    line.resize(std::min(line.size(), kLongestLine));
    return line;
}

}  // namespace database
