#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Versions and their order, for each migration tool. Pure: no clock, no file, no database; shared by the engine, the
/// agent and the command line, so that all three mean the same by "reached".
namespace version {

/// Migration tools whose history table can be believed. Names() of them is what `history.tool` of a Database accepts.
enum class Tool {
    Flyway,
    Liquibase,
    Alembic,
    Rails,
    GolangMigrate,
    Dbmate,
    Django,
    Atlas,
    Goose,
    Prisma,
    Knex,
    EFCore,
    Sqlx,
    Diesel,
    Sequelize,
    TypeORM,
    /// No tool of ours: a query that the user wrote.
    Custom,
};

/// What a tool's table holds, which says what its silence means.
enum class Content {
    /// Where the database is now: what came before is known by its number only, or from the record.
    Position,
    /// One row for each migration that was applied: what is not in it was not applied, whatever its number. Migrations
    /// of two branches are often applied in the order of their merges.
    EveryMigration,
};

/// How a tool writes versions.
enum class Spelling {
    /// A number, then maybe "_name" or "-name".
    NumberedName,
    /// As NumberedName, and the name is a file's: its extension may be left out.
    FileName,
    /// The table holds nothing but the number, so that a name behind it does not count: "0007_add_email" is 7.
    Number,
    /// As Number, and "-" inside the number does not count (Diesel's folders): 2026-11-22-194700_x is 20261122194700.
    DashedNumber,
    /// As Number, and "_" separates segments as "." does (Flyway): 1_10 is 1.10.
    Dotted,
    /// "app.0007_name": a line for each app, and apps say nothing about one another (Django).
    AppAndName,
    /// "Name1700000000000": the number is at the end, and may stand alone (TypeORM).
    NumberAtEnd,
    /// Texts without an order (Liquibase).
    Unordered,
};

/// What the order of versions must know about a tool.
struct ToolTraits {
    Tool tool;
    /// As in `history.tool` and TIDEGATE_TOOL.
    std::string_view name;
    Content content;
    Spelling spelling;
    /// The tool makes up identifiers of 12 hexadecimal digits by itself. One in 280 of them has decimal digits only and
    /// must not be taken for a number.
    bool makes_hexadecimal_ids = false;
};

const ToolTraits& Traits(Tool tool);

/// Whether names tell which version comes first.
enum class Order {
    /// As far as the tool's way of naming does.
    ByTool,
    /// Names begin with numbers that count, also where the tool makes names up or has no rule for them.
    Numeric,
    /// They do not: the table, the record and what the user declares are all there is.
    None,
};

std::string_view Name(Order order);
/// nullopt when there is none of this name; the empty name is ByTool.
std::optional<Order> ParseOrder(std::string_view name);

/// How the versions of one database compare.
struct Scheme {
    Scheme() = default;
    /// Not explicit: a tool alone is a scheme, the usual one.
    Scheme(Tool used, Order named = Order::ByTool) : tool(used), order(named) {}  // NOLINT

    Tool tool = Tool::Alembic;
    Order order = Order::ByTool;

    bool operator==(const Scheme&) const = default;
};

std::string_view Name(Tool tool);

/// nullopt when no tool has this name; names are case-sensitive.
std::optional<Tool> ParseTool(std::string_view name);

/// "Flyway, Liquibase, ...": for messages that say what would be accepted.
std::string ToolNames();

}  // namespace version
