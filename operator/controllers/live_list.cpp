#include "controllers/live_list.hpp"

#include <nlohmann/json.hpp>

namespace controllers {

void ListLive(const kube::Client& client, const kube::Resource& resource, const kube::Scope& scope,
              const std::stop_token& stop, const std::function<void(const nlohmann::json&)>& each) {
    constexpr std::size_t kPage = 100;  // bounds memory as in the reflectors
    std::string next;
    do {
        const auto page = client.List(resource, scope, kPage, next, stop);
        for (const auto& object : page.items)
            each(object);
        next = page.next;
    } while (!next.empty());
}

}  // namespace controllers
