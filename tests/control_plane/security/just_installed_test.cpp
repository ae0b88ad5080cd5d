#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "api/names.hpp"
#include "support/builders.hpp"
#include "support/chart.hpp"
#include "support/eventually.hpp"
#include "support/kubectl.hpp"
#include "support/namespace.hpp"

namespace security {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

/// As long as an API server may need to look for new schemas, twice.
constexpr std::chrono::seconds kAtLeast{10};

/// What an API server knows of a kind it knows by its group: under another one, the chart's kind and policies are new
/// to a server that has long had them.
class JustInstalled : public testing::Test {
protected:
    JustInstalled() : group_("g" + std::to_string(getpid()) + ".tidegate.test") {}
    ~JustInstalled() override {
        for (const auto& document : installed_)
            kubectl_.Run({"delete", "--wait=false", "--ignore-not-found", "--filename=-"}, document);
    }

    std::string Renamed(const std::string& text) const { return support::UnderGroup(group_, text); }
    std::string Annotation() const { return Renamed(std::string(api::kRequestedByAnnotation)); }

    /// The kind Migration and what stamps it, as `helm install` leaves them: nothing is waited for but the kind.
    void Install() {
        installed_ = support::RenderUnderGroup(group_, {"migrations.tidegate.io", "requested-by.tidegate.io"});
        ASSERT_EQ(installed_.size(), 5U) << "the kind, and two policies with their bindings";
        for (const auto& document : installed_)
            kubectl_.Must({"apply", "--server-side", "--filename=-"}, document);
        kubectl_.Must({"wait", "--for=condition=Established", "customresourcedefinition/migrations." + group_});
        kubectl_.Must({"create", "role", "all", "--verb=*", "--resource=migrations." + group_});
        kubectl_.Must({"create", "rolebinding", "all", "--role=all", "--user=jane", "--user=joe"});
    }

    /// With `stamp` in it, if any.
    std::string Migration(const std::string& image, const std::string& stamp = {}) const {
        auto object = support::MigrationBuilder("orders").Image(image).Build();
        if (stamp.empty())
            object["metadata"]["generateName"] = "orders-", object["metadata"].erase("name");
        else
            object["metadata"]["annotations"][std::string(api::kRequestedByAnnotation)] = stamp;
        return Renamed(object.dump());
    }
    static support::CommandResult Send(const support::Kubectl& user, const std::string& verb, const std::string& object,
                                       const std::vector<std::string>& options = {}) {
        std::vector<std::string> arguments{verb, "--output=json", "--filename=-"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        return user.Run(arguments, object);
    }
    std::string StampOf(const support::CommandResult& answer) const {
        return Json::parse(answer.output)["metadata"].value("annotations", Json::object()).value(Annotation(), "");
    }

    const std::string group_;
    std::vector<std::string> installed_;
    support::Namespace namespace_;
    support::Kubectl kubectl_{namespace_.Name()};
    support::Kubectl jane_ = kubectl_.As("jane"), joe_ = kubectl_.As("joe");
};

TEST_F(JustInstalled, TakesMigrationsAtOnceAndNeverAForgedRequester) {
    Install();
    const auto since = Clock::now();
    bool is_guarded = false, is_stamped = false;
    const auto judge = [&](const std::string& stamp, const std::string& user) {
        EXPECT_TRUE(stamp == user || (stamp.empty() && !is_stamped))
            << user << " asked, and the stamp is '" << stamp << "'";
        is_stamped = is_stamped || stamp == user;
    };
    while (!HasFailure() && (!is_stamped || Clock::now() - since < kAtLeast)) {
        ASSERT_LT(Clock::now() - since, support::kPatience) << "nothing is stamped";

        const auto created = Send(jane_, "create", Migration("orders:1"));
        ASSERT_TRUE(created.Ok()) << created.error;
        judge(StampOf(created), "jane");

        const std::string name =
            "migration." + group_ + "/" + Json::parse(created.output)["metadata"]["name"].get<std::string>();
        const auto change = [&](const std::string& patch) {
            return joe_.Run({"patch", name, "--type=merge", "--output=json", "--patch=" + patch});
        };
        const auto labelled = change(R"({"metadata":{"labels":{"team":"shop"}}})");
        ASSERT_TRUE(labelled.Ok()) << labelled.error;
        EXPECT_EQ(StampOf(labelled), StampOf(created)) << "by a label";
        const auto changed = change(R"({"spec":{"image":"orders:2"}})");
        ASSERT_TRUE(changed.Ok()) << changed.error;
        judge(StampOf(changed), "joe");

        // An API server knows a new policy after a second or so: what it refuses first shows that it does.
        const auto forged = Send(jane_, "create", Migration("orders:1", "root"), {"--dry-run=server"});
        is_guarded = is_guarded || !forged.Ok();
        if (!is_guarded) continue;
        EXPECT_TRUE(!forged.Ok() || StampOf(forged) == "jane") << "at create";
        const auto annotated = change(R"({"metadata":{"annotations":{")" + Annotation() + R"(":"root"}}})");
        EXPECT_TRUE(!annotated.Ok() || StampOf(annotated) == StampOf(changed)) << "by an annotation alone";
        const auto both =
            change(R"({"metadata":{"annotations":{")" + Annotation() + R"(":"root"}},"spec":{"image":"orders:3"}})");
        EXPECT_TRUE(!both.Ok() || StampOf(both) == "joe") << "together with a change";
    }
    EXPECT_TRUE(is_guarded) << "nothing forged was refused before stamps began";
    const auto forged = Send(jane_, "create", Migration("orders:1", "root"), {"--dry-run=server"});
    EXPECT_TRUE(forged.Ok()) << "what is stamped is no reason to refuse: " << forged.error;
}

}  // namespace
}  // namespace security
