#include "control_plane/fuzz/persisted.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "core/json_access.hpp"
#include "kube/cpprest_transport.hpp"
#include "support/control_plane.hpp"

namespace test {
namespace {

using Json = nlohmann::json;

std::string Base64(const std::string& bytes) {
    static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        unsigned group = 0;
        for (std::size_t j = 0; j < 3; ++j)
            group = group << 8U | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
        for (std::size_t j = 0; j < 4; ++j)
            text += i + j <= bytes.size() ? kAlphabet[group >> (18 - 6 * j) & 63U] : '=';
    }
    return text;
}

/// The control plane's etcd by its JSON gateway: custom resources are stored there as plain JSON.
class Storage final {
public:
    Storage() : transport_({.server = Server()}, {.user_agent = "tidegate/test"}) {}

    void Write(const kube::Resource& resource, const std::string& ns, const Json& object) {
        const std::string key = "/registry/" + std::string(resource.group) + "/" + std::string(resource.plural) + "/" +
                                ns + "/" + object["metadata"]["name"].get<std::string>();
        // Bookkeeping of who set what, which is not checked against the object.
        Json stored = object;
        stored["metadata"].erase("resourceVersion");
        const Json put{{"key", Base64(key)}, {"value", Base64(stored.dump())}};
        const auto reply =
            transport_.Send({kube::Request::Method::kPost, "/v3/kv/put", "application/json", put.dump()}, {});
        if (reply.status != 200) throw std::runtime_error("etcd: " + reply.body);
    }

private:
    static std::string Server() {
        const auto file = std::filesystem::path(support::ControlPlane::Get().AuditLogFile()).parent_path() / "ports";
        std::ifstream ports(file);
        for (std::string word; ports >> word;) {
            if (word.starts_with("ETCD_PORT=")) return "http://127.0.0.1:" + word.substr(10);
        }
        throw std::runtime_error("no ETCD_PORT in " + file.string());
    }

    kube::CpprestTransport transport_;
};

}  // namespace

void PersistInvalid(RawApi& api, const Walk::Kinds& kinds, int count, int seed, FuzzReport& report,
                    const std::function<void(int, const std::function<void(int)>&)>& in_parallel,
                    const PersistGround& ground) {
    constexpr unsigned kSeeds = 500000;
    struct Case {
        std::unique_ptr<Walk> walk;
        std::string ns, name;
        const FuzzedKind* kind;
        Json object;
    };
    std::vector<Case> cases(static_cast<std::size_t>(count));
    Storage storage;
    in_parallel(count, [&](int n) {
        const unsigned number = kSeeds + static_cast<unsigned>(seed * 1000 + n);
        std::mt19937 random(number);
        auto& one = cases[static_cast<std::size_t>(n)];
        one.ns = ground.ns(static_cast<std::size_t>(n));
        one.walk =
            std::make_unique<Walk>(api, ground.mirror(static_cast<std::size_t>(n)), kinds, one.ns, number, report);
        one.name = one.walk->Name();
        one.kind = n % 3 == 0 ? &kinds.database : &kinds.migration;
        const support::SchemaChange* change = nullptr;
        // What was never decodable at all cannot have been stored: the whole spec, or metadata.
        while (change == nullptr || !change->is_refused || change->what == "1 MiB")
            change = &one.kind->Any(random);
        one.walk->Wander(0);
        const auto stored = api.Get(one.kind->Resource(), one.ns, one.name).body;
        one.object = support::Changed(one.kind->Schema(), stored, *change);
        one.object["metadata"]["generation"] = stored["metadata"]["generation"].get<int>() + 1;
        one.walk->Note("persisted past the API server: " + std::string(one.kind->Resource().kind) + change->Field() +
                       ": " + change->what);
        storage.Write(one.kind->Resource(), one.ns, one.object);
        ++report.persisted;
    });
    ground.check_quiet();
    // Listed instead of watched.
    for (auto& one : cases) {
        const auto now = api.Get(one.kind->Resource(), one.ns, one.name).body;
        if (now.contains("status")) one.object["status"] = now["status"];
        storage.Write(one.kind->Resource(), one.ns, one.object);
    }
    ground.restart_operator();
    ground.check_quiet();
    in_parallel(count, [&](int n) { cases[static_cast<std::size_t>(n)].walk->Arrive(); });
    ground.check_quiet();
}

}  // namespace test
