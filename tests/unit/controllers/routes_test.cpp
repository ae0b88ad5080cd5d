#include "controllers/routes.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/gate_keys.hpp"

namespace controllers {
namespace {

using observed::WorkloadFacts;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const core::ObjectKey kWeb{"shop", "web"};
const core::ObjectKey kOrders{"shop", "orders"};

WorkloadFacts Held() {
    return {.key = kWeb, .held = true, .requires_text = "orders@2"};
}
WorkloadFacts Open() {
    return {.key = kWeb, .requires_text = "orders@2"};
}

class Routes : public testing::Test {
protected:
    Routes() { AddRoutes(stores_, databases_, gate_, ended_pods_); }

    /// A state of the workload arrives; each is newer than the one before.
    void See(WorkloadFacts workload) {
        workload.revision = {++revision_};
        stores_.deployments.Apply(
            "", {workload.key, workload.revision, std::make_shared<const WorkloadFacts>(std::move(workload))});
    }
    static std::vector<core::ObjectKey> Drain(runtime::Queue& queue) {
        std::vector<core::ObjectKey> keys;
        while (queue.Depth() > 0) {
            keys.push_back(*queue.Take({}));
            queue.Done(keys.back());
        }
        return keys;
    }
    /// Also what is not due yet.
    static std::vector<core::ObjectKey> DrainAll(runtime::Queue& queue) {
        auto keys = Drain(queue);
        while (queue.NextDue()) {
            keys.push_back(*queue.Take({}));
            queue.Done(keys.back());
        }
        return keys;
    }
    void Forget() {
        Drain(gate_);
        DrainAll(databases_);
    }

    runtime::Observer observer_;
    Stores stores_{{}};
    runtime::Queue databases_{"database", {}, observer_};
    runtime::Queue gate_{"gate", {}, observer_};
    EndedPods ended_pods_;

private:
    std::uint64_t revision_ = 0;
};

TEST_F(Routes, AHeldWorkloadWakesItselfItsLedgerAndItsDatabase) {
    See(Held());
    EXPECT_THAT(Drain(gate_), UnorderedElementsAre(kWeb, LedgerKey("shop")));
    EXPECT_THAT(DrainAll(databases_), ElementsAre(kOrders));
}

TEST_F(Routes, ManyWorkloadsTogetherWakeTheirDatabaseOnce) {
    for (int number = 0; number < 100; ++number) {
        auto held = Held();
        held.key.name += std::to_string(number);
        See(held);
        EXPECT_THAT(Drain(databases_), IsEmpty()) << "each pass reads all of them";
    }
    EXPECT_THAT(DrainAll(databases_), ElementsAre(kOrders));
}

TEST_F(Routes, AnotherRevisionOfAHeldWorkloadWakesOnlyItself) {
    See(Held());
    Forget();
    auto told = Held();
    told.waiting_for = "Migration orders";
    See(told);
    EXPECT_THAT(Drain(gate_), ElementsAre(kWeb)) << "its next patch tests the revision";
    EXPECT_THAT(DrainAll(databases_), IsEmpty());
}

TEST_F(Routes, AnotherRevisionOfAnOpenWorkloadWakesNobody) {
    See(Open());
    Forget();
    See(Open());
    EXPECT_THAT(Drain(gate_), IsEmpty());
    EXPECT_THAT(DrainAll(databases_), IsEmpty());
}

TEST_F(Routes, WhateverElseChangesWakesAll) {
    See(Held());
    Forget();
    See(Open());
    EXPECT_THAT(Drain(gate_), UnorderedElementsAre(kWeb, LedgerKey("shop"))) << "released";
    EXPECT_THAT(DrainAll(databases_), ElementsAre(kOrders));
    auto by_hand = Open();
    by_hand.release = "orders@2";
    See(by_hand);
    EXPECT_THAT(Drain(gate_), UnorderedElementsAre(kWeb, LedgerKey("shop"))) << "recorded";
    auto other_image = Held();
    other_image.containers = {{"app", "app:2"}};
    See(Held());
    Forget();
    See(other_image);
    EXPECT_THAT(DrainAll(databases_), ElementsAre(kOrders));
}

}  // namespace
}  // namespace controllers
