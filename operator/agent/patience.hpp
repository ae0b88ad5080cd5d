#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "database/db_error.hpp"

namespace agent {

/// How long an error is retried inside the process before it ends with a report. Ending is what makes the kubelet read
/// the Secret again and what shows the reason in the pod's status, so it must not take long; each end lengthens the
/// kubelet's own pause up to five minutes, so it must not be at once either.
class Patience {
public:
    using Instant = std::chrono::steady_clock::time_point;

    struct Limits {
        /// A server that restarts, or a lock that a migration holds for a moment: usually over within half a minute.
        std::chrono::milliseconds transient{30'000};
        /// Somebody has to change something; soon enough to name it while the user still looks.
        std::chrono::milliseconds other{10'000};
        /// Between two tries: short at first, for an incumbent has to be back within FenceTiming::quiet; then longer,
        /// for a server that starts has better to do than to refuse us.
        std::chrono::milliseconds first_pause{250};
        std::chrono::milliseconds longest_pause{2000};
    };

    explicit Patience(Limits limits) : limits_{limits}, pause_{limits.first_pause} {}

    void Succeeded() {
        failing_since_.reset();
        pause_ = limits_.first_pause;
    }
    /// True: give up.
    bool Failed(database::DbErrorKind kind, Instant now) {
        using database::DbErrorKind;
        if (!failing_since_) failing_since_ = now;
        if (kind == DbErrorKind::BadConfiguration) return true;
        const bool transient = kind == DbErrorKind::Unreachable || kind == DbErrorKind::Busy;
        return now - *failing_since_ >= (transient ? limits_.transient : limits_.other);
    }
    /// The cause may be in the environment, which only a new process reads.
    static bool NewProcessMayHelp(database::DbErrorKind kind) {
        using database::DbErrorKind;
        return kind == DbErrorKind::AuthenticationFailed || kind == DbErrorKind::DatabaseDoesNotExist ||
               kind == DbErrorKind::TlsFailed || kind == DbErrorKind::BadConfiguration;
    }
    /// How long to wait before the next try; doubles.
    std::chrono::milliseconds NextPause() {
        const auto pause = pause_;
        pause_ = std::min(pause_ * 2, limits_.longest_pause);
        return pause;
    }

private:
    Limits limits_;
    std::optional<Instant> failing_since_;
    std::chrono::milliseconds pause_;
};

}  // namespace agent
