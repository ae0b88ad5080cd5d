#include "telemetry/metrics.hpp"

#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telemetry {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class MetricsTest : public testing::Test {
protected:
    Metrics metrics_{{"1.2.3", "abc"}};
};

TEST_F(MetricsTest, SaysWhichBuildItIs) {
    EXPECT_THAT(metrics_.Text(), HasSubstr("tidegate_build_info{revision=\"abc\",version=\"1.2.3\"} 1"));
}

TEST_F(MetricsTest, ShowsTheProcess) {
    const auto text = metrics_.Text();
    for (const char* const name : {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
                                   "process_max_fds", "process_start_time_seconds", "process_virtual_memory_bytes"}) {
        EXPECT_THAT(text, HasSubstr(std::string("\n") + name + " "));
    }
    EXPECT_THAT(text, Not(HasSubstr("process_resident_memory_bytes 0")));
    EXPECT_THAT(metrics_.Text(), HasSubstr("process_cpu_seconds_total"));
}

TEST_F(MetricsTest, CountsRequestsByCodeMethodAndHost) {
    metrics_.RequestDone({"GET", 200, "10.0.0.1:443", 10ms});
    metrics_.RequestDone({"GET", 200, "10.0.0.1:443", 10ms});
    metrics_.RequestDone({"POST", 0, "10.0.0.1:443", 10ms});
    const auto text = metrics_.Text();
    EXPECT_THAT(text, HasSubstr("rest_client_requests_total{code=\"200\",host=\"10.0.0.1:443\",method=\"GET\"} 2"));
    EXPECT_THAT(text, HasSubstr("code=\"<error>\",host=\"10.0.0.1:443\",method=\"POST\"} 1"));
    EXPECT_THAT(text, HasSubstr("rest_client_request_duration_seconds_count{host=\"10.0.0.1:443\",verb=\"GET\"} 2"));
}

TEST_F(MetricsTest, SeriesOfAControllerStartAtZero) {
    metrics_.ControllerStarted("database", 2);
    const auto text = metrics_.Text();
    EXPECT_THAT(text, HasSubstr("controller_runtime_reconcile_total{controller=\"database\",result=\"error\"} 0"));
    EXPECT_THAT(text, HasSubstr("controller_runtime_reconcile_errors_total{controller=\"database\"} 0"));
    EXPECT_THAT(text, HasSubstr("controller_runtime_max_concurrent_reconciles{controller=\"database\"} 2"));
}

TEST_F(MetricsTest, CountsPassesByResult) {
    metrics_.Reconciled("database", runtime::ReconcileResult::kError, 1ms);
    metrics_.Reconciled("database", runtime::ReconcileResult::kRequeueAfter, 1ms);
    const auto text = metrics_.Text();
    EXPECT_THAT(text,
                HasSubstr("controller_runtime_reconcile_total{controller=\"database\",result=\"requeue_after\"} 1"));
    EXPECT_THAT(text, HasSubstr("controller_runtime_reconcile_errors_total{controller=\"database\"} 1"));
    EXPECT_THAT(text, HasSubstr("controller_runtime_reconcile_time_seconds_count{controller=\"database\"} 2"));
}

TEST_F(MetricsTest, ShowsTheQueueUnderTheNamesThatDashboardsKnow) {
    metrics_.QueueAdded("database");
    metrics_.QueueDepth("database", 3);
    metrics_.QueueWaited("database", 1ms);
    metrics_.QueueWorked("database", 1ms);
    metrics_.QueueRetried("database");
    const auto text = metrics_.Text();
    for (const char* const line :
         {"workqueue_adds_total{controller=\"database\",name=\"database\"} 1",
          "workqueue_depth{controller=\"database\",name=\"database\"} 3",
          "workqueue_queue_duration_seconds_count{controller=\"database\",name=\"database\"} 1",
          "workqueue_work_duration_seconds_count{controller=\"database\",name=\"database\"} 1",
          "workqueue_retries_total{controller=\"database\",name=\"database\"} 1"}) {
        EXPECT_THAT(text, HasSubstr(line));
    }
}

/// What the queue's workers are at: together, and the longest.
struct AtWork {
    double unfinished, longest;
};

AtWork AtWorkOf(const Metrics& metrics) {
    const auto text = metrics.Text();
    const auto value = [&](const std::string& name) {
        const std::string series = "\n" + name + "{controller=\"database\",name=\"database\"} ";
        const auto at = text.find(series);
        return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size()));
    };
    return {value("workqueue_unfinished_work_seconds"), value("workqueue_longest_running_processor_seconds")};
}

TEST_F(MetricsTest, ShowsWhatWorkersAreStuckIn) {
    metrics_.QueueWaited("database", 0ms);
    const auto one = AtWorkOf(metrics_);
    EXPECT_GT(one.longest, 0);
    EXPECT_EQ(one.unfinished, one.longest);
    metrics_.QueueWaited("database", 0ms);
    const auto two = AtWorkOf(metrics_);
    EXPECT_GT(two.longest, one.longest) << "it goes on";
    EXPECT_GT(two.unfinished, two.longest);

    metrics_.QueueWorked("database", 0ms);
    const auto first = AtWorkOf(metrics_);
    EXPECT_GT(first.longest, two.longest) << "the one that began last has ended";
    EXPECT_EQ(first.unfinished, first.longest);
    metrics_.QueueWorked("database", std::chrono::duration<double>(first.longest));
    EXPECT_EQ(AtWorkOf(metrics_).unfinished, 0);
    EXPECT_EQ(AtWorkOf(metrics_).longest, 0);
}

TEST_F(MetricsTest, ControllersAddTheirOwn) {
    const Labels one{{"namespace", "shop"}, {"name", "orders"}};
    metrics_.Count("tidegate_runs_total", "Runs.", {{"result", "failed"}});
    metrics_.Set("tidegate_gate_held", "Held.", one, 1);
    metrics_.Observe("tidegate_migration_duration_seconds", "Duration.", {}, {1, 60}, 30);
    auto text = metrics_.Text();
    EXPECT_THAT(text, HasSubstr("# TYPE tidegate_runs_total counter"));
    EXPECT_THAT(text, HasSubstr("tidegate_runs_total{result=\"failed\"} 1"));
    EXPECT_THAT(text, HasSubstr("tidegate_gate_held{name=\"orders\",namespace=\"shop\"} 1"));
    EXPECT_THAT(text, HasSubstr("tidegate_migration_duration_seconds_bucket{le=\"60\"} 1"));
    EXPECT_THAT(text, HasSubstr("tidegate_migration_duration_seconds_bucket{le=\"1\"} 0"));
    metrics_.Remove("tidegate_gate_held", one);
    EXPECT_THAT(metrics_.Text(), Not(HasSubstr("name=\"orders\"")));
}

TEST_F(MetricsTest, LabelsMayHoldAnyText) {
    metrics_.Set("tidegate_gate_held", "Held.", {{"name", "a \"b\"\nc\\"}}, 1);
    EXPECT_THAT(metrics_.Text(), HasSubstr("tidegate_gate_held{name=\"a \\\"b\\\"\\nc\\\\\"} 1"));
}

}  // namespace
}  // namespace telemetry
