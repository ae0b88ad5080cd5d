#include "runtime/store_sink.hpp"

#include <nlohmann/json.hpp>

#include "core/json_access.hpp"

namespace runtime {

std::pair<core::ObjectKey, core::Revision> Identify(const nlohmann::json& object) {
    return {{core::TextAt(object, {"metadata", "namespace"}), core::TextAt(object, {"metadata", "name"})},
            core::Revision::Parse(core::TextAt(object, {"metadata", "resourceVersion"}))};
}

}  // namespace runtime
