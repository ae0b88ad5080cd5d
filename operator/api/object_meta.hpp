#pragma once

#include <nlohmann/json.hpp>

#include "core/json_access.hpp"
#include "core/object_key.hpp"
#include "core/revision.hpp"
#include "core/uid.hpp"

namespace api {

inline core::ObjectKey ParseKey(const nlohmann::json& object) {
    return {core::TextAt(object, {"metadata", "namespace"}), core::TextAt(object, {"metadata", "name"})};
}

/// metadata that every object of ours carries: key, uid, revision, generation, deletion.
template <class Object>
void ParseObjectMeta(const nlohmann::json& object, Object& into) {
    into.key = ParseKey(object);
    into.uid = {core::TextAt(object, {"metadata", "uid"})};
    into.revision = core::Revision::Parse(core::TextAt(object, {"metadata", "resourceVersion"}));
    into.generation = core::NumberAt(object, {"metadata", "generation"}).value_or(0);
    into.deleting = core::FindAt(object, {"metadata", "deletionTimestamp"}) != nullptr;
}

}  // namespace api
