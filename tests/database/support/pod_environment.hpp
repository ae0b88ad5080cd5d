#pragma once

#include <map>
#include <string>

#include "api/database.hpp"
#include "support/agent.hpp"

namespace testing_support {

using SecretData = std::map<std::string, std::string>;

/// The Secret that CloudNativePG writes for an application, with the keys that say where `database` is.
SecretData SecretOf(const TestDatabase& database);

/// The Database's keys for such a Secret.
api::ConnectionKeys UriKey();
api::ConnectionKeys PartKeys();

/// The environments that the kubelet would make of what the operator writes into a Job: keys looked up in the Secret,
/// `$(NAME)` expanded once by what stands before it. Of the agent only what it connects with.
std::map<std::string, std::string> AgentEnvironment(const api::Database& database, const SecretData& secret);
std::map<std::string, std::string> MigrationEnvironment(const api::Database& database, const SecretData& secret);

/// `pod`'s agent has this connection from now on, and no other.
void Connect(AgentPod& pod, const api::Database& database, const SecretData& secret);

}  // namespace testing_support
