#pragma once

#include <optional>
#include <random>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "kube/resources.hpp"
#include "support/schema_values.hpp"

namespace test {

/// One of the two kinds that users write: its schema as the API server serves it, and all changes worth trying.
class FuzzedKind final {
public:
    /// Adds, to what the schema suggests, values that meet and break each CEL rule. Throws when a rule has none.
    FuzzedKind(const kube::Resource& resource, const nlohmann::json& definition);

    const kube::Resource& Resource() const { return resource_; }
    const nlohmann::json& Schema() const { return schema_; }
    const std::vector<support::SchemaChange>& Changes() const { return changes_; }
    /// How many different fields.
    std::size_t Fields() const;
    /// Every field alike, whatever number of values it has; values of a mebibyte are rare.
    const support::SchemaChange& Any(std::mt19937& random) const;

private:
    kube::Resource resource_;
    nlohmann::json schema_;
    std::vector<support::SchemaChange> changes_;
    std::vector<std::vector<std::size_t>> by_field_;
};

/// Valid objects of a walk. All of them belong together by `name`.
nlohmann::json FirstDatabase(const std::string& name);
nlohmann::json OtherDatabase(const std::string& name);
nlohmann::json FirstMigration(const std::string& name);
/// Where every walk ends, whatever came before.
nlohmann::json FinalDatabase(const std::string& name);
nlohmann::json FinalMigration(const std::string& name);
inline constexpr char kFinalVersion[] = "9000";

}  // namespace test
