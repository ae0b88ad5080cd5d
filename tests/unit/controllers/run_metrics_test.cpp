#include "controllers/run_metrics.hpp"

#include <gmock/gmock.h>

namespace controllers {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

TEST(RunMetrics, ShowHowLongMigrationsWaitedForLocksAndOthersForThem) {
    telemetry::Metrics metrics{{"1.2.3", "abc"}};
    CountEnded({.longest_lock_wait = seconds{0}, .longest_blocking = seconds{0}}, metrics);
    CountEnded({.longest_lock_wait = seconds{40}, .longest_blocking = seconds{4}}, metrics);
    const auto text = metrics.Text();
    for (const char* line :
         {"_sum{who=\"migration\"} 40", "_count{who=\"migration\"} 2", "_bucket{who=\"migration\",le=\"0\"} 1",
          "_bucket{who=\"migration\",le=\"60\"} 2", "_sum{who=\"others\"} 4", "_bucket{who=\"others\",le=\"5\"} 2"}) {
        EXPECT_THAT(text, HasSubstr(std::string("\ntidegate_migration_lock_wait_seconds") + line));
    }
}

TEST(RunMetrics, SayNothingOfARunWhoseLocksNobodySaw) {
    telemetry::Metrics metrics{{"1.2.3", "abc"}};
    CountEnded({}, metrics);
    EXPECT_THAT(metrics.Text(), Not(HasSubstr(kLockWaitSeconds)));
}

}  // namespace
}  // namespace controllers
