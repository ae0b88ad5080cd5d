#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "control_plane/gate/gate_fixture.hpp"

namespace gate {
namespace {

using support::CronJobBuilder;
using support::DeploymentBuilder;
using support::JobBuilder;
using support::MigrationBuilder;
using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

constexpr const char* kAdvice = "does not say which build it is: another build under the same text";

class ImageTags : public GateFixture {
protected:
    /// kubectl's words beside the answer; the object is accepted.
    std::string WordsOf(const Json& object) const {
        const auto result = kubectl_.Run({"create", "--dry-run=server", "--filename=-"}, object.dump());
        EXPECT_TRUE(result.Ok()) << result.error;
        return result.error;
    }

    static std::vector<Json> OfEachKind(const std::string& image) {
        return {DeploymentBuilder("a").Requires("orders@1, orders@image").Image(image).Build(),
                JobBuilder("a").Requires("orders@1, orders@image").Image(image).Build(),
                CronJobBuilder("a").Requires("orders@1, orders@image").Image(image).Build(),
                MigrationBuilder("a").Image(image).Build()};
    }
};

TEST_F(ImageTags, AreWarnedAboutWhereTheyDoNotSayWhichBuild) {
    for (const std::string image : {"orders", "orders:latest", "registry.example.com:5000/shop/orders",
                                    "registry.example.com:5000/shop/orders:latest"}) {
        for (const auto& object : OfEachKind(image)) {
            EXPECT_THAT(WordsOf(object), HasSubstr("Warning:")) << object["kind"] << " " << image;
            EXPECT_THAT(WordsOf(object), HasSubstr(image + " " + kAdvice)) << object["kind"];
        }
    }
}

TEST_F(ImageTags, AreFineWithATagOrADigest) {
    const std::string digest = "@sha256:" + std::string(64, '0');
    const std::vector<std::string> images{"orders:2", "registry.example.com:5000/orders:2.0.0-latest",
                                          "orders" + digest, "orders:latest" + digest, "latest:1"};
    for (const auto& image : images) {
        for (const auto& object : OfEachKind(image))
            EXPECT_THAT(WordsOf(object), Not(HasSubstr("Warning:"))) << object["kind"] << " " << image;
    }
}

TEST_F(ImageTags, OfOtherWorkloadsAreNobodysBusiness) {
    for (const auto& object : {DeploymentBuilder("a").Requires("orders@1").Image("orders").Build(),
                               DeploymentBuilder("a").Image("orders").Build(), JobBuilder("a").Image("orders").Build()})
        EXPECT_THAT(WordsOf(object), Not(HasSubstr("Warning:"))) << object;
}

TEST_F(ImageTags, AreNotRepeatedByWhatDoesNotChangeTheTemplate) {
    const auto object = DeploymentBuilder("a").Requires("orders@image").Image("orders").Build();
    const auto created = kubectl_.Apply(object);
    EXPECT_THAT(created.error, HasSubstr(kAdvice));
    for (const auto& arguments : std::vector<std::vector<std::string>>{{"scale", "deployment/a", "--replicas=3"},
                                                                       {"label", "deployment/a", "team=shop"}}) {
        const auto result = kubectl_.Run(arguments);
        EXPECT_TRUE(result.Ok()) << result.error;
        EXPECT_THAT(result.error, Not(HasSubstr("Warning:")));
    }
}

}  // namespace
}  // namespace gate
