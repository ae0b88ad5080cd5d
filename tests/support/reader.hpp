#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace support {

/// Reads what `kubectl get` reads, as administrator and over one kept connection: for looking again and again. Each
/// kubectl takes 65 ms of a core (measured), and cases that wait with it take all cores there are.
///
/// Knows the kinds that tests wait for, by kubectl's own words ("deployment/orders", "migration.tidegate.io/orders"),
/// one object or all of a kind with labels ({"jobs", "--selector=a=b"}). Objects are as kubectl prints them, without
/// managedFields. Thread-safe. Throws std::runtime_error when the API server refuses, kube::Error when it does not
/// answer.
class Reader final {
public:
    /// False: ask kubectl.
    static bool Knows(const std::string& what);
    static bool Knows(const std::vector<std::string>& what);

    /// nullopt: it does not exist.
    static std::optional<nlohmann::json> Get(const std::string& what, const std::string& ns);
    static nlohmann::json List(const std::vector<std::string>& what, const std::string& ns);
};

}  // namespace support
