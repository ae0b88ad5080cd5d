#include "kube/client.hpp"

#include "control_plane/kube/cluster_fixture.hpp"
#include "core/json_access.hpp"

namespace test {
namespace {

using kube::Outcome;

class Client : public ClusterFixture {
protected:
    kube::Written Make(const std::string& name) {
        return ClusterFixture::Client().Create(kConfigMaps, ConfigMap(name));
    }
    const kube::Client& Api() const { return ClusterFixture::Client(); }
};

TEST_F(Client, ListsInPagesOfOneRevision) {
    for (int i = 0; i < 5; ++i)
        ASSERT_TRUE(Make("page-" + std::to_string(i)).Done());
    const kube::Scope scope{namespace_, "kind=test", {}};
    std::vector<std::string> names;
    core::Revision at;
    std::string next;
    int pages = 0;
    do {
        const auto page = Api().List(kConfigMaps, scope, 2, next);
        EXPECT_LE(page.items.size(), 2U);
        EXPECT_TRUE(pages == 0 || page.at == at);
        at = page.at;
        next = page.next;
        for (const auto& item : page.items)
            names.push_back(core::TextAt(item, {"metadata", "name"}));
        ++pages;
    } while (!next.empty());
    EXPECT_EQ(pages, 3);
    EXPECT_GT(at.value, 0U);
    EXPECT_EQ(names, (std::vector<std::string>{"page-0", "page-1", "page-2", "page-3", "page-4"}));
}

TEST_F(Client, ListOfAnUnservedResourceIsAnApiError) {
    constexpr kube::Resource kNothing{"tidegate.io", "v0", "nothings", "Nothing"};
    try {
        Api().List(kNothing, {namespace_, {}, {}}, 10);
        FAIL() << "expected ApiError";
    } catch (const kube::ApiError& error) {
        EXPECT_EQ(error.Code(), 404);
    }
    EXPECT_THROW(Api().Get(kNothing, Key("x")), kube::ApiError) << "not the same as an object that is missing";
}

TEST_F(Client, GetsWhatWasCreated) {
    EXPECT_FALSE(Api().Get(kConfigMaps, Key("one")));
    const auto made = Make("one");
    ASSERT_TRUE(made.Done()) << made.message;
    const auto live = Api().Get(kConfigMaps, Key("one"));
    ASSERT_TRUE(live);
    EXPECT_EQ(core::TextAt(*live, {"metadata", "uid"}), made.uid.value);
    EXPECT_EQ(core::TextAt(*live, {"metadata", "resourceVersion"}), made.revision.ToString());
    EXPECT_EQ(core::TextAt((*live)["metadata"]["managedFields"][0], {"manager"}), "tidegate");
}

TEST_F(Client, CreatesOnlyOnce) {
    ASSERT_TRUE(Make("one").Done());
    const auto again = Make("one");
    EXPECT_EQ(again.outcome, Outcome::kAlreadyExists);
    EXPECT_EQ(again.reason, "AlreadyExists");
}

TEST_F(Client, CreateInAMissingNamespaceIsGone) {
    auto object = ConfigMap("one");
    object["metadata"]["namespace"] = "no-such-namespace";
    const auto made = Api().Create(kConfigMaps, object);
    EXPECT_EQ(made.outcome, Outcome::kGone);
    EXPECT_EQ(made.message, "namespaces \"no-such-namespace\" not found");
}

TEST_F(Client, CreateOfAnInvalidObjectIsRefusedInTheServersWords) {
    auto object = ConfigMap("one");
    object["data"] = {{"a key", "x"}};
    const auto made = Api().Create(kConfigMaps, object);
    EXPECT_EQ(made.outcome, Outcome::kRefused);
    EXPECT_EQ(made.reason, "Invalid");
    EXPECT_NE(made.message.find("a valid config key must consist of"), std::string::npos) << made.message;
}

TEST_F(Client, CreateOfAnObjectOfTheWrongShapeIsRefused) {
    auto object = ConfigMap("one");
    object["data"] = "text";
    const auto made = Api().Create(kConfigMaps, object);
    EXPECT_EQ(made.outcome, Outcome::kRefused);
    EXPECT_EQ(made.reason, "BadRequest");
}

TEST_F(Client, CreateBeyondTheQuotaIsRefused) {
    const auto quota = Api().Create(kQuotas, {{"apiVersion", "v1"},
                                              {"kind", "ResourceQuota"},
                                              {"metadata", {{"name", "none"}, {"namespace", namespace_}}},
                                              {"spec", {{"hard", {{"count/configmaps", "0"}}}}}});
    ASSERT_TRUE(quota.Done()) << quota.message;
    // The quota counts only when its controller has looked once.
    ASSERT_TRUE(Eventually(
        [&] {
            const auto live = Api().Get(kQuotas, Key("none"));
            return live && core::FindAt(*live, {"status", "hard"}) != nullptr;
        },
        "the quota is counted"));
    const auto made = Make("one");
    EXPECT_EQ(made.outcome, Outcome::kRefused);
    EXPECT_EQ(made.reason, "Forbidden");
    EXPECT_NE(made.message.find("exceeded quota: none"), std::string::npos) << made.message;
}

TEST_F(Client, PatchesTheRevisionItKnows) {
    const auto made = Make("one");
    const nlohmann::json operations{{{"op", "add"}, {"path", "/data/more"}, {"value", "x"}}};
    const auto patched = Api().Patch(kConfigMaps, Key("one"), made.revision, operations);
    ASSERT_TRUE(patched.Done()) << patched.message;
    EXPECT_GT(patched.revision, made.revision);
    EXPECT_EQ(core::TextAt(*patched.object, {"data", "more"}), "x");
}

TEST_F(Client, PatchOfAnotherRevisionIsAConflict) {
    const auto made = Make("one");
    const nlohmann::json operations{{{"op", "add"}, {"path", "/data/more"}, {"value", "x"}}};
    ASSERT_TRUE(Api().Patch(kConfigMaps, Key("one"), made.revision, operations).Done());
    const auto stale = Api().Patch(kConfigMaps, Key("one"), made.revision, operations);
    EXPECT_EQ(stale.outcome, Outcome::kConflict);
    EXPECT_NE(stale.message.find("not at " + made.revision.ToString()), std::string::npos) << stale.message;
}

TEST_F(Client, PatchOfAPathThatIsNotThereIsRefusedNotAConflict) {
    const auto made = Make("one");
    const nlohmann::json operations{{{"op", "add"}, {"path", "/nothing/more"}, {"value", "x"}}};
    const auto refused = Api().Patch(kConfigMaps, Key("one"), made.revision, operations);
    EXPECT_EQ(refused.outcome, Outcome::kRefused);
    EXPECT_NE(refused.message.find("a path of the patch does not exist"), std::string::npos) << refused.message;
}

TEST_F(Client, PatchThatMakesTheObjectInvalidIsRefused) {
    const auto made = Make("one");
    const nlohmann::json operations{{{"op", "add"}, {"path", "/data/a key"}, {"value", "x"}}};
    const auto refused = Api().Patch(kConfigMaps, Key("one"), made.revision, operations);
    EXPECT_EQ(refused.outcome, Outcome::kRefused);
    EXPECT_NE(refused.message.find("a valid config key"), std::string::npos) << refused.message;
}

TEST_F(Client, PatchOfAMissingObjectIsGone) {
    const nlohmann::json operations{{{"op", "add"}, {"path", "/data/more"}, {"value", "x"}}};
    EXPECT_EQ(Api().Patch(kConfigMaps, Key("none"), {1}, operations).outcome, Outcome::kGone);
}

TEST_F(Client, PatchesTheStatusAlone) {
    const nlohmann::json pod{
        {"apiVersion", "v1"},
        {"kind", "Pod"},
        {"metadata", {{"name", "one"}, {"namespace", namespace_}}},
        {"spec", {{"containers", {{{"name", "c"}, {"image", "none"}}}}, {"restartPolicy", "Never"}}}};
    // The service account of a new namespace comes a moment later; without it a pod is refused.
    kube::Written made;
    ASSERT_TRUE(Eventually([&] { return (made = Api().Create(kube::kPods, pod)).Done(); }, "the pod is admitted"))
        << made.message;
    const nlohmann::json operations{{{"op", "add"}, {"path", "/status/message"}, {"value", "seen"}},
                                    {{"op", "replace"}, {"path", "/spec/restartPolicy"}, {"value", "Always"}}};
    const auto patched = Api().Patch(kube::kPods, Key("one"), made.revision, operations, kube::Subresource::kStatus);
    ASSERT_TRUE(patched.Done()) << patched.message;
    EXPECT_EQ(core::TextAt(*patched.object, {"status", "message"}), "seen");
    EXPECT_EQ(core::TextAt(*patched.object, {"spec", "restartPolicy"}), "Never");
}

TEST_F(Client, MergesWithoutKnowingTheRevision) {
    ASSERT_TRUE(Make("one").Done());
    const auto merged = Api().MergePatch(kConfigMaps, Key("one"), {{"data", {{"more", "x"}}}});
    ASSERT_TRUE(merged.Done()) << merged.message;
    EXPECT_EQ(core::TextAt(*merged.object, {"data", "answer"}), "42");
    const auto stale = Api().MergePatch(kConfigMaps, Key("one"),
                                        {{"metadata", {{"resourceVersion", "1"}}}, {"data", {{"more", "y"}}}});
    EXPECT_EQ(stale.outcome, Outcome::kConflict);
}

TEST_F(Client, ReplacesTheRevisionItKnows) {
    const auto made = Make("one");
    auto object = *made.object;
    object["data"]["answer"] = "43";
    ASSERT_TRUE(Api().Replace(kConfigMaps, object).Done());
    EXPECT_EQ(Api().Replace(kConfigMaps, object).outcome, Outcome::kConflict);
}

TEST_F(Client, DeletesOnlyTheObjectItMeans) {
    const auto made = Make("one");
    const auto other = Api().Delete(kConfigMaps, Key("one"), {{"00000000-0000-0000-0000-000000000000"}, {}, {}});
    EXPECT_EQ(other.outcome, Outcome::kConflict);
    const auto stale = Api().Delete(kConfigMaps, Key("one"), {made.uid, {made.revision.value - 1}, {}});
    EXPECT_EQ(stale.outcome, Outcome::kConflict);
    EXPECT_TRUE(Api().Get(kConfigMaps, Key("one")));
    EXPECT_TRUE(Api().Delete(kConfigMaps, Key("one"), {made.uid, made.revision, {}}).Done());
    EXPECT_FALSE(Api().Get(kConfigMaps, Key("one")));
    EXPECT_EQ(Api().Delete(kConfigMaps, Key("one"), {made.uid, {}, {}}).outcome, Outcome::kGone);
}

TEST_F(Client, ReportsEachRequest) {
    struct Counting final : kube::Observer {
        void RequestDone(const kube::RequestReport& report) noexcept override {
            last = std::string(report.method) + " " + std::to_string(report.code) + " " + std::string(report.host);
        }
        std::string last;
    } observer;
    const auto clients = ConnectTo(connection_, &observer);
    clients.requests.Get(kConfigMaps, Key("none"));
    EXPECT_EQ(observer.last, "GET 404 " + connection_.server.substr(std::string("https://").size()));
}

}  // namespace
}  // namespace test
