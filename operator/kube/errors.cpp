#include "kube/errors.hpp"

#include <utility>

namespace kube {
namespace {

std::string Describe(const std::string& what, int code, const std::string& reason, const std::string& message) {
    std::string text = what + ": " + std::to_string(code);
    if (!reason.empty()) text += " " + reason;
    if (!message.empty()) text += ": " + message;
    return text;
}

}  // namespace

ApiError::ApiError(const std::string& what, int code, std::string reason, std::string message,
                   std::optional<std::chrono::seconds> retry_after)
    : Error(Describe(what, code, reason, message)),
      code_(code),
      reason_(std::move(reason)),
      message_(std::move(message)),
      retry_after_(retry_after) {}

bool ApiError::IsExpired() const {
    return code_ == 410 || reason_ == "Expired" || reason_ == "Gone";
}

}  // namespace kube
