#include "support/tls_server.hpp"

#include <fstream>
#include <stdexcept>

namespace testing_support {
namespace {

void Openssl(const std::filesystem::path& home, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    const auto output = home / "openssl.log";
    // The server's user, who has to read the key.
    const int code = RunToEnd({.command = arguments, .environment = {}, .output = output, .unprivileged = true});
    if (code != 0) throw std::runtime_error{"openssl: " + ReadFile(output)};
}

std::vector<std::string> NewKey(const std::filesystem::path& path) {
    return {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path};
}

void MakeCa(const std::filesystem::path& home, const std::string& name) {
    std::vector<std::string> arguments{"req",   "-x509",       "-days", "2",
                                       "-subj", "/CN=" + name, "-out",  home / (name + ".crt")};
    const auto key = NewKey(home / (name + ".key"));
    arguments.insert(arguments.end(), key.begin(), key.end());
    Openssl(home, arguments);
}

std::filesystem::path MakeCertificates(const TemporaryFolder& folder, const std::string& rules) {
    const auto home = folder.MakeFolder("tls");
    MakeCa(home, "ca");
    MakeCa(home, "other");
    std::vector<std::string> request{
        "req", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", home / "server.csr"};
    const auto key = NewKey(home / "server.key");
    request.insert(request.end(), key.begin(), key.end());
    Openssl(home, request);
    Openssl(home, {"x509", "-req", "-in", home / "server.csr", "-CA", home / "ca.crt", "-CAkey", home / "ca.key",
                   "-CAcreateserial", "-days", "2", "-copy_extensions", "copy", "-out", home / "server.crt"});
    std::ofstream{home / "pg_hba.conf"} << rules;
    return home;
}

}  // namespace

TlsServer::TlsServer(const TemporaryFolder& folder, const std::string& rules) : home_{MakeCertificates(folder, rules)} {
    std::ofstream{server_.Folder() / "postgres/data/postgresql.auto.conf", std::ios::app}
        << "ssl = on\nssl_cert_file = '" << (home_ / "server.crt").string() << "'\nssl_key_file = '"
        << (home_ / "server.key").string() << "'\nhba_file = '" << (home_ / "pg_hba.conf").string() << "'\n";
    server_.Restart();
}

}  // namespace testing_support
