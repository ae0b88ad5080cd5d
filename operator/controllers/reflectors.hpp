#pragma once

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "controllers/stores.hpp"
#include "kube/client.hpp"
#include "runtime/reflector.hpp"

namespace controllers {

/// The threads that keep the stores equal to the cluster: one per kind and scope. Initial lists run one after the
/// other, which bounds the memory of a start.
class Reflectors final {
public:
    /// All arguments must outlive it.
    Reflectors(Stores& stores, const kube::Client& watches, runtime::Observer& observer);
    ~Reflectors();
    Reflectors(const Reflectors&) = delete;
    Reflectors& operator=(const Reflectors&) = delete;

    void Start();
    void Stop() noexcept;

private:
    template <class Object, class Parser>
    void Add(runtime::Store<Object>& store, const kube::Resource& resource, const std::string& selector, Parser parser);

    Stores& stores_;
    const kube::Client& watches_;
    runtime::Observer& observer_;
    std::mutex list_turn_;
    std::vector<std::unique_ptr<runtime::Sink>> sinks_;
    std::vector<std::unique_ptr<runtime::Reflector>> reflectors_;
    std::vector<std::jthread> threads_;
};

}  // namespace controllers
