#include "support/recorder.hpp"

#include <algorithm>
#include <condition_variable>
#include <stop_token>
#include <thread>

#include "kube/client.hpp"
#include "support/administrator.hpp"

namespace support {
namespace {

using Json = nlohmann::json;

constexpr kube::Resource kRecorded[] = {kube::kDatabases, kube::kMigrations, kube::kLedgers,
                                        kube::kJobs,      kube::kPods,       kube::kDeployments};
constexpr std::chrono::seconds kWatchLasts{280};
constexpr std::chrono::milliseconds kAfterError{200};

Json Containers(const Json& spec, const char* field) {
    Json slim = Json::array();
    for (const auto& container : spec.value(field, Json::array()))
        slim.push_back({{"name", container["name"]}, {"image", container["image"]}});
    return slim;
}

/// Histories of thousands of cases are in memory: keep what somebody asks for.
std::shared_ptr<const Json> Slim(const std::string& resource, const Json& object) {
    auto slim = std::make_shared<Json>(object);
    (*slim)["metadata"].erase("managedFields");
    if (resource == "pods") {
        const auto& spec = object["spec"];
        Json kept{{"containers", Containers(spec, "containers")},
                  {"initContainers", Containers(spec, "initContainers")}};
        if (spec.contains("nodeName")) kept["nodeName"] = spec["nodeName"];
        (*slim)["spec"] = std::move(kept);
    } else if (resource == "jobs") {
        (*slim)["spec"] = Json::object();
    }
    return slim;
}

}  // namespace

History::Object History::Find(const std::string& resource, const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = latest_.find({resource, name});
    return found == latest_.end() ? nullptr : found->second;
}

std::vector<History::Object> History::All(const std::string& resource) const {
    const std::lock_guard lock(mutex_);
    std::vector<Object> objects;
    for (auto it = latest_.lower_bound({resource, ""}); it != latest_.end() && it->first.first == resource; ++it)
        objects.push_back(it->second);
    return objects;
}

std::vector<RecordedChange> History::Changes() const {
    std::vector<RecordedChange> changes;
    {
        const std::lock_guard lock(mutex_);
        changes = changes_;
    }
    std::stable_sort(changes.begin(), changes.end(),
                     [](const auto& a, const auto& b) { return a.revision < b.revision; });
    return changes;
}

std::uint64_t History::Newest() const {
    const std::lock_guard lock(mutex_);
    return newest_;
}

bool History::WaitFor(const std::function<bool()>& condition, std::chrono::milliseconds timeout) {
    const auto end = std::chrono::steady_clock::now() + timeout;
    while (true) {
        std::uint64_t seen = 0;
        {
            const std::lock_guard lock(mutex_);
            seen = news_;
        }
        if (condition()) return true;
        std::unique_lock lock(mutex_);
        if (std::chrono::steady_clock::now() >= end) return false;
        if (news_ == seen) changed_.wait_until(lock, end);
    }
}

void History::Poke() {
    const std::lock_guard lock(mutex_);
    ++news_;
    changed_.notify_all();
}

void History::SetListener(std::function<void(const RecordedChange&)> listener) {
    const std::lock_guard lock(listener_mutex_);
    listener_ = std::move(listener);
}

void History::Clear() {
    const std::lock_guard lock(mutex_);
    changes_.clear();
    latest_.clear();
    broken_.clear();
}

void History::Add(RecordedChange change) {
    {
        const std::lock_guard lock(mutex_);
        const std::pair key{change.resource, (*change.object)["metadata"]["name"].get<std::string>()};
        if (change.type == RecordedChange::Type::kDeleted) {
            latest_.erase(key);
        } else {
            latest_[key] = change.object;
        }
        newest_ = std::max(newest_, change.revision);
        changes_.push_back(change);
        ++news_;
    }
    {
        const std::lock_guard lock(listener_mutex_);
        if (listener_) listener_(change);
    }
    changed_.notify_all();
}

void History::MarkBroken(const std::string& why) {
    const std::lock_guard lock(mutex_);
    broken_ = why;
    ++news_;
    changed_.notify_all();
}

std::string History::Broken() const {
    const std::lock_guard lock(mutex_);
    return broken_;
}

class Recorder::Impl final {
public:
    Impl() {
        std::mutex mutex;
        std::condition_variable ready;
        std::size_t count = 0;
        for (const auto& resource : kRecorded) {
            threads_.emplace_back([this, &resource, &mutex, &ready, &count](const std::stop_token& stop) {
                auto from = NewestRevision(resource);
                {
                    const std::lock_guard lock(mutex);
                    ++count;
                    ready.notify_all();
                }
                Follow(resource, from, stop);
            });
        }
        std::unique_lock lock(mutex);
        ready.wait(lock, [&] { return count == std::size(kRecorded); });
    }

    std::shared_ptr<History> Record(const std::string& ns) {
        auto history = std::make_shared<History>();
        const std::lock_guard lock(mutex_);
        std::erase_if(histories_, [](const auto& entry) { return entry.second.expired(); });
        histories_[ns] = history;
        return history;
    }

private:
    static core::Revision NewestRevision(const kube::Resource& resource) {
        return Administrator().requests.List(resource, {}, 1).at;
    }

    std::shared_ptr<History> Find(const std::string& ns) const {
        const std::lock_guard lock(mutex_);
        const auto found = histories_.find(ns);
        return found == histories_.end() ? nullptr : found->second.lock();
    }

    void Follow(const kube::Resource& resource, core::Revision from, const std::stop_token& stop) {
        const std::string name(resource.plural);
        while (!stop.stop_requested()) {
            try {
                const auto end = Administrator().watches.Watch(
                    resource, {}, from, kWatchLasts,
                    [&](const kube::WatchEvent& event) {
                        from = event.at;
                        if (event.type == kube::WatchEvent::Type::kBookmark) return;
                        const auto history = Find(event.object["metadata"].value("namespace", ""));
                        if (!history) return;
                        history->Add(
                            {.revision = event.at.value,
                             .type = event.type == kube::WatchEvent::Type::kAdded     ? RecordedChange::Type::kAdded
                                     : event.type == kube::WatchEvent::Type::kDeleted ? RecordedChange::Type::kDeleted
                                                                                      : RecordedChange::Type::kModified,
                             .resource = name,
                             .object = Slim(name, event.object)});
                    },
                    stop);
                if (end == kube::WatchEnd::kExpired) {
                    BreakAll("the watch of " + name + " expired");
                    from = NewestRevision(resource);
                }
            } catch (const std::exception&) {
                // It goes on from the last revision that was recorded: nothing is lost.
                std::this_thread::sleep_for(kAfterError);
            }
        }
    }

    void BreakAll(const std::string& why) {
        const std::lock_guard lock(mutex_);
        for (const auto& [ns, weak] : histories_) {
            if (const auto history = weak.lock()) history->MarkBroken(why);
        }
    }

    mutable std::mutex mutex_;
    std::map<std::string, std::weak_ptr<History>> histories_;
    std::vector<std::jthread> threads_;
};

Recorder::Recorder() : impl_(std::make_unique<Impl>()) {}
Recorder::~Recorder() = default;

Recorder& Recorder::Get() {
    // Its threads end before the statics that they use: it is made after their first use, so it goes before them.
    static Recorder recorder;
    return recorder;
}

std::shared_ptr<History> Recorder::Record(const std::string& ns) {
    return impl_->Record(ns);
}

}  // namespace support
