#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "kube/connection.hpp"
#include "kube/transport.hpp"

namespace kube {

/// Transport on cpprestsdk; its .cpp is the only file of the project that sees the library.
/// TLS 1.2 or newer, only the cluster's authority, no redirects (they would carry the token to another host).
/// Certificates are read for each new TCP connection and the token for each request, so both rotate without a restart.
class CpprestTransport final : public Transport {
public:
    struct Settings {
        std::string user_agent;
        /// Without a byte in or out: the library knows no other timeout.
        std::chrono::seconds inactivity_timeout{15};
    };

    CpprestTransport(Connection connection, Settings settings);
    CpprestTransport(const CpprestTransport&) = delete;
    CpprestTransport& operator=(const CpprestTransport&) = delete;
    ~CpprestTransport() override;

    Response Send(const Request& request, std::stop_token stop) override;
    Response Stream(const Request& request, const std::function<void(std::string_view line)>& on_line,
                    std::stop_token stop) override;
    std::string_view Host() const override;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace kube
