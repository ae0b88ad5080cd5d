#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "kube/client.hpp"
#include "kube/resources.hpp"

namespace test {

/// The newest state of a namespace's Databases, Migrations, Deployments and Ledger, kept by watches: many walkers that
/// wait at a time would otherwise keep the API server busy with their questions.
///
/// Thread-safe. What it shows is at most a watch's delay old, never older than what it showed before.
class Mirror final {
public:
    Mirror(const kube::Client& watches, std::string ns);
    ~Mirror();
    Mirror(const Mirror&) = delete;
    Mirror& operator=(const Mirror&) = delete;

    /// null when there is no such object.
    nlohmann::json Find(const kube::Resource& resource, const std::string& name) const;
    /// Until the condition holds, asked again after each event; false after `patience`. It may call Find.
    bool WaitFor(const std::function<bool()>& condition, std::chrono::milliseconds patience) const;

private:
    void Watch(const kube::Resource& resource, const std::stop_token& stop);
    void Set(const kube::Resource& resource, const std::string& name, nlohmann::json object);

    const kube::Client client_;
    const std::string ns_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::uint64_t events_ = 0;
    std::map<std::pair<std::string, std::string>, nlohmann::json> objects_;
    std::vector<std::jthread> threads_;
};

}  // namespace test
