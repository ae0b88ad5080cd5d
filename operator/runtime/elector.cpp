#include "runtime/elector.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <nlohmann/json.hpp>

namespace runtime {
namespace {

using Steady = std::chrono::steady_clock;

void EndProcess() {
    std::fputs(
        "{\"level\":\"error\",\"message\":\"the lease could not be renewed in time; leaving at once, so that two "
        "operators do not act\"}\n",
        stderr);
    std::_Exit(1);
}

}  // namespace

Elector::Elector(Settings settings, kube::Client client, Callbacks callbacks, Observer& observer)
    : settings_(std::move(settings)),
      client_(std::move(client)),
      callbacks_(std::move(callbacks)),
      observer_(observer) {
    if (!callbacks_.expired) callbacks_.expired = EndProcess;
}

Elector::~Elector() {
    elector_ = {};
    watchdog_ = {};
}

void Elector::Start() {
    observer_.Leading(settings_.lease.name, false);
    watchdog_ = std::jthread([this](std::stop_token stop) { Watch(std::move(stop)); });
    elector_ = std::jthread([this](std::stop_token stop) { Run(std::move(stop)); });
}

bool Elector::Leading() const {
    const std::lock_guard lock(mutex_);
    return renewed_ && Steady::now() < *renewed_ + settings_.lease_duration - settings_.margin;
}

void Elector::Run(std::stop_token stop) {
    if (!Follow(stop)) return;
    observer_.Leading(settings_.lease.name, true);
    observer_.Log(LogLevel::kInfo, "leading",
                  {{"lease", settings_.lease.ToString()}, {"identity", settings_.identity}});
    if (callbacks_.started) callbacks_.started();
    const auto why = Lead(stop);
    if (why.empty()) return;
    observer_.Leading(settings_.lease.name, false);
    observer_.Log(LogLevel::kError, "the lease is lost; Tidegate ends, so that two operators do not act",
                  {{"lease", settings_.lease.ToString()}, {"error", why}});
    // The watchdog stays armed: it cuts short an end that takes too long.
    if (callbacks_.lost) callbacks_.lost(why);
}

bool Elector::Follow(const std::stop_token& stop) {
    std::string holder;
    while (!stop.stop_requested()) {
        if (const auto error = Attempt([&] { return TryAcquire(stop); }); error.empty()) return true;
        const auto& record = observation_.Record();
        if (record && record->holder != holder) {
            holder = record->holder;
            observer_.Log(LogLevel::kInfo, "another instance leads; waiting",
                          {{"lease", settings_.lease.ToString()}, {"holder", holder}});
        }
        const auto now = Steady::now();
        const auto free_at = observation_.FreeAt(settings_.identity);
        auto next = now + settings_.follow_period;
        if (free_at > now) next = std::min(next, free_at);
        Sleep(next, stop);
    }
    return false;
}

std::string Elector::Lead(const std::stop_token& stop) {
    while (Sleep(Steady::now() + settings_.retry_period, stop)) {
        const auto error = Attempt([&] { return TryRenew(stop); });
        if (error.empty()) continue;
        if (stop.stop_requested()) break;
        const auto& record = observation_.Record();
        if (record && record->holder != settings_.identity) return "it is held by " + record->holder;
        observer_.Log(LogLevel::kWarning, "the lease could not be renewed; trying again",
                      {{"lease", settings_.lease.ToString()}, {"error", error}});
        const std::lock_guard lock(mutex_);
        if (Steady::now() >= *renewed_ + settings_.renew_deadline) return "it could not be renewed in time: " + error;
    }
    return {};
}

std::string Elector::Attempt(const std::function<std::string()>& call) {
    try {
        return call();
    } catch (const kube::Error& error) {
        return error.what();
    }
}

std::string Elector::TryAcquire(const std::stop_token& stop) {
    const auto began = Steady::now();
    const auto lease = client_.Get(kube::kLeases, settings_.lease, stop);
    LeaseRecord record;
    record.acquire_time = FormatMicroTime(std::chrono::system_clock::now());
    if (!lease) return Keep(client_.Create(kube::kLeases, Object(record), stop), began);

    const auto found = ParseLease(*lease);
    observation_.Observe(found, Steady::now());
    if (observation_.FreeAt(settings_.identity) > Steady::now()) return "held by " + found.holder;
    record.version = found.version;
    record.transitions = found.transitions + (found.holder == settings_.identity ? 0 : 1);
    return Keep(client_.Replace(kube::kLeases, Object(record), stop), began);
}

std::string Elector::TryRenew(const std::stop_token& stop) {
    const auto began = Steady::now();
    auto record = *observation_.Record();
    auto written = client_.Replace(kube::kLeases, Object(record), stop);
    if (written.outcome == kube::Outcome::kGone) {
        // Deleted under us: whoever creates it first leads.
        record.version.clear();
        written = client_.Create(kube::kLeases, Object(record), stop);
    }
    if (written.outcome != kube::Outcome::kConflict && written.outcome != kube::Outcome::kAlreadyExists)
        return Keep(written, began);
    // Somebody touched the object, or an earlier renewal of ours whose answer was lost did land.
    const auto lease = client_.Get(kube::kLeases, settings_.lease, stop);
    if (!lease) return "the lease was deleted";
    observation_.Observe(ParseLease(*lease), Steady::now());
    if (observation_.Record()->holder != settings_.identity) return "held by " + observation_.Record()->holder;
    return Keep(client_.Replace(kube::kLeases, Object(*observation_.Record()), stop), began);
}

std::string Elector::Keep(const kube::Written& written, SteadyTime began) {
    if (!written.Done() || !written.object) {
        return std::string(kube::ToString(written.outcome)) + ": " + written.message;
    }
    observation_.Observe(ParseLease(*written.object), Steady::now());
    {
        const std::lock_guard lock(mutex_);
        // From before the request: others count from the moment the server stored it.
        renewed_ = began;
    }
    changed_.notify_all();
    return {};
}

nlohmann::json Elector::Object(const LeaseRecord& record) const {
    nlohmann::json metadata{{"name", settings_.lease.name}, {"namespace", settings_.lease.ns}};
    if (!record.version.empty()) metadata["resourceVersion"] = record.version;
    const auto duration = std::chrono::ceil<std::chrono::seconds>(settings_.lease_duration);
    return {{"apiVersion", kube::kLeases.ApiVersion()},
            {"kind", kube::kLeases.kind},
            {"metadata", std::move(metadata)},
            {"spec",
             {{"holderIdentity", settings_.identity},
              {"leaseDurationSeconds", duration.count()},
              {"leaseTransitions", record.transitions},
              {"acquireTime", record.acquire_time},
              {"renewTime", FormatMicroTime(std::chrono::system_clock::now())}}}};
}

void Elector::Watch(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
        const auto seen = renewed_;
        const auto renewed = [&] { return renewed_ != seen; };
        if (!seen) {
            changed_.wait(lock, stop, renewed);
            continue;
        }
        const auto deadline = *seen + settings_.lease_duration - settings_.margin;
        if (changed_.wait_until(lock, stop, deadline, renewed) || stop.stop_requested()) continue;
        lock.unlock();
        callbacks_.expired();
        return;
    }
}

bool Elector::Sleep(SteadyTime until, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, stop, until, [] { return false; });
    return !stop.stop_requested();
}

void Elector::Release() noexcept {
    elector_ = {};
    watchdog_ = {};
    {
        const std::lock_guard lock(mutex_);
        if (!std::exchange(renewed_, std::nullopt)) return;
    }
    observer_.Leading(settings_.lease.name, false);
    // A renewal that was cut off may still land after the first try, which makes that one a conflict.
    constexpr int kTries = 3;
    for (int i = 0; i < kTries; ++i) {
        try {
            const auto lease = client_.Get(kube::kLeases, settings_.lease);
            if (!lease || ParseLease(*lease).holder != settings_.identity) return;
            auto released = *lease;
            released["spec"]["holderIdentity"] = "";
            released["spec"]["leaseDurationSeconds"] = 1;
            released["spec"]["renewTime"] = FormatMicroTime(std::chrono::system_clock::now());
            if (client_.Replace(kube::kLeases, released).Done()) return;
        } catch (const std::exception& error) {
            observer_.Log(LogLevel::kWarning,
                          "the lease could not be released; another instance waits until it runs out",
                          {{"lease", settings_.lease.ToString()}, {"error", error.what()}});
        }
    }
}

}  // namespace runtime
