#include "api/run_id.hpp"

#include <regex>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "api/names.hpp"

namespace api {
namespace {

using Json = nlohmann::json;

Json Spec() {
    return Json::parse(R"({
        "databaseRef": {"name": "orders"}, "version": "0002", "image": "orders:2",
        "command": ["alembic", "upgrade", "head"], "args": ["-x"], "env": [{"name": "A", "value": "1"}],
        "envFrom": [{"secretRef": {"name": "s"}}], "volumes": [{"name": "v", "emptyDir": {}}]})");
}

TEST(RunKey, StaysWhatItWasWhenItWasFirstReleased) {
    // A changed key would run every migration again: these never change.
    EXPECT_EQ(RunKey(Spec()), "up7zqxtvfxr3ixgm");
    EXPECT_EQ(RunKey(Json::parse(R"({"image": "orders:2", "command": ["migrate"]})")), "vbno6hilfoqo4gif");
}

TEST(RunKey, OfAnExpandIsWhatItWasBeforeThereWerePhases) {
    Json spec = Spec();
    spec["phase"] = "Expand";
    EXPECT_EQ(RunKey(spec), RunKey(Spec())) << "the default, written or not, runs nothing again";
}

TEST(RunKey, ChangesWithWhatDecidesWhatRuns) {
    const std::pair<const char*, Json> changes[] = {
        {"version", "0003"},
        {"image", "orders:2@sha256:0"},
        {"command", {"alembic", "upgrade", "0002"}},
        {"args", {"-y"}},
        {"args", nullptr},
        {"env", {{{"name", "A"}, {"value", "2"}}}},
        {"envFrom", {{{"secretRef", {{"name", "t"}}}}}},
        {"volumes", {{{"name", "v"}, {"configMap", {{"name", "sql"}}}}}},
        {"phase", "Down"},
        {"phase", "Contract"},
    };
    std::set<std::string> keys = {RunKey(Spec())};
    for (const auto& [field, value] : changes) {
        Json spec = Spec();
        spec[field] = value;
        EXPECT_TRUE(keys.insert(RunKey(spec)).second) << field;
    }
    Json spec = Spec();
    spec["phase"] = "Contract";
    spec["minimumVersion"] = "0001";
    EXPECT_TRUE(keys.insert(RunKey(spec)).second) << "minimumVersion";
}

TEST(RunKey, DoesNotChangeWithAnythingElse) {
    for (const char* field : {"resources",
                              "startDeadlineSeconds",
                              "activeDeadlineSeconds",
                              "suspend",
                              "historyLimit",
                              "logTail",
                              "nodeSelector",
                              "tolerations",
                              "affinity",
                              "priorityClassName",
                              "podLabels",
                              "podAnnotations",
                              "sidecars",
                              "serviceAccountName",
                              "imagePullSecrets",
                              "imagePullPolicy",
                              "volumeMounts",
                              "securityContext",
                              "credentials",
                              "automountServiceAccountToken",
                              "databaseRef"}) {
        Json spec = Spec();
        spec[field] = {{"changed", true}};
        EXPECT_EQ(RunKey(spec), RunKey(Spec())) << field;
    }
}

TEST(RunKey, FieldsMayBeMissingNullOrInAnyOrder) {
    Json spec = Spec();
    spec["args"] = nullptr;
    Json without = Spec();
    without.erase("args");
    EXPECT_EQ(RunKey(spec), RunKey(without));
    EXPECT_EQ(RunKey(Json::parse(R"({"version": "1", "image": "a"})")),
              RunKey(Json::parse(R"({"image": "a", "version": "1"})")));
    EXPECT_EQ(RunKey(Json::object()).size(), 16U);
}

TEST(JobName, IsALabelOfAtMostSixtyThreeCharacters) {
    static const std::regex kLabel("[a-z0-9]([-a-z0-9]*[a-z0-9])?");
    for (const std::string& name :
         {std::string("orders"), std::string(253, 'a'), std::string("a"), std::string("my.dotted.name"),
          std::string(39, 'a') + "." + "b", std::string(20, 'a') + std::string(30, '-') + "z", std::string("0")}) {
        for (const int launch : {1, 999'999'999}) {
            const auto job = JobName({name, {"uid"}, "key", launch});
            EXPECT_LE(job.size(), 63U) << job;
            EXPECT_TRUE(std::regex_match(job, kLabel)) << job;
            EXPECT_TRUE(std::regex_match(ProbeJobName(name, {"uid"}, launch), kLabel));
        }
    }
}

TEST(JobName, IsDeterministicAndTellsLaunchesApart) {
    const RunId run{"orders", {"uid-1"}, "key-1", 1};
    EXPECT_EQ(JobName(run), JobName(run));
    std::set<std::string> names = {JobName(run)};
    RunId other = run;
    other.migration_uid.value = "uid-2";
    EXPECT_TRUE(names.insert(JobName(other)).second);
    other = run;
    other.key = "key-2";
    EXPECT_TRUE(names.insert(JobName(other)).second);
    other = run;
    other.launch = 2;
    EXPECT_TRUE(names.insert(JobName(other)).second);
    other = run;
    other.database = "copy";
    EXPECT_TRUE(names.insert(JobName(other)).second) << "databaseRef changed: another record, another Job";
    // Names that look the same in their first 40 characters, or after dots became dashes.
    other = run;
    other.migration = std::string(60, 'a');
    RunId longer = other;
    longer.migration += "b";
    EXPECT_NE(JobName(other), JobName(longer));
    EXPECT_NE(JobName({"a.b", {"u"}, "k", 1}), JobName({"a-b", {"u"}, "k", 1}));
    EXPECT_NE(ProbeJobName("orders", {"uid-1"}, 1), JobName(run));
    EXPECT_NE(ProbeJobName("orders", {"uid-1"}, 1), ProbeJobName("orders", {"uid-2"}, 1));
}

TEST(LabelValue, IsTheNameOrItsFrontAndAHash) {
    EXPECT_EQ(LabelValue("orders"), "orders");
    EXPECT_EQ(LabelValue(std::string(63, 'a')), std::string(63, 'a'));
    const auto cut = LabelValue(std::string(64, 'a'));
    EXPECT_EQ(cut.size(), 51U);
    EXPECT_EQ(cut.substr(0, 41), std::string(40, 'a') + "-");
    EXPECT_NE(LabelValue(std::string(253, 'a')), LabelValue(std::string(252, 'a') + "b"));
}

}  // namespace
}  // namespace api
