#include "kube/status.hpp"

#include <nlohmann/json.hpp>

#include "core/json_access.hpp"

namespace kube {
namespace {

/// Enough to recognise whose page it is.
constexpr std::size_t kLongestForeignBody = 300;

}  // namespace

Status ParseStatus(const Json& status) {
    Status parsed;
    parsed.code = static_cast<int>(core::NumberAt(status, {"code"}).value_or(0));
    parsed.reason = core::TextAt(status, {"reason"});
    parsed.message = core::TextAt(status, {"message"});
    parsed.has_details =
        !core::TextAt(status, {"details", "name"}).empty() || !core::ArrayAt(status, {"details", "causes"}).empty();
    return parsed;
}

Status ParseStatus(int http_status, std::string_view body) {
    const auto json = Json::parse(body, nullptr, false);
    Status status;
    if (json.is_object() && core::TextAt(json, {"kind"}) == "Status") {
        status = ParseStatus(json);
    } else if (http_status < 200 || http_status > 299) {
        status.message = std::string(body.substr(0, kLongestForeignBody));
    }
    status.code = http_status;
    return status;
}

Answer Classify(const Status& status, bool is_patch) {
    switch (status.code) {
        case 200:
        case 201:
        case 202:
            return Answer::kDone;
        case 404:
            return Answer::kGone;
        case 409:
            return status.reason == "AlreadyExists" ? Answer::kAlreadyExists : Answer::kConflict;
        case 400:  // the user's spec does not parse as what the server expects there
        case 403:  // RBAC, admission, quota, namespace terminating
        case 413:  // larger than the server takes
            return Answer::kRefused;
        case 422:
            return is_patch && !status.has_details ? Answer::kPatchDoesNotApply : Answer::kRefused;
        default:
            // A timeout or an error behind the API server's door may come after the write reached etcd.
            return status.code >= 500 ? Answer::kUnknown : Answer::kUnexpected;
    }
}

}  // namespace kube
