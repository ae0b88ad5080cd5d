#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "kube/connection.hpp"

namespace kube {

/// Reads a kubeconfig. `context` empty means current-context. Relative paths in the file are relative to it.
/// Understood: server, tls-server-name, certificate-authority(-data), client-certificate(-data), client-key(-data),
/// token, tokenFile, namespace. Refused with a text that says what to use instead: exec and auth-provider plugins,
/// username/password, insecure-skip-tls-verify, and plain http except to loopback. Throws kube::Error.
Connection LoadKubeconfig(const std::filesystem::path& path, std::string_view context = {});

/// The same from text; `directory` is what relative paths are relative to, `origin` names the text in errors.
Connection ParseKubeconfig(std::string_view text, const std::filesystem::path& directory, std::string_view origin,
                           std::string_view context = {});

}  // namespace kube
