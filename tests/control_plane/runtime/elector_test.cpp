#include "runtime/elector.hpp"

#include <atomic>
#include <memory>

#include "control_plane/kube/cluster_fixture.hpp"
#include "control_plane/kube/tampering_transport.hpp"
#include "core/json_access.hpp"

namespace test {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

/// A candidate with durations short enough for a test, and what it was told.
class Candidate final {
public:
    Candidate(const core::ObjectKey& lease, const std::string& identity, const kube::Connection& connection)
        : transport_(std::make_shared<TamperingTransport>(connection)),
          elector_({.lease = lease,
                    .identity = identity,
                    .lease_duration = 2s,
                    .renew_deadline = 1500ms,
                    .retry_period = 100ms,
                    .follow_period = 100ms,
                    .margin = 300ms},
                   kube::Client(transport_, {"tidegate", nullptr}),
                   {[this] { ++started_; }, [this](const std::string& why) { lost_ = why; }, [this] { ++expired_; }},
                   observer_) {}

    TamperingTransport& Transport() { return *transport_; }
    runtime::Elector& Elector() { return elector_; }
    bool Started() const { return started_ == 1; }
    std::string Lost() const { return lost_; }
    int Expired() const { return expired_; }

private:
    /// Set by the elector's thread, once.
    class Text final {
    public:
        Text& operator=(const std::string& text) {
            const std::lock_guard lock(mutex_);
            text_ = text;
            return *this;
        }
        operator std::string() const {
            const std::lock_guard lock(mutex_);
            return text_;
        }

    private:
        mutable std::mutex mutex_;
        std::string text_;
    };

    std::atomic<int> started_{0}, expired_{0};
    Text lost_;
    runtime::Observer observer_;
    std::shared_ptr<TamperingTransport> transport_;
    runtime::Elector elector_;
};

class Elector : public ClusterFixture {
protected:
    std::unique_ptr<Candidate> Make(const std::string& identity) {
        auto candidate = std::make_unique<Candidate>(Key("lease"), identity, connection_);
        return candidate;
    }
    std::string Holder() const {
        const auto lease = Client().Get(kube::kLeases, Key("lease"));
        return lease ? core::TextAt(*lease, {"spec", "holderIdentity"}) : "nobody";
    }
};

TEST_F(Elector, FirstLeadsAndTheSecondTakesOverWhenItIsReleased) {
    auto first = Make("first");
    auto second = Make("second");
    first->Elector().Start();
    ASSERT_TRUE(Eventually([&] { return first->Started(); }, "the first leads"));
    EXPECT_TRUE(first->Elector().Leading());
    second->Elector().Start();
    // Several terms of the lease pass only if the renewals of the first did not count.
    const auto renewed = [&] {
        return core::TextAt(*Client().Get(kube::kLeases, Key("lease")), {"spec", "renewTime"});
    };
    const auto before = renewed();
    ASSERT_TRUE(Eventually([&] { return renewed() != before; }, "the first renews"));
    EXPECT_FALSE(second->Started());
    EXPECT_FALSE(second->Elector().Leading());

    const auto released = Steady::now();
    first->Elector().Release();
    EXPECT_FALSE(first->Elector().Leading());
    ASSERT_TRUE(Eventually([&] { return second->Started(); }, "the second leads"));
    EXPECT_LT(Steady::now() - released, 1s) << "at the next poll, not when the lease would have run out";
    EXPECT_EQ(Holder(), "second");
    EXPECT_EQ(core::NumberAt(*Client().Get(kube::kLeases, Key("lease")), {"spec", "leaseTransitions"}), 1);
    second->Elector().Release();
    EXPECT_EQ(Holder(), "");
    EXPECT_EQ(first->Expired() + second->Expired(), 0);
}

TEST_F(Elector, TakesOverFromADeadHolderWhenItsLeaseHasRunOut) {
    auto first = Make("first");
    first->Elector().Start();
    ASSERT_TRUE(Eventually([&] { return first->Started(); }, "the first leads"));
    auto second = Make("second");
    second->Elector().Start();
    first.reset();  // without a release
    const auto died = Steady::now();
    ASSERT_TRUE(Eventually([&] { return second->Started(); }, "the second leads"));
    const auto took = Steady::now() - died;
    EXPECT_GE(took, 1500ms) << "the dead holder's lease was not respected";
    EXPECT_LT(took, 4s);
}

TEST_F(Elector, LeadsAgainAtOnceUnderItsOwnName) {
    auto first = Make("first");
    first->Elector().Start();
    ASSERT_TRUE(Eventually([&] { return first->Started(); }, "it leads"));
    first.reset();
    auto again = Make("first");
    const auto began = Steady::now();
    again->Elector().Start();
    ASSERT_TRUE(Eventually([&] { return again->Started(); }, "it leads again"));
    EXPECT_LT(Steady::now() - began, 1s);
}

TEST_F(Elector, SaysThatItLostWhenAnotherHolds) {
    auto first = Make("first");
    first->Elector().Start();
    ASSERT_TRUE(Eventually([&] { return first->Started(); }, "the first leads"));
    ASSERT_TRUE(Client().MergePatch(kube::kLeases, Key("lease"), {{"spec", {{"holderIdentity", "thief"}}}}).Done());
    ASSERT_TRUE(Eventually([&] { return !first->Lost().empty(); }, "the first knows"));
    EXPECT_EQ(first->Lost(), "it is held by thief");
}

TEST_F(Elector, KeepsLeadingThroughAShortOutageAndAForeignEdit) {
    auto first = Make("first");
    std::atomic<int> failures{3};
    first->Transport().BeforeSend([&](kube::Request& request, std::stop_token) {
        if (request.method == kube::Request::Method::kPut && failures-- > 0) throw kube::OutcomeUnknown("lost");
    });
    first->Elector().Start();
    ASSERT_TRUE(Eventually([&] { return first->Started(); }, "it leads"));
    ASSERT_TRUE(Client().MergePatch(kube::kLeases, Key("lease"), {{"metadata", {{"labels", {{"a", "b"}}}}}}).Done());
    ASSERT_TRUE(Eventually([&] { return failures <= -3; }, "it renews after the outage"));
    EXPECT_TRUE(first->Elector().Leading());
    EXPECT_EQ(first->Lost(), "");
}

TEST_F(Elector, MakesTheLeaseAgainWhenItIsDeleted) {
    auto first = Make("first");
    first->Elector().Start();
    ASSERT_TRUE(Eventually([&] { return first->Started(); }, "it leads"));
    const auto uid = core::TextAt(*Client().Get(kube::kLeases, Key("lease")), {"metadata", "uid"});
    ASSERT_TRUE(Client().Delete(kube::kLeases, Key("lease"), {{uid}, {}, {}}).Done());
    EXPECT_TRUE(Eventually([&] { return Holder() == "first"; }, "the lease is there again"));
    EXPECT_EQ(first->Lost(), "");
}

TEST_F(Elector, GivesUpBeforeTheLeaseRunsOutWhenItCannotRenew) {
    auto first = Make("first");
    std::atomic<bool> cut{false};
    first->Transport().BeforeSend([&](kube::Request&, std::stop_token) {
        if (cut) throw kube::TransportError("no route");
    });
    first->Elector().Start();
    ASSERT_TRUE(Eventually([&] { return first->Started(); }, "it leads"));
    const auto began = Steady::now();
    cut = true;
    ASSERT_TRUE(Eventually([&] { return !first->Lost().empty(); }, "it gives up"));
    EXPECT_LT(Steady::now() - began, 2s);
    EXPECT_NE(first->Lost().find("no route"), std::string::npos) << first->Lost();
    // Nobody ended the process: the watchdog would.
    EXPECT_TRUE(Eventually([&] { return first->Expired() == 1; }, "the watchdog acts"));
}

TEST_F(Elector, WatchdogActsWhenARenewalHangs) {
    auto first = Make("first");
    std::atomic<bool> hang{false};
    first->Transport().BeforeSend([&](kube::Request&, std::stop_token stop) {
        if (!hang) return;
        std::mutex mutex;
        std::condition_variable_any never;
        std::unique_lock lock(mutex);
        never.wait(lock, stop, [] { return false; });
        throw kube::Stopped();
    });
    first->Elector().Start();
    ASSERT_TRUE(Eventually([&] { return first->Started(); }, "it leads"));
    hang = true;
    const auto began = Steady::now();
    ASSERT_TRUE(Eventually([&] { return first->Expired() == 1; }, "the watchdog acts"));
    EXPECT_LT(Steady::now() - began, 2s) << "before another could take over";
    EXPECT_FALSE(first->Elector().Leading());
}

}  // namespace
}  // namespace test
