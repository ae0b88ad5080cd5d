#pragma once

#include <string>
#include <string_view>

namespace support {

/// One request on its way to the API server, in Kubernetes' terms.
struct ProxiedRequest {
    /// get, list, watch, create, update, patch, delete, deletecollection
    std::string verb;
    std::string group;
    std::string resource;
    std::string subresource;
    std::string ns;
    std::string name;
    /// Path and query as they were sent.
    std::string target;
    std::string body;
    /// Which write it is since FaultProxy::CountFrom(), 1 being the first; 0 for reads and for what is no write point
    /// (events, leases).
    int write_number = 0;

    bool IsWrite() const { return write_number > 0; }
    /// "create jobs orders-x-1": for traces. Of a create the name is in the body.
    std::string Describe() const;
    /// Value of a query parameter, percent-decoded; empty when absent.
    std::string Query(std::string_view parameter) const;
};

/// Without a write number.
ProxiedRequest ParseProxiedRequest(std::string_view method, std::string target, std::string body);

/// It changes something that decisions rest on: neither a read nor an event nor a lease.
bool IsWritePoint(const ProxiedRequest& request);

/// "pods", or "databases/status".
std::string ResourceWithSub(const ProxiedRequest& request);

}  // namespace support
