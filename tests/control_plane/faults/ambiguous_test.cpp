#include <set>

#include <gtest/gtest.h>

#include "api/names.hpp"
#include "api/run_id.hpp"
#include "control_plane/faults/runner.hpp"
#include "core/json_access.hpp"

namespace faults {
namespace {

using std::chrono::milliseconds;
using support::FaultAction;
using support::ProxiedRequest;
namespace fault = support::fault;

struct Answer {
    std::string name;
    std::function<FaultAction(Scene&)> make;
};

std::vector<Answer> Answers() {
    return {{"committed, 504", [](Scene&) { return fault::CommitThen504(); }},
            {"committed, connection reset", [](Scene&) { return fault::CommitThenReset(); }},
            {"409", [](Scene&) { return fault::Conflict(); }},
            {"429 with Retry-After", [](Scene&) { return fault::TooManyRequests(1); }},
            {"500", [](Scene&) { return fault::InternalError(); }},
            {"killed, committed late", [](Scene& scene) {
                 return fault::KillAndCommitLate([&scene] { scene.KillAndRestart(); }, milliseconds{400});
             }}};
}

Arm AtWrite(const Answer& answer, int write) {
    return [answer, write](Scene& scene) -> std::shared_ptr<void> {
        scene.Proxy().SetRule(
            [&scene, answer, write, is_done = false](const ProxiedRequest& request) mutable -> FaultAction {
                if (is_done || request.write_number != write) return {};
                is_done = true;
                return answer.make(scene);
            });
        return nullptr;
    };
}

/// Every write that is not like an earlier one.
Arm AtEach(const Answer& answer) {
    return [answer](Scene& scene) -> std::shared_ptr<void> {
        scene.Proxy().SetRule(
            [&scene, answer, seen = std::set<std::string>()](const ProxiedRequest& request) mutable -> FaultAction {
                if (!request.IsWrite() || !seen.insert(request.Describe()).second) return {};
                return answer.make(scene);
            });
        return nullptr;
    };
}

TEST(AmbiguousWrites, AreNeitherRepeatedNorForgotten) {
    SuiteReport report("ambiguous-writes");
    std::vector<NamedCase> cases;
    const auto add = [&](const Workload& workload, const std::string& label, Arm arm) {
        CaseOptions options;
        options.reference = &ReferenceOf(workload, report);
        options.arm = std::move(arm);
        options.disarm = [](Scene& scene) { scene.Proxy().SetRule(nullptr); };
        cases.push_back({workload.name + ": " + label, workload, options, {}});
    };
    for (const auto& answer : Answers()) {
        const bool is_lost = answer.name.find("committed") != std::string::npos;
        // A refusal is told from a success; a lost answer is the hard one, so it meets two workloads.
        for (const auto* const name : is_lost ? std::vector{"W2", "W5"} : std::vector{"W2"}) {
            const auto& workload = FindWorkload(name);
            for (int write = 1; write <= ReferenceOf(workload, report).writes; ++write)
                add(workload, answer.name + " at write " + std::to_string(write), AtWrite(answer, write));
        }
    }
    for (std::size_t i = 0; i < 5; ++i) {
        for (const auto* const name : {"W1", "W9", "W10"})
            add(FindWorkload(name), Answers()[i].name + " at the first of each", AtEach(Answers()[i]));
    }
    RunAll(cases, report);
    report.Print(std::to_string(cases.size()) + " answers lost or refused, " + report.Slowest());
    EXPECT_EQ(report.Violations(), 0U);
}

/// A Job of the very name that the operator is going to use, and what somebody made of it.
struct Foreign {
    std::string name;
    std::function<void(Json& job, const std::string& migration_uid, const std::string& key)> make;
    /// Ended, it passes for the newest launch of a lost record: the run goes on under that launch's own name.
    bool is_counted = false;
};

std::vector<Foreign> ForeignJobs() {
    const auto label_all = [](Json& job, const std::string& key, const std::string& launch) {
        job["metadata"]["labels"] = {{std::string(api::kRoleLabel), "migrate"},
                                     {std::string(api::kDatabaseLabel), "orders"},
                                     {std::string(api::kRunLabel), key}};
        job["metadata"]["annotations"] = {{std::string(api::kDatabaseAnnotation), "orders"},
                                          {std::string(api::kMigrationAnnotation), "orders"},
                                          {std::string(api::kLaunchAnnotation), launch}};
    };
    const auto owner = [](const std::string& uid) {
        return Json::array({{{"apiVersion", "tidegate.io/v1alpha1"},
                             {"kind", "Migration"},
                             {"name", "orders"},
                             {"uid", uid},
                             {"controller", true}}});
    };
    return {{"no owner, no labels", [](Json&, const std::string&, const std::string&) {}},
            {"our labels, no owner",
             [=](Json& job, const std::string&, const std::string& key) { label_all(job, key, "1"); }},
            {"our labels, another key and owner",
             [=](Json& job, const std::string& uid, const std::string&) {
                 label_all(job, "aaaaaaaaaaaaaaaa", "1");
                 job["metadata"]["ownerReferences"] = owner(uid);
             }},
            {"our labels and owner, another launch",
             [=](Json& job, const std::string& uid, const std::string& key) {
                 label_all(job, key, "7");
                 job["metadata"]["ownerReferences"] = owner(uid);
             },
             true}};
}

/// Without a pod of its own: suspended, or one that had nothing to do and has succeeded.
Json JobWithoutPod(const std::string& name, bool has_succeeded) {
    const int wanted = has_succeeded ? 0 : 1;
    return {
        {"apiVersion", "batch/v1"},
        {"kind", "Job"},
        {"metadata", {{"name", name}}},
        {"spec",
         {{"suspend", !has_succeeded},
          {"completions", wanted},
          {"parallelism", wanted},
          {"template", {{"spec", {{"restartPolicy", "Never"}, {"containers", {{{"name", "c"}, {"image", "x"}}}}}}}}}}};
}

TEST(ForeignJob, OfOurNameIsNeitherAdoptedNorDeleted) {
    SuiteReport report("foreign-jobs");
    std::vector<NamedCase> cases;
    const auto foreign_jobs = ForeignJobs();
    for (std::size_t i = 0; i < 2 * foreign_jobs.size(); ++i) {
        const auto& foreign = foreign_jobs[i / 2];
        const bool has_succeeded = i % 2 == 1;
        Workload workload;
        workload.name = foreign.name + (has_succeeded ? ", succeeded" : "");
        workload.prelude = [](Scene& scene) { ReadDatabase(scene, "0001"); };
        workload.play = [foreign, has_succeeded](Scene& scene) {
            auto migration = MigrationTo("0002", "orders:ok-0002");
            migration["spec"]["suspend"] = true;
            scene.Create(kube::kMigrations, migration);
            scene.AwaitReason("migrations", "orders", "Suspended");
            const auto object = scene.History().Find("migrations", "orders");
            const auto uid = core::TextAt(*object, {"metadata", "uid"});
            const auto key = api::RunKey((*object)["spec"]);
            const auto name = api::JobName(
                {.migration = "orders", .migration_uid = {uid}, .key = key, .launch = 1, .database = "orders"});
            auto job = JobWithoutPod(name, has_succeeded);
            foreign.make(job, uid, key);
            scene.Create(kube::kJobs, job);
            if (has_succeeded) {
                scene.Await("the foreign Job succeeds", [&] {
                    const auto made = scene.History().Find("jobs", name);
                    return made && !core::TextAt(*made, {"status", "completionTime"}).empty();
                });
            }
            scene.Patch(kube::kMigrations, "orders", {{"spec", {{"suspend", false}}}});
            scene.AwaitStalledOrWaitingOrReady("orders");
        };
        NamedCase one{workload.name, workload, {}, {}};
        one.options.may_stay_unsettled = true;
        const bool goes_on = has_succeeded && foreign.is_counted;
        one.expect = [has_succeeded, goes_on](const CaseResult& result) -> std::string {
            if (result.seen.counts.contains("delete jobs")) return "a Job was deleted";
            const auto& pods = result.seen.end_state["pods"];
            const auto ready = result.seen.end_state["migrations"]["orders"]["conditions"].value("Ready", "");
            if (goes_on) return pods == Json{{"Succeeded", 1}} ? "" : "it did not run once: " + pods.dump();
            if (!pods.empty()) return "a migration got a pod";
            // One with our labels that has not ended keeps everybody waiting, whoever made it.
            const bool is_told = ready == "False JobNameTaken" || (!has_succeeded && ready == "Unknown WaitingForTurn");
            return is_told ? "" : "Ready is " + ready;
        };
        cases.push_back(std::move(one));
    }
    RunAll(cases, report);
    report.Print(std::to_string(cases.size()) + " foreign Jobs of our name");
    EXPECT_EQ(report.Violations(), 0U);
}

}  // namespace
}  // namespace faults
