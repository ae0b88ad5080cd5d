#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "kube/cpprest_transport.hpp"
#include "kube/resources.hpp"

namespace test {

/// The API server's answer to a write.
struct Reply {
    int code = 0;
    /// The object that it stored, or a Status.
    nlohmann::json body;

    bool Admitted() const { return code >= 200 && code < 300; }
    /// Its words when it refuses.
    std::string Message() const { return body.is_object() ? body.value("message", "") : ""; }
};

/// Objects sent as they are, wrong ones too: what kube::Client, which builds sound requests only, cannot do. As
/// administrator. Thread-safe.
class RawApi final {
public:
    RawApi();

    Reply Create(const kube::Resource& resource, const std::string& ns, const nlohmann::json& object);
    /// Nothing but the spec changes, whatever else was written meanwhile.
    Reply ReplaceSpec(const kube::Resource& resource, const std::string& ns, const std::string& name,
                      const nlohmann::json& spec);
    Reply Get(const kube::Resource& resource, const std::string& ns, const std::string& name);
    Reply Delete(const kube::Resource& resource, const std::string& ns, const std::string& name);

private:
    Reply Send(kube::Request::Method method, std::string target, std::string body, std::string content_type);

    kube::CpprestTransport transport_;
};

}  // namespace test
