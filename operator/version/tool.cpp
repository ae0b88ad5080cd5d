#include "version/tool.hpp"

#include <array>
#include <cstdlib>

namespace version {
namespace {

constexpr std::array kTools{
    ToolTraits{Tool::Flyway, "Flyway", Content::EveryMigration, Spelling::Dotted},
    ToolTraits{Tool::Liquibase, "Liquibase", Content::EveryMigration, Spelling::Unordered},
    ToolTraits{Tool::Alembic, "Alembic", Content::Position, Spelling::NumberedName, true},
    ToolTraits{Tool::Rails, "Rails", Content::EveryMigration, Spelling::Number},
    ToolTraits{Tool::GolangMigrate, "GolangMigrate", Content::Position, Spelling::Number},
    ToolTraits{Tool::Dbmate, "Dbmate", Content::EveryMigration, Spelling::Number},
    ToolTraits{Tool::Django, "Django", Content::EveryMigration, Spelling::AppAndName},
    ToolTraits{Tool::Atlas, "Atlas", Content::EveryMigration, Spelling::Number},
    ToolTraits{Tool::Goose, "Goose", Content::EveryMigration, Spelling::Number},
    ToolTraits{Tool::Prisma, "Prisma", Content::EveryMigration, Spelling::NumberedName},
    ToolTraits{Tool::Knex, "Knex", Content::EveryMigration, Spelling::FileName},
    ToolTraits{Tool::EFCore, "EFCore", Content::EveryMigration, Spelling::NumberedName},
    ToolTraits{Tool::Sqlx, "Sqlx", Content::EveryMigration, Spelling::Number},
    ToolTraits{Tool::Diesel, "Diesel", Content::EveryMigration, Spelling::DashedNumber},
    ToolTraits{Tool::Sequelize, "Sequelize", Content::EveryMigration, Spelling::FileName},
    ToolTraits{Tool::TypeORM, "TypeORM", Content::EveryMigration, Spelling::NumberAtEnd},
    ToolTraits{Tool::Custom, "Custom", Content::Position, Spelling::NumberedName},
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

std::string_view Name(Order order) {
    switch (order) {
        case Order::Numeric:
            return "Numeric";
        case Order::None:
            return "None";
        case Order::ByTool:
            break;
    }
    return {};
}

std::optional<Order> ParseOrder(std::string_view name) {
    for (const Order order : {Order::ByTool, Order::Numeric, Order::None}) {
        if (Name(order) == name) return order;
    }
    return std::nullopt;
}

}  // namespace version
