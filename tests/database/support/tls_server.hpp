#pragma once

#include <filesystem>
#include <string>

#include "support/agent.hpp"
#include "support/postgres_server.hpp"

namespace testing_support {

/// A PostgreSQL with ssl = on. Its certificate is for the host name "localhost", not for 127.0.0.1, and is signed by a
/// CA of its own that openssl has made.
class TlsServer {
public:
    /// `rules`: pg_hba.conf.
    TlsServer(const TemporaryFolder& folder, const std::string& rules = "host all all all scram-sha-256\n");

    TestDatabase Database() const { return {server_.Port(), "postgres", "admin", kPassword}; }
    PostgresServer& Server() { return server_; }
    std::filesystem::path Ca() const { return home_ / "ca.crt"; }
    /// One that has signed nothing here.
    std::filesystem::path OtherCa() const { return home_ / "other.crt"; }

private:
    std::filesystem::path home_;
    PostgresServer server_;
};

}  // namespace testing_support
