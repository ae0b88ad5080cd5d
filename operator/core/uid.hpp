#pragma once

#include <compare>
#include <string>

namespace core {

/// metadata.uid: tells an object from a later one of the same name.
struct Uid {
    std::string value;

    auto operator<=>(const Uid&) const = default;
};

}  // namespace core
