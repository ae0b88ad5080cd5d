#include "database/encryption.hpp"

namespace database {

std::string DescribeEncryption(Session& session) {
    const Rows rows =
        session.Query("SELECT version FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid() AND ssl");
    if (rows.empty() || !rows.front().front()) return "not encrypted";
    return "encrypted by " + *rows.front().front();
}

}  // namespace database
