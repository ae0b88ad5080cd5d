#include "kube/status.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "kube/resources.hpp"

namespace kube {
namespace {

Answer AnswerTo(int code, const std::string& body, bool is_patch = false) {
    return Classify(ParseStatus(code, body), is_patch);
}

/// As a 1.36 API server answers a JSON Patch whose test fails.
constexpr char kPatchDoesNotApply[] =
    R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the server rejected our request due to an error in our request","reason":"Invalid","details":{},"code":422})";
constexpr char kInvalid[] =
    R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":"ConfigMap \"x\" is invalid","reason":"Invalid","details":{"name":"x","kind":"ConfigMap","causes":[{"reason":"FieldValueInvalid","message":"m","field":"f"}]},"code":422})";
constexpr char kInvalidWithoutName[] =
    R"({"kind":"Status","message":" \"\" is invalid: patch","reason":"Invalid","details":{"causes":[{"reason":"FieldValueInvalid","field":"patch"}]},"code":422})";

TEST(Status, TellsAPatchThatDoesNotApplyFromAnInvalidObject) {
    EXPECT_EQ(AnswerTo(422, kPatchDoesNotApply, true), Answer::kPatchDoesNotApply);
    EXPECT_EQ(AnswerTo(422, kInvalid, true), Answer::kRefused);
    EXPECT_EQ(AnswerTo(422, kInvalidWithoutName, true), Answer::kRefused);
    EXPECT_EQ(AnswerTo(422, kPatchDoesNotApply, false), Answer::kRefused);
}

TEST(Status, TellsTheTwoKindsOf409Apart) {
    EXPECT_EQ(AnswerTo(409, R"({"kind":"Status","reason":"AlreadyExists"})"), Answer::kAlreadyExists);
    EXPECT_EQ(AnswerTo(409, R"({"kind":"Status","reason":"Conflict"})"), Answer::kConflict);
    EXPECT_EQ(AnswerTo(409, "not even a Status"), Answer::kConflict);
}

TEST(Status, ServerErrorsLeaveTheOutcomeOpen) {
    for (const int code : {500, 502, 503, 504})
        EXPECT_EQ(AnswerTo(code, ""), Answer::kUnknown) << code;
    for (const int code : {401, 405, 429, 302})
        EXPECT_EQ(AnswerTo(code, ""), Answer::kUnexpected) << code;
    for (const int code : {400, 403, 413})
        EXPECT_EQ(AnswerTo(code, ""), Answer::kRefused) << code;
}

TEST(Status, ABodyThatIsNoStatusIsShownShortened) {
    const auto status = ParseStatus(502, "<html>" + std::string(5000, 'x'));
    EXPECT_EQ(status.code, 502);
    EXPECT_EQ(status.message.size(), 300U);
    EXPECT_FALSE(status.has_details);
}

TEST(Status, SurvivesFieldsOfTheWrongType) {
    const auto status = ParseStatus(nlohmann::json::parse(R"({"code":"x","reason":1,"message":[],"details":7})"));
    EXPECT_EQ(status.code, 0);
    EXPECT_EQ(status.reason, "");
}

TEST(Resource, HasThePathsOfTheApi) {
    EXPECT_EQ(CollectionPath(kPods, ""), "/api/v1/pods");
    EXPECT_EQ(CollectionPath(kPods, "shop"), "/api/v1/namespaces/shop/pods");
    EXPECT_EQ(ObjectPath(kMigrations, "shop", "orders"),
              "/apis/tidegate.io/v1alpha1/namespaces/shop/migrations/orders");
    EXPECT_EQ(ObjectPath(kNamespaces, "ignored", "shop"), "/api/v1/namespaces/shop");
    EXPECT_EQ(kPods.ApiVersion(), "v1");
    EXPECT_EQ(kJobs.ApiVersion(), "batch/v1");
    EXPECT_EQ(kJobs.QualifiedName(), "jobs.batch");
    EXPECT_EQ(kPods.QualifiedName(), "pods");
}

}  // namespace
}  // namespace kube
