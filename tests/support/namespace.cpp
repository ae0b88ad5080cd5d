#include "support/namespace.hpp"

#include <atomic>
#include <iostream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "support/eventually.hpp"
#include "support/kubectl.hpp"

namespace support {

Namespace::Namespace(const std::map<std::string, std::string>& labels) {
    static std::atomic<int> count{0};
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    name_ = "test-" + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now).count()) + "-" +
            std::to_string(getpid()) + "-" + std::to_string(++count);
    nlohmann::json object{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name_}}}};
    if (!labels.empty()) object["metadata"]["labels"] = labels;
    const Kubectl kubectl(name_);
    kubectl.Must({"create", "--filename=-"}, object.dump());
    // Pods are refused until the ServiceAccount controller has made this one.
    const auto ready = Eventually([&] { return kubectl.Exists("serviceaccount/default"); }, "ServiceAccount default");
    if (!ready) throw std::runtime_error(name_ + ": " + ready.message());
}

Namespace::~Namespace() {
    try {
        Kubectl(name_).Must({"delete", "namespace", name_, "--wait=false", "--ignore-not-found"});
    } catch (const std::exception& exception) {
        std::cerr << "namespace " << name_ << " stays: " << exception.what() << "\n";
    }
}

}  // namespace support
