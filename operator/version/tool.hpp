#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Versions and their order, for each migration tool. Pure: no clock, no file, no database; shared by the engine, the
/// agent and the command line, so that all three mean the same by "reached".
namespace version {

/// Migration tools whose history table can be believed. Names() of them is what `history.tool` of a Database accepts.
enum class Tool {
    Alembic,
};

/// What the order of versions must know about a tool.
struct ToolTraits {
    Tool tool;
    /// As in `history.tool` and TIDEGATE_TOOL.
    std::string_view name;
    /// The tool makes up identifiers of 12 hexadecimal digits by itself. One in 280 of them has decimal digits only and
    /// must not be taken for a number.
    bool makes_hexadecimal_ids;
};

const ToolTraits& Traits(Tool tool);

std::string_view Name(Tool tool);

/// nullopt when no tool has this name; names are case-sensitive.
std::optional<Tool> ParseTool(std::string_view name);

/// "Alembic, Flyway, ...": for messages that say what would be accepted.
std::string ToolNames();

}  // namespace version
