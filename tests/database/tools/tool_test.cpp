#include "tools/tool_test.hpp"

#include <cstdlib>

namespace testing_support {

void ToolTest::SetUp() {
    const char* tools = std::getenv("TIDEGATE_TEST_TOOLS");
    ASSERT_NE(tools, nullptr) << "set it to what tests/tools/install prints";
    run_ = {.folder = folder_.MakeFolder("tool"),
            .tools = tools,
            .database = database_,
            .application_name = "tidegate/job"};
    Write(tool_.files, run_.folder);
}

int ToolTest::Migrate(const std::map<std::string, std::string>& environment) {
    return RunToEnd(
        {.command = tool_.command(run_), .environment = environment, .output = folder_.Path() / "tool.log"});
}

}  // namespace testing_support
