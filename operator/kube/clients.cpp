#include "kube/clients.hpp"

#include <memory>

#include "kube/cpprest_transport.hpp"

namespace kube {

Clients Connect(const Connection& connection, const ClientsSettings& settings) {
    const auto client = [&](std::chrono::seconds timeout) {
        auto transport =
            std::make_shared<CpprestTransport>(connection, CpprestTransport::Settings{settings.user_agent, timeout});
        return Client(std::move(transport), {settings.field_manager, settings.observer});
    };
    return {client(settings.request_timeout), client(settings.watch_timeout), client(settings.lease_timeout)};
}

}  // namespace kube
