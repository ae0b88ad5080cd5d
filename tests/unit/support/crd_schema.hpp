#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace support {

/// The structural schema of one of our CRDs, as far as the API server would act on what the operator writes: fields
/// that it does not name are pruned without a word; lengths, enumerations and patterns refuse the whole object. CEL
/// rules and defaults are not part of it.
class CrdSchema final {
public:
    /// `plural` as in the file's name: crds/<plural>.yaml. Throws when there is no such file.
    explicit CrdSchema(const std::string& plural);

    /// The schema below the object's schema, for example {"spec"}: to look at its properties.
    const nlohmann::json& At(const std::vector<std::string>& properties) const;

    nlohmann::json Pruned(const nlohmann::json& object) const;
    /// What the API server would refuse, one line each, with the path.
    std::vector<std::string> Problems(const nlohmann::json& object) const;

private:
    nlohmann::json schema_;
};

}  // namespace support
