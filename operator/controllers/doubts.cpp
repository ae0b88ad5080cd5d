#include "controllers/doubts.hpp"

#include <nlohmann/json.hpp>

#include "core/json_access.hpp"

namespace controllers {

std::vector<std::string> ResolveDoubts(runtime::WriteTracker& tracker, const kube::Client& client,
                                       const core::ObjectKey& key, const std::stop_token& stop) {
    std::vector<std::string> jobs;
    for (const auto& [resource, object] : tracker.Doubts(key)) {
        const auto live = client.Get(resource, object, stop);
        const auto revision =
            live ? core::Revision::Parse(core::TextAt(*live, {"metadata", "resourceVersion"})) : core::Revision{};
        tracker.Resolve(key, resource, object, revision);
        if (live && resource == kube::kJobs) jobs.push_back(object.name);
    }
    return jobs;
}

}  // namespace controllers
