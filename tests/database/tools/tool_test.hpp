#pragma once

#include "support/database_test.hpp"
#include "tools/real_tool.hpp"

namespace testing_support {

/// A case for each real tool, in a folder with its first two migrations. Fails without TIDEGATE_TEST_TOOLS.
class ToolTest : public DatabaseTest, public testing::WithParamInterface<RealTool> {
protected:
    void SetUp() override;

    /// The exit code.
    int Migrate(const std::map<std::string, std::string>& environment);
    std::string ToolOutput() const { return ReadFile(folder_.Path() / "tool.log"); }

    const RealTool& tool_ = GetParam();
    ToolRun run_;
};

}  // namespace testing_support
