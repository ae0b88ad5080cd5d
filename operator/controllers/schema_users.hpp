#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "kube/client.hpp"
#include "observed/schema_user.hpp"

namespace controllers {

/// Everything of the namespace that has or makes pods, by quorum lists one after the other: owners before what they
/// own, so that what an owner makes while this goes on is in a later list. Throws what kube::Client throws.
std::vector<observed::SchemaUser> ListSchemaUsers(const kube::Client& client, const std::string& ns,
                                                  const std::stop_token& stop);

}  // namespace controllers
