#include <fstream>

#include <gmock/gmock.h>

#include "tools/tool_test.hpp"

namespace testing_support {
namespace {

/// A passfile gives a meaning to two characters.
std::string Escaped(const std::string& password) {
    std::string text;
    for (const char c : password) {
        if (c == ':' || c == '\\') text += '\\';
        text += c;
    }
    return text;
}

/// Drivers that take a passfile as Kubernetes has to mount it for a user who is not root, readable by everybody: pgx
/// (goose) and pgjdbc (Flyway, Liquibase).
class Passfile : public ToolTest {
protected:
    int MigrateWith(const std::string& password) {
        const auto file = folder_.Path() / "pgpass";
        std::ofstream(file) << "127.0.0.1:" << run_.database.port << ":" << run_.database.name << ":"
                            << run_.database.user << ":" << Escaped(password) << "\n";
        std::filesystem::permissions(file, std::filesystem::perms{0444});
        auto without = run_;
        without.database.password.clear();
        auto environment = tool_.environment(without);
        std::erase_if(environment, [](const auto& variable) { return variable.second.empty(); });
        for (auto& [name, value] : environment) {
            // No password is something else than an empty one.
            if (const auto at = value.find(":@"); at != std::string::npos) value.erase(at, 1);
        }
        environment["PGPASSFILE"] = file;
        const int status = ToolTest::Migrate(environment);
        std::filesystem::remove(file);
        return status;
    }
};

TEST_P(Passfile, IsWhereThePasswordComesFrom) {
    EXPECT_NE(MigrateWith("another"), 0) << ToolOutput();
    EXPECT_EQ(MigrateWith(run_.database.password), 0) << ToolOutput();
}

std::vector<RealTool> ToolsThatTakeIt() {
    auto tools = AllTools();
    std::erase_if(tools, [](const RealTool& tool) {
        return tool.name != "Goose" && tool.name != "Flyway" && tool.name != "Liquibase";
    });
    return tools;
}

INSTANTIATE_TEST_SUITE_P(Tools, Passfile, testing::ValuesIn(ToolsThatTakeIt()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace testing_support
