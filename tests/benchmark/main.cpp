#include <exception>

#include <gtest/gtest.h>

#include "support/chart.hpp"

namespace {

/// Everything of the chart but the operator, on the control plane that is shared.
class ChartIsInstalled final : public testing::Environment {
public:
    void SetUp() override {
        try {
            support::InstallChart();
        } catch (const std::exception& exception) {
            FAIL() << exception.what();
        }
    }
};

}  // namespace

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (!testing::GTEST_FLAG(list_tests)) testing::AddGlobalTestEnvironment(new ChartIsInstalled);
    return RUN_ALL_TESTS();
}
