#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "kube/client.hpp"

namespace kube {

struct Response;

/// metav1.Status, cut down to what a decision reads.
struct Status {
    int code = 0;
    std::string reason;
    std::string message;
    /// details names the object or lists causes. A JSON Patch that does not apply (a `test` that fails, a path that is
    /// not there) has neither: measured on 1.36, its 422 is always the same text, without saying which operation.
    bool has_details = false;
};

/// From the body of an answer that is no success, or from the object of an ERROR event. A body that is no Status (a
/// proxy's page) becomes its message, shortened.
Status ParseStatus(int http_status, std::string_view body);
Status ParseStatus(const nlohmann::json& status);

/// Sorts the answer to a write. What remains are statuses that no caller expects.
enum class Answer { kDone, kAlreadyExists, kConflict, kGone, kRefused, kPatchDoesNotApply, kUnknown, kUnexpected };
Answer Classify(const Status& status, bool is_patch);

}  // namespace kube
