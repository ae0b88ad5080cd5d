#pragma once

#include <functional>
#include <stop_token>

#include <nlohmann/json_fwd.hpp>

#include "kube/client.hpp"

namespace controllers {

/// All objects of a quorum list, page by page. Throws what kube::Client throws.
void ListLive(const kube::Client& client, const kube::Resource& resource, const kube::Scope& scope,
              const std::stop_token& stop, const std::function<void(const nlohmann::json&)>& each);

}  // namespace controllers
