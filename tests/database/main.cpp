#include <gtest/gtest.h>

#include "support/postgres_server.hpp"

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    const int code = RUN_ALL_TESTS();
    testing_support::StopSharedServer();
    return code;
}
