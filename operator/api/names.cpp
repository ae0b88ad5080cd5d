#include "api/names.hpp"

#include "core/hash.hpp"

namespace api {

std::string LabelValue(std::string_view name) {
    constexpr std::size_t kLongestLabelValue = 63;  // Kubernetes' limit
    constexpr std::size_t kKept = 40, kHashed = 10;
    if (name.size() <= kLongestLabelValue) return std::string(name);
    return std::string(name.substr(0, kKept)) + "-" + core::HashText(name, kHashed);
}

}  // namespace api
