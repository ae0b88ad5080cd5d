#pragma once

#include <optional>
#include <string>
#include <string_view>

/// What a Database says of the protection of its connections: spec.connection.tls.
namespace api {

struct Tls {
    /// As libpq's sslmode.
    enum class Mode {
        Disable,    ///< never
        Prefer,     ///< if the server has it
        Require,    ///< or no connection
        VerifyCA,   ///< the server's certificate is signed by the CA in `ca_secret`
        VerifyFull  ///< and is for the host name that was connected to
    };

    /// nullopt: what the URI says, else what the driver does by itself.
    std::optional<Mode> mode;
    /// Name of the Secret with the CA's certificate; empty: none.
    std::string ca_secret;
    /// Its key, as cert-manager and CloudNativePG name it.
    std::string ca_key = "ca.crt";

    bool operator==(const Tls&) const = default;
};

/// As in spec.connection.tls.mode.
std::optional<Tls::Mode> ParseTlsMode(std::string_view name);
/// As in libpq's sslmode, which pgjdbc has, too: "verify-full".
std::string_view SslMode(Tls::Mode mode);

}  // namespace api
