#include "control_plane/fuzz/mirror.hpp"

#include <chrono>

#include "kube/errors.hpp"

namespace test {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds kWatchTime{240};

}  // namespace

Mirror::Mirror(const kube::Client& watches, std::string ns) : client_(watches), ns_(std::move(ns)) {
    for (const auto& resource : {kube::kDatabases, kube::kMigrations, kube::kDeployments, kube::kLedgers})
        threads_.emplace_back([this, resource](const std::stop_token& stop) { Watch(resource, stop); });
}

Mirror::~Mirror() {
    for (auto& thread : threads_)
        thread.request_stop();
    threads_.clear();
}

Json Mirror::Find(const kube::Resource& resource, const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find({std::string(resource.plural), name});
    return found == objects_.end() ? Json() : found->second;
}

bool Mirror::WaitFor(const std::function<bool()>& condition, std::chrono::milliseconds patience) const {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (true) {
        std::uint64_t seen = 0;
        {
            const std::lock_guard lock(mutex_);
            seen = events_;
        }
        if (condition()) return true;
        std::unique_lock lock(mutex_);
        if (!changed_.wait_until(lock, end, [&] { return events_ != seen; })) return false;
    }
}

void Mirror::Set(const kube::Resource& resource, const std::string& name, Json object) {
    {
        const std::lock_guard lock(mutex_);
        if (object.is_null()) {
            objects_.erase({std::string(resource.plural), name});
        } else {
            objects_[{std::string(resource.plural), name}] = std::move(object);
        }
        ++events_;
    }
    changed_.notify_all();
}

void Mirror::Watch(const kube::Resource& resource, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        try {
            const auto page =
                client_.List(resource, {.ns = ns_, .label_selector = {}, .field_selector = {}}, 1000, {}, stop);
            for (const auto& object : page.items)
                Set(resource, object["metadata"]["name"], object);
            client_.Watch(
                resource, {.ns = ns_, .label_selector = {}, .field_selector = {}}, page.at, kWatchTime,
                [&](const kube::WatchEvent& event) {
                    if (event.type == kube::WatchEvent::Type::kBookmark) return;
                    const bool is_gone = event.type == kube::WatchEvent::Type::kDeleted;
                    Set(resource, event.object["metadata"]["name"], is_gone ? Json() : event.object);
                },
                stop);
        } catch (const kube::Error&) {
            // Listed again.
        }
    }
}

}  // namespace test
