#include "control_plane/faults/namespaces.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "kube/client.hpp"
#include "support/administrator.hpp"

namespace faults {
namespace {

constexpr kube::Resource kServiceAccounts{"", "v1", "serviceaccounts", "ServiceAccount"};
/// As many cases may begin at once.
constexpr std::size_t kAhead = 24;
constexpr std::chrono::milliseconds kPoll{10};

class Pool final {
public:
    Pool() : maker_([this](const std::stop_token& stop) { Make(stop); }) {}

    RecordedNamespace Take() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !ready_.empty(); });
        auto taken = std::move(ready_.front());
        ready_.pop_front();
        changed_.notify_all();
        return taken;
    }

private:
    void Make(const std::stop_token& stop) {
        std::deque<RecordedNamespace> made;
        while (!stop.stop_requested()) {
            {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, stop, [&] { return ready_.size() + made.size() < kAhead; });
            }
            try {
                while (made.size() < kAhead)
                    made.push_back(Create());
                while (!made.empty()) {
                    const auto& name = made.front().name;
                    if (!support::Administrator().requests.Get(kServiceAccounts, {name, "default"})) {
                        std::this_thread::sleep_for(kPoll);
                        continue;
                    }
                    const std::lock_guard lock(mutex_);
                    ready_.push_back(std::move(made.front()));
                    made.pop_front();
                    changed_.notify_all();
                }
            } catch (const std::exception&) {
                std::this_thread::sleep_for(kPoll);
            }
        }
    }

    RecordedNamespace Create() {
        static const auto since = std::chrono::system_clock::now().time_since_epoch();
        const auto name = "faults-" + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(since).count()) +
                          "-" + std::to_string(getpid()) + "-" + std::to_string(++count_);
        auto history = support::Recorder::Get().Record(name);
        support::Administrator().requests.Create(
            kube::kNamespaces, {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}});
        return {name, std::move(history)};
    }

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<RecordedNamespace> ready_;
    int count_ = 0;
    std::jthread maker_;
};

}  // namespace

RecordedNamespace TakeNamespace() {
    support::Recorder::Get();  // is to outlive the pool
    static Pool pool;
    return pool.Take();
}

void DeleteNamespace(const std::string& name) {
    support::DeleteByName(kube::kNamespaces, {"", name});
}

}  // namespace faults
