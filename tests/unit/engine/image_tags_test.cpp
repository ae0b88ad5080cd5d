#include "engine/image_tags.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/support/cluster.hpp"

namespace engine {
namespace {

using simulation::Cluster;
using simulation::Json;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ImageTags, MoveWithoutDigestWhereTheyAreLatestOrLeftOut) {
    for (const char* image : {"orders", "orders:latest", "localhost:5000/orders", "a.b/c/orders:latest"})
        EXPECT_TRUE(HasMovingTag(image)) << image;
    for (const char* image : {"", "orders:2", "localhost:5000/orders:2", "orders@sha256:0", "orders:latest@sha256:0",
                              "latest:1", "orders:latest-2"})
        EXPECT_FALSE(HasMovingTag(image)) << image;
}

TEST(ImageTags, DigestsAreReadInEveryFormOfTheNode) {
    EXPECT_EQ(DigestOf("docker.io/library/orders@sha256:abc"), "sha256:abc");
    EXPECT_EQ(DigestOf("sha256:abc"), "sha256:abc");
    EXPECT_EQ(DigestOf("docker-pullable://orders@sha256:abc"), "sha256:abc");
    EXPECT_EQ(DigestOf("docker://sha256:abc"), "sha256:abc");
    EXPECT_EQ(DigestOf(""), "");
}

TEST(ImageTags, HaveMovedOnlyWhereTwoWordsOfOneFormSaySo) {
    api::DatabaseStatus status;
    status.runs = {{.key = "a", .image = "orders:2", .image_id = "x/orders@sha256:abc"},
                   {.key = "b", .image = "orders:3", .image_id = "sha256:abc"},
                   {.key = "c", .image = "orders:4"}};
    EXPECT_THAT(ExplainMovedTag(status, "orders:2", "x/orders@sha256:def"),
                HasSubstr("orders:2 was another build when it ran before: sha256:abc, now sha256:def"));
    EXPECT_EQ(ExplainMovedTag(status, "orders:2", "mirror/orders@sha256:abc"), "");
    EXPECT_EQ(ExplainMovedTag(status, "orders:2", "sha256:def"), "") << "the hash of something else";
    EXPECT_EQ(ExplainMovedTag(status, "orders:2", ""), "");
    EXPECT_NE(ExplainMovedTag(status, "orders:3", "sha256:def"), "");
    EXPECT_EQ(ExplainMovedTag(status, "orders:4", "x@sha256:def"), "");
    EXPECT_EQ(ExplainMovedTag(status, "orders:5", "x@sha256:def"), "");
}

/// A Migration of Database orders with this image.
struct OneMigration {
    Cluster cluster = simulation::ReadCluster();

    explicit OneMigration(const std::string& image) { cluster.ApplyMigration("orders", {{"image", image}}); }

    std::string Message() const {
        for (const auto& condition : cluster.migrations.at("orders")["status"]["conditions"]) {
            if (condition["type"] == "Ready") return condition["message"];
        }
        return "";
    }
    void Run(const std::string& image_id) {
        cluster.Settle();
        cluster.EndMigration(cluster.LastJob(), {.versions = std::vector<std::string>{"0002"}, .image_id = image_id});
        cluster.Settle();
    }
    auto Count(const std::string& reason) const {
        return std::count_if(cluster.notes.begin(), cluster.notes.end(),
                             [&](const auto& note) { return note.reason == reason; });
    }
};

TEST(ImageTags, ThatMoveAreSaidOnceByAnEventAndStayInTheMessage) {
    OneMigration one("orders");
    one.Run("sha256:abc");
    EXPECT_EQ(one.Count("ImageTagMoves"), 1);
    EXPECT_THAT(one.Message(), HasSubstr("Image orders does not say which build it is"));
    one.cluster.Settle();
    EXPECT_EQ(one.Count("ImageTagMoves"), 1);

    OneMigration tagged("orders:2");
    tagged.Run("sha256:abc");
    EXPECT_EQ(tagged.Count("ImageTagMoves"), 0);
    EXPECT_THAT(tagged.Message(), Not(HasSubstr("which build")));
}

TEST(ImageTags, SeenWithTwoDigestsAreSaidOnceAndStayInMessageAndHistory) {
    OneMigration one("orders:2");
    one.Run("x/orders@sha256:abc");
    EXPECT_EQ(one.cluster.database["status"]["runs"][0]["imageID"], "x/orders@sha256:abc");
    one.cluster.ApplyMigration("orders", {{"run", "again"}});
    one.Run("x/orders@sha256:def");
    EXPECT_EQ(one.Count("ImageTagMoved"), 1);
    EXPECT_THAT(one.Message(), HasSubstr("sha256:abc, now sha256:def"));
    EXPECT_THAT(one.cluster.History("orders")[0]["message"], HasSubstr("sha256:abc, now sha256:def"));
    EXPECT_EQ(one.cluster.History("orders")[0]["imageID"], "x/orders@sha256:def");

    one.cluster.ApplyMigration("orders", {{"run", "and again"}});
    one.Run("x/orders@sha256:def");
    EXPECT_EQ(one.Count("ImageTagMoved"), 2) << "the build of the first run is another one still";
}

TEST(ImageTags, OfARetriedLaunchAreComparedWithThoseOfTheLaunchBefore) {
    OneMigration one("orders:2");
    one.cluster.Settle();
    one.cluster.EndMigration(one.cluster.LastJob(), {.exit_code = 1, .image_id = "x/orders@sha256:abc"});
    one.cluster.Settle();
    one.cluster.migrations.at("orders")["metadata"]["annotations"]["tidegate.io/retry"] = "1";
    one.Run("x/orders@sha256:def");
    EXPECT_EQ(one.cluster.created_jobs.size(), 2U);
    EXPECT_EQ(one.Count("ImageTagMoved"), 1);
    EXPECT_EQ(one.cluster.database["status"]["runs"][0]["imageID"], "x/orders@sha256:def");
}

}  // namespace
}  // namespace engine
