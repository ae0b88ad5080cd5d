#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

/// What can go wrong between us and the API server. Expected answers (not found, already exists, conflict, gone,
/// refused) are values, see client.hpp; what is thrown is:
///
///   Error                    std::runtime_error; what() is written for the operator's log
///   ├── TransportError       no usable answer, and nothing was changed: could not connect, TLS refused, a read failed
///   ├── OutcomeUnknown       a write was sent and its answer was lost: it may or may not have happened. Never repeat
///   │                        it blindly: WriteTracker::Doubt, then read the object live
///   ├── ApiError             the server answered with a status that no caller expects (401, 403 on a read, 429, 5xx)
///   └── Stopped              the stop token fired while the call was in flight; for a write the outcome is unknown
///
/// They are caught in one place per loop: WorkerPool, Reflector, Elector, EventRecorder.
namespace kube {

class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class TransportError final : public Error {
public:
    using Error::Error;
};

class OutcomeUnknown final : public Error {
public:
    using Error::Error;
};

class Stopped final : public Error {
public:
    Stopped() : Error("the call was stopped because Tidegate is shutting down") {}
};

class ApiError final : public Error {
public:
    /// `what` names verb and object; the server's message is appended.
    ApiError(const std::string& what, int code, std::string reason, std::string message,
             std::optional<std::chrono::seconds> retry_after = {});

    /// HTTP status.
    int Code() const { return code_; }
    /// metav1.Status reason, for example "Expired"; empty when the body was no Status.
    const std::string& Reason() const { return reason_; }
    /// metav1.Status message, the server's own words.
    const std::string& Message() const { return message_; }
    /// What the server asked for on 429 and 503.
    std::optional<std::chrono::seconds> RetryAfter() const { return retry_after_; }
    /// The revision or the continue token is too old: list again from the start.
    bool IsExpired() const;

private:
    int code_;
    std::string reason_;
    std::string message_;
    std::optional<std::chrono::seconds> retry_after_;
};

}  // namespace kube
