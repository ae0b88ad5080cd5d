#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace support {

/// One change of one object, as the API server told everybody who watches.
struct RecordedChange {
    enum class Type { kAdded, kModified, kDeleted };

    /// Of the change; all resources share one sequence (one etcd), so this orders the whole history.
    std::uint64_t revision = 0;
    Type type = Type::kAdded;
    /// "jobs"
    std::string resource;
    /// Without managedFields, and of a pod's or Job's template only what tells containers apart.
    std::shared_ptr<const nlohmann::json> object;
};

/// All that happened to Databases, Migrations, Ledgers, Jobs, Pods and Deployments of one namespace. Thread-safe.
class History final {
public:
    using Object = std::shared_ptr<const nlohmann::json>;

    /// The newest state; nullptr when there is no such object.
    Object Find(const std::string& resource, const std::string& name) const;
    std::vector<Object> All(const std::string& resource) const;
    /// By revision.
    std::vector<RecordedChange> Changes() const;
    /// The highest revision seen so far.
    std::uint64_t Newest() const;

    /// Asks again after each change and after Poke(); false when it did not come to it.
    bool WaitFor(const std::function<bool()>& condition, std::chrono::milliseconds timeout);
    /// Something that conditions look at changed elsewhere.
    void Poke();
    /// Called by the recorder's threads for each change, before WaitFor sees it; nullptr ends that.
    void SetListener(std::function<void(const RecordedChange&)> listener);

    /// A new story begins in an empty namespace.
    void Clear();

    void Add(RecordedChange change);
    /// What a watch cannot go back to: the history has a hole from here on.
    void MarkBroken(const std::string& why);
    /// Empty: complete.
    std::string Broken() const;

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<RecordedChange> changes_;
    std::map<std::pair<std::string, std::string>, Object> latest_;
    std::uint64_t newest_ = 0;
    /// Counts changes and pokes, so that none falls between a look and a wait.
    std::uint64_t news_ = 0;
    std::string broken_;
    std::mutex listener_mutex_;
    std::function<void(const RecordedChange&)> listener_;
};

/// Watches everything as administrator, on connections of its own and past every proxy: the oracle's eyes, independent
/// of the operator's. One for the whole process; lives until its end.
class Recorder final {
public:
    static Recorder& Get();

    /// From now on; call it before the namespace has objects. The history ends with its last owner.
    std::shared_ptr<History> Record(const std::string& ns);

private:
    Recorder();
    ~Recorder();

    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace support
