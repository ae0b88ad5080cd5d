#include "controllers/release_all.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <ostream>
#include <thread>
#include <tuple>
#include <utility>

#include <nlohmann/json.hpp>

#include "controllers/live_list.hpp"
#include "core/json_access.hpp"
#include "gate/withdrawal.hpp"

namespace controllers {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

/// An API server goes on with a policy until its own watch shows that the binding is gone, which takes about a second,
/// and a request that it admitted before may be stored some seconds later.
constexpr std::chrono::seconds kPoliciesAreForgotten{10};
/// Between passes: long enough for a conflict to be over, short beside what a person waits for.
constexpr std::chrono::seconds kBetweenPasses{1};
/// No progress for so long: what refuses will go on refusing. Roles that were created with our pod are in effect after
/// a second or two.
constexpr std::chrono::seconds kNoProgress{30};
/// Longer lists help nobody.
constexpr std::size_t kMostNamed = 20;

struct GatedKind {
    kube::Resource resource;
    std::optional<gate::Withdrawal> (*withdraw)(const Json& workload);
};

constexpr std::array kGatedKinds{GatedKind{kube::kDeployments, gate::WithdrawFromDeployment},
                                 // Before the Jobs: those that they make from then on have no mark.
                                 GatedKind{kube::kCronJobs, gate::WithdrawFromCronJob},
                                 GatedKind{kube::kJobs, gate::WithdrawFromJob}};

/// A workload with something of ours on it.
struct Marked {
    core::ObjectKey key;
    core::Uid uid;
    core::Revision at;
    std::string created;
    gate::Withdrawal withdrawal;
};

std::string NameOf(const kube::Resource& resource, const core::ObjectKey& key) {
    return std::string(resource.kind) + " " + key.ToString();
}

class Releaser final {
public:
    Releaser(const kube::Client& client, const ReleaseAllOptions& options, std::ostream& out)
        : client_(client), options_(options), out_(out) {}

    int Run() {
        const auto begin = Clock::now();
        progress_ = begin;
        while (true) {
            left_.clear();
            DeleteBindings();
            if (left_.empty()) ReleaseWorkloads();
            const auto now = Clock::now();
            const bool settled = !deleted_a_binding_ || now - deleted_a_binding_.value() >= kPoliciesAreForgotten;
            if (left_.empty() && settled) return Done();
            if (now - begin >= options_.timeout || (!left_.empty() && now - progress_ >= kNoProgress)) return GaveUp();
            std::this_thread::sleep_for(kBetweenPasses);
        }
    }

private:
    void DeleteBindings() {
        for (const auto& name : options_.bindings) {
            const core::ObjectKey key{{}, name};
            Try(NameOf(kube::kMutatingPolicyBindings, key), [&] {
                const auto binding = client_.Get(kube::kMutatingPolicyBindings, key);
                if (!binding) return std::string();
                const core::Uid uid{core::TextAt(*binding, {"metadata", "uid"})};
                const auto deleted = client_.Delete(kube::kMutatingPolicyBindings, key, {.uid = uid});
                if (deleted.outcome == kube::Outcome::kGone) return std::string();
                if (!deleted.Done()) return deleted.message;
                progress_ = Clock::now();
                deleted_a_binding_ = progress_;
                out_ << "nothing is held any more by " << name << ": its binding is deleted" << std::endl;
                return std::string();
            });
        }
    }

    void ReleaseWorkloads() {
        const auto namespaces = options_.namespaces.empty() ? std::vector<std::string>{""} : options_.namespaces;
        for (const auto& kind : kGatedKinds) {
            for (const auto& ns : namespaces) {
                Try(kind.resource.QualifiedName() + (ns.empty() ? "" : " in namespace " + ns), [&] {
                    cron_jobs_.clear();
                    ListLive(client_, kind.resource, {.ns = ns, .label_selector = {}, .field_selector = {}}, {},
                             [&](const Json& workload) { Release(kind, workload); });
                    for (auto& [uid, held] : cron_jobs_)
                        ReleaseNewest(kind, held);
                    return std::string();
                });
            }
        }
    }

    void Release(const GatedKind& kind, const Json& workload) {
        auto withdrawal = kind.withdraw(workload);
        if (!withdrawal) return;
        Marked marked{
            .key = {core::TextAt(workload, {"metadata", "namespace"}), core::TextAt(workload, {"metadata", "name"})},
            .uid = {core::TextAt(workload, {"metadata", "uid"})},
            .at = core::Revision::Parse(core::TextAt(workload, {"metadata", "resourceVersion"})),
            .created = core::TextAt(workload, {"metadata", "creationTimestamp"}),
            .withdrawal = std::move(*withdrawal)};
        if (marked.withdrawal.cron_job.empty()) return Release(kind, marked);
        cron_jobs_[marked.withdrawal.cron_job].push_back(std::move(marked));
    }

    /// As when their version is proven: a CronJob's work is not done as often as it was put off.
    void ReleaseNewest(const GatedKind& kind, std::vector<Marked>& held) {
        std::sort(held.begin(), held.end(), [](const auto& a, const auto& b) {
            return std::tie(a.created, a.key.name) < std::tie(b.created, b.key.name);
        });
        for (std::size_t i = 0; i + 1 < held.size(); ++i) {
            const auto& old = held[i];
            Try(NameOf(kind.resource, old.key), [&] {
                const auto deleted = client_.Delete(kind.resource, old.key, {.uid = old.uid, .revision = old.at});
                if (deleted.outcome == kube::Outcome::kGone) return std::string();
                if (!deleted.Done()) return deleted.message;
                progress_ = Clock::now();
                out_ << "deleted " << NameOf(kind.resource, old.key)
                     << ", which never began: a newer one of its CronJob, " << held.back().key.name << ", is released"
                     << std::endl;
                return std::string();
            });
        }
        Release(kind, held.back());
    }

    void Release(const GatedKind& kind, const Marked& marked) {
        Try(NameOf(kind.resource, marked.key), [&] {
            const auto written = client_.Patch(kind.resource, marked.key, marked.at, marked.withdrawal.patch);
            if (written.outcome == kube::Outcome::kGone) return std::string();
            if (!written.Done()) return written.message;
            if (written.object && kind.withdraw(*written.object))
                return std::string("a policy that is still in effect put back what was taken away");
            progress_ = Clock::now();
            ++(marked.withdrawal.starts ? started_ : unmarked_);
            if (marked.withdrawal.starts) out_ << "released " << NameOf(kind.resource, marked.key) << std::endl;
            return std::string();
        });
    }

    /// Whatever goes wrong, the next pass tries again. `step` returns why its object is left, "" when it is not.
    template <class Step>
    void Try(const std::string& what, const Step& step) {
        try {
            auto why = step();
            if (!why.empty()) left_[what] = std::move(why);
        } catch (const kube::Error& error) {
            left_[what] = error.what();
        }
    }

    int Done() {
        out_ << "done: " << started_ << " held workloads were released, " << unmarked_
             << " others had marks of Tidegate, which are removed; nothing is held, suspended or marked" << std::endl;
        return 0;
    }

    int GaveUp() {
        out_ << "not done: " << started_ << " held workloads were released, and the marks of " << unmarked_
             << " others removed, but not these:\n";
        std::size_t named = 0;
        for (const auto& [what, why] : left_) {
            if (++named > kMostNamed) break;
            out_ << "  " << what << ": " << why << '\n';
        }
        if (left_.size() > kMostNamed) out_ << "  and " << left_.size() - kMostNamed << " more\n";
        out_ << "Mend what refuses, then do the same again: what is released stays released" << std::endl;
        return 1;
    }

    const kube::Client& client_;
    const ReleaseAllOptions& options_;
    std::ostream& out_;
    Clock::time_point progress_;
    std::optional<Clock::time_point> deleted_a_binding_;
    /// Of the present pass: what, and why.
    std::map<std::string, std::string> left_;
    /// Of the list in hand: held Jobs by their CronJob.
    std::map<std::string, std::vector<Marked>> cron_jobs_;
    std::size_t started_ = 0, unmarked_ = 0;
};

}  // namespace

int ReleaseAll(const kube::Client& client, const ReleaseAllOptions& options, std::ostream& out) {
    return Releaser(client, options, out).Run();
}

}  // namespace controllers
