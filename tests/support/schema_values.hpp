#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace support {

/// One value that a schema suggests to try in one field.
struct SchemaChange {
    /// From the object's root, "/spec/env/0/name".
    nlohmann::json::json_pointer field;
    /// "null", "maximum + 1": for people and for counting.
    std::string what;
    /// nullopt: the field is left out.
    std::optional<nlohmann::json> value;
    /// The schema itself cannot admit it. False says nothing: CEL rules and other fields may still refuse.
    bool is_refused = false;

    std::string Field() const { return field.to_string(); }
};

/// Stands in a text for bytes that are no UTF-8, which JSON values here cannot hold: replaced when it is sent.
inline constexpr char kNotUtf8[] = "NOT-UTF-8";

/// Values for every field below `schema` (an OpenAPI v3 schema as CRDs have it): absent, null, another type, the bounds
/// and what lies beyond them, empty, too long, no UTF-8, another valid value. Deterministic.
///
/// Not covered: rules in CEL, which no program can solve; see CelRules.
std::vector<SchemaChange> ChangesOf(const nlohmann::json& schema, const std::string& field);

/// A rule of x-kubernetes-validations and where it stands, "/spec/env/0".
struct CelRule {
    std::string field, rule;
};
std::vector<CelRule> CelRules(const nlohmann::json& schema, const std::string& field);

/// The least that `schema` admits, CEL rules aside.
nlohmann::json LeastValue(const nlohmann::json& schema);

/// `object` with the change made; what is missing on the way is made with its least value. `schema` is of the whole
/// object.
nlohmann::json Changed(const nlohmann::json& schema, nlohmann::json object, const SchemaChange& change);

}  // namespace support
