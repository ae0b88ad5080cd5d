#include "version/tool.hpp"

#include <array>
#include <cstdlib>

namespace version {
namespace {

constexpr std::array kTools{
    ToolTraits{Tool::Alembic, "Alembic", true},
};

}  // namespace

const ToolTraits& Traits(Tool tool) {
    for (const ToolTraits& traits : kTools) {
        if (traits.tool == tool) return traits;
    }
    std::abort();
}

std::string_view Name(Tool tool) {
    return Traits(tool).name;
}

std::optional<Tool> ParseTool(std::string_view name) {
    for (const ToolTraits& traits : kTools) {
        if (traits.name == name) return traits.tool;
    }
    return std::nullopt;
}

std::string ToolNames() {
    std::string names;
    for (const ToolTraits& traits : kTools) {
        if (!names.empty()) names += ", ";
        names += traits.name;
    }
    return names;
}

}  // namespace version
