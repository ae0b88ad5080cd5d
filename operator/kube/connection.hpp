#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace kube {

/// A text that may change while we run (a token or a certificate in a mounted file). Thread-safe; called for each
/// request or each new TCP connection.
using TextSource = std::function<std::string()>;

/// Always the same text.
TextSource FixedText(std::string text);

/// The content of a file, read again when the last reading is older than `fresh`: the kubelet replaces mounted tokens
/// at 80 % of their lifetime, and client-go re-reads once a minute. The last good content is kept when a later reading
/// fails. Throws kube::Error at construction when the file cannot be read.
TextSource FileText(std::string path, std::chrono::steady_clock::duration fresh = std::chrono::minutes{1});

/// How to reach one API server and who we are there: what a kubeconfig or the pod's service account says.
struct Connection {
    /// "https://HOST:PORT". IPv6 literals are not possible (the HTTP library cannot resolve them).
    std::string server;
    /// The name that the server's certificate must carry, when it is not the host of `server`.
    std::string tls_server_name;
    /// PEM. The only authority that is trusted: the system's are forgotten.
    TextSource certificate_authority;
    /// PEM; unset when we do not authenticate by certificate.
    TextSource client_certificate;
    TextSource client_key;
    /// Bearer token; unset when we do not authenticate by token.
    TextSource token;
    /// Namespace of the context, "default" when it names none.
    std::string ns = "default";
};

}  // namespace kube
