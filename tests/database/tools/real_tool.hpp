#pragma once

#include <filesystem>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/agent.hpp"

namespace testing_support {

/// Where a tool is run: a folder with its files, and the database.
struct ToolRun {
    std::filesystem::path folder;
    /// From tests/tools/install.
    std::filesystem::path tools;
    TestDatabase database;
    std::string application_name;

    /// With every character of user and password encoded that a URI gives a meaning to.
    std::string Uri() const;
    std::string JdbcUri() const;
    std::filesystem::path NodeModules() const { return tools / "npm/node_modules"; }
};

/// Below the folder of the run.
struct ToolFile {
    std::string path;
    std::string content;
};

/// A migration tool as its users have it: with three migrations, "orders", "email" (a column), and a broken one.
struct RealTool {
    /// As in `history.tool`.
    std::string name;
    /// With the first two migrations.
    std::vector<ToolFile> files;
    /// With the third.
    std::vector<ToolFile> broken;
    /// Migrates to the newest.
    std::vector<std::string> (*command)(const ToolRun&);
    std::map<std::string, std::string> (*environment)(const ToolRun&);
    /// As TIDEGATE_WANTED has them: the three migrations.
    std::string first, second, third;
    /// What the history says after two.
    std::vector<std::string> versions;
    /// Of the history.
    std::string table;
    /// What the broken one leaves when the tool has such a mark: a part of the detail.
    std::string dirty;
    /// Left behind by the broken one of tools that go to a version before they are there.
    std::vector<std::string> versions_when_dirty;
};

void PrintTo(const RealTool& tool, std::ostream* out);

/// With every character encoded that a URI gives a meaning to.
std::string PercentEncoded(const std::string& text);

void Write(const std::vector<ToolFile>& files, const std::filesystem::path& folder);

/// PG* variables, which libpq and most drivers read.
std::map<std::string, std::string> PgEnvironment(const ToolRun& run);

std::vector<RealTool> SqlTools();
std::vector<RealTool> PythonTools();
std::vector<RealTool> RubyTools();
std::vector<RealTool> NodeTools();
/// All of these.
std::vector<RealTool> AllTools();

}  // namespace testing_support
