#pragma once

#include <chrono>
#include <string>

#include "kube/client.hpp"
#include "kube/connection.hpp"

namespace kube {

struct ClientsSettings {
    /// "tidegate/<version>".
    std::string user_agent;
    std::string field_manager;
    /// May be null. Must outlive the clients.
    Observer* observer = nullptr;
    /// The server's own request timeout is 60 s; a request of ours touches one small object or one page.
    std::chrono::seconds request_timeout{15};
    /// Of inactivity. Above the longest watch (300 s): the server ends a watch before we call it dead.
    std::chrono::seconds watch_timeout{305};
    /// Half of the elector's renew deadline, so that one hung call cannot lose the lease.
    std::chrono::seconds lease_timeout{5};
};

/// Three clients on connections of their own: a busy page or a hung watch delays no write and no lease.
struct Clients {
    Client requests;
    Client watches;
    Client lease;
};

Clients Connect(const Connection& connection, const ClientsSettings& settings);

/// First thing in main: the HTTP library's process-wide pool gets 4 threads instead of 40. Waiting calls hold none of
/// them. Calls after the first do nothing. Aborts when the library already started its pool.
void InitialiseThreadPool();

}  // namespace kube
