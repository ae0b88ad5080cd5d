#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "support/fault_proxy_action.hpp"
#include "support/fault_proxy_upstream.hpp"

namespace support {

/// The proxy's end of one connection of the operator. One thread reads and writes; Drop() may come from any.
class ProxyClient final {
public:
    /// Takes the connected socket.
    explicit ProxyClient(int socket);
    ProxyClient(const ProxyClient&) = delete;
    ProxyClient& operator=(const ProxyClient&) = delete;
    ~ProxyClient();

    /// nullopt: the connection ended.
    std::optional<HttpRequest> Read();
    /// These throw std::runtime_error when the client is gone.
    void Reply(int code, std::string_view body, std::optional<int> retry_after);
    void BeginChunks();
    void Chunk(std::string_view bytes);
    void EndChunks();

    /// Ends the connection from outside: whatever blocks on it returns.
    void Drop();
    /// As a crashed peer would: RST instead of FIN.
    void Reset();
    bool Gone() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace support
