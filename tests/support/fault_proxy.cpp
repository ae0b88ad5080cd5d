#include "support/fault_proxy.hpp"

#include <atomic>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <list>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/json_access.hpp"
#include "core/revision.hpp"
#include "support/control_plane.hpp"
#include "support/fault_proxy_client.hpp"
#include "support/fault_proxy_upstream.hpp"

namespace support {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kHangLook{20};
constexpr int kBacklog = 64;

/// One for all proxies of the process: they are the same account, and idle connections are shared.
Upstream& Server() {
    static Upstream upstream(ControlPlane::Get().OperatorKubeconfig());
    return upstream;
}

std::uint64_t RevisionIn(const std::string& body) {
    // Of writes only, which are small.
    const auto object = nlohmann::json::parse(body, nullptr, false);
    return core::Revision::Parse(core::TextAt(object, {"metadata", "resourceVersion"})).value;
}

/// Lines of a watch, after a fault had its way with them, as chunks.
class ChunkedOutput final : public WatchOutput {
public:
    ChunkedOutput(ProxyClient& client, const std::atomic<bool>& stopping) : client_(client), stopping_(stopping) {}

    void Line(std::string_view line) override {
        if (ended_) return;
        client_.Chunk(std::string(line) + '\n');
    }
    void Bytes(std::string_view bytes) override {
        if (!ended_ && !bytes.empty()) client_.Chunk(bytes);
    }
    void End() override {
        if (!ended_) client_.EndChunks();
        ended_ = true;
    }
    void Break() override { ended_ = true; }
    bool Closed() const override { return ended_ || stopping_ || client_.Gone(); }
    bool Ended() const { return ended_; }

private:
    ProxyClient& client_;
    const std::atomic<bool>& stopping_;
    bool ended_ = false;
};

}  // namespace

class FaultProxy::Impl final {
public:
    Impl() {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        if (listener_ < 0 || ::bind(listener_, generic, size) != 0 || ::listen(listener_, kBacklog) != 0 ||
            ::getsockname(listener_, generic, &size) != 0)
            throw std::runtime_error("the fault proxy cannot listen on 127.0.0.1");
        port_ = ntohs(address.sin_port);
        WriteKubeconfig();
        acceptor_ = std::jthread([this] { Accept(); });
    }

    ~Impl() {
        stopping_ = true;
        ::shutdown(listener_, SHUT_RDWR);
        acceptor_.join();
        DropClients();
        connections_.clear();  // joins
        ::close(listener_);
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    void DropClients() {
        const std::lock_guard lock(connections_mutex_);
        for (auto& connection : connections_)
            connection.client->Drop();
    }

    void SetRule(Rule rule) {
        const std::lock_guard lock(mutex_);
        rule_ = std::move(rule);
    }

    void CountFrom() {
        const std::lock_guard lock(mutex_);
        counted_ = 0;
    }

    int WritesCounted() const {
        const std::lock_guard lock(mutex_);
        return counted_;
    }

    std::vector<ProxiedWrite> Writes(const std::string& ns) const {
        const std::lock_guard lock(mutex_);
        const auto found = writes_.find(ns);
        return found == writes_.end() ? std::vector<ProxiedWrite>{}
                                      : std::vector<ProxiedWrite>(found->second.begin(), found->second.end());
    }

    milliseconds QuietFor(const std::string& ns) const {
        const std::lock_guard lock(mutex_);
        const auto found = writes_.find(ns);
        const bool is_silent = found == writes_.end() || found->second.empty();
        return std::chrono::duration_cast<milliseconds>(Steady::now() -
                                                        (is_silent ? made_ : found->second.back().time));
    }

    void Forget(const std::string& ns) {
        const std::lock_guard lock(mutex_);
        writes_.erase(ns);
    }

    const std::string& Kubeconfig() const { return kubeconfig_; }
    int Port() const { return port_; }

private:
    struct Connection {
        std::unique_ptr<ProxyClient> client;
        std::atomic<bool> done{false};
        std::jthread thread;
    };

    void WriteKubeconfig() {
        std::string folder = std::filesystem::temp_directory_path() / "tidegate-proxy-XXXXXX";
        if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("cannot make the folder " + folder);
        folder_ = folder;
        kubeconfig_ = folder_ + "/kubeconfig";
        using Json = nlohmann::json;
        const Json config{
            {"apiVersion", "v1"},
            {"kind", "Config"},
            {"current-context", "proxy"},
            {"clusters", Json::array({{{"name", "proxy"},
                                       {"cluster", {{"server", "http://127.0.0.1:" + std::to_string(port_)}}}}})},
            {"users", Json::array({{{"name", "proxy"}, {"user", Json::object()}}})},
            {"contexts", Json::array({{{"name", "proxy"}, {"context", {{"cluster", "proxy"}, {"user", "proxy"}}}}})}};
        std::ofstream(kubeconfig_) << config.dump();
    }

    void Accept() {
        while (!stopping_) {
            const int handle = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (handle < 0) continue;
            const std::lock_guard lock(connections_mutex_);
            std::erase_if(connections_, [](const auto& connection) { return connection.done.load(); });
            auto& connection = connections_.emplace_back();
            connection.client = std::make_unique<ProxyClient>(handle);
            connection.thread = std::jthread([this, &connection] {
                Serve(*connection.client);
                connection.client->Drop();
                connection.done = true;
            });
        }
    }

    void Serve(ProxyClient& client) {
        try {
            while (auto request = client.Read()) {
                if (!Handle(client, *request)) return;
            }
        } catch (const std::exception&) {
            // The client or the server went away in the middle: the client sees a broken connection.
        }
    }

    struct Plan {
        ProxiedRequest request;
        FaultAction action;
        std::uint64_t sequence = 0;
    };

    Plan PlanFor(const HttpRequest& request) {
        Plan plan{ParseProxiedRequest(request.method, request.target, request.body), {}, 0};
        const std::lock_guard lock(mutex_);
        if (IsWritePoint(plan.request)) {
            plan.request.write_number = ++counted_;
            plan.sequence = ++sequence_;
            writes_[plan.request.ns].push_back({plan.request, 0, 0, Steady::now(), plan.sequence});
        }
        if (rule_) plan.action = rule_(plan.request);
        return plan;
    }

    /// False ends the connection.
    bool Handle(ProxyClient& client, HttpRequest& request) {
        const auto plan = PlanFor(request);
        const auto& action = plan.action;
        if (action.delay.count() > 0) Wait(client, action.delay);
        if (action.before_forward) action.before_forward();
        if (!action.target.empty()) request.target = action.target;
        if (plan.request.verb == "watch" && action.forward && !action.reply) return Follow(client, request, action);

        HttpReply answer;
        if (action.forward) {
            if (client.Gone() && !action.survives_client) return false;
            answer = Server().Send(request);
            if (plan.request.IsWrite()) Note(plan, answer);
        }
        if (action.after_commit) action.after_commit();
        switch (action.then) {
            case FaultAction::Then::kReset:
                client.Reset();
                return false;
            case FaultAction::Then::kHang:
                while (!stopping_ && !client.Gone())
                    std::this_thread::sleep_for(kHangLook);
                return false;
            case FaultAction::Then::kReply:
                break;
        }
        if (action.reply) {
            client.Reply(action.reply->code, action.reply->body, action.reply->retry_after);
        } else {
            const auto retry_after = answer.headers.find("Retry-After");
            client.Reply(answer.code, answer.body,
                         retry_after == answer.headers.end() ? std::nullopt
                                                             : std::optional(std::atoi(retry_after->second.c_str())));
        }
        if (action.after_reply) action.after_reply();
        return true;
    }

    bool Follow(ProxyClient& client, const HttpRequest& request, const FaultAction& action) {
        ChunkedOutput out(client, stopping_);
        bool is_error = false;
        std::string line;
        Server().Stream(request, {.head =
                                      [&](const HttpReply& head) {
                                          is_error = head.code != 200;
                                          if (is_error) return client.Reply(head.code, head.body, {});
                                          client.BeginChunks();
                                      },
                                  .data =
                                      [&](std::string_view bytes) {
                                          if (!action.watch) return out.Bytes(bytes);
                                          line += bytes;
                                          for (auto end = line.find('\n'); end != std::string::npos && !out.Ended();
                                               end = line.find('\n')) {
                                              action.watch->OnLine(std::string_view(line).substr(0, end), out);
                                              line.erase(0, end + 1);
                                          }
                                      },
                                  .quiet =
                                      [&] {
                                          if (action.watch && !out.Ended()) action.watch->OnQuiet(out);
                                          return !out.Closed();
                                      }});
        if (is_error) return true;
        if (out.Closed()) return false;
        out.End();
        return true;
    }

    void Note(const Plan& plan, const HttpReply& answer) {
        const auto revision = RevisionIn(answer.body);
        const std::lock_guard lock(mutex_);
        for (auto& write : writes_[plan.request.ns]) {
            if (write.sequence != plan.sequence) continue;
            write.code = answer.code;
            write.revision = revision;
        }
    }

    void Wait(ProxyClient& client, milliseconds lasts) const {
        const auto until = Steady::now() + lasts;
        while (!stopping_ && !client.Gone() && Steady::now() < until)
            std::this_thread::sleep_for(std::min(kHangLook, lasts));
    }

    int listener_ = -1;
    int port_ = 0;
    std::string folder_;
    std::string kubeconfig_;
    std::atomic<bool> stopping_{false};

    mutable std::mutex mutex_;
    Rule rule_;
    int counted_ = 0;
    std::uint64_t sequence_ = 0;
    std::map<std::string, std::deque<ProxiedWrite>> writes_;
    const Steady::time_point made_ = Steady::now();

    std::mutex connections_mutex_;
    std::list<Connection> connections_;
    std::jthread acceptor_;
};

FaultProxy::FaultProxy() : impl_(std::make_unique<Impl>()) {}
FaultProxy::~FaultProxy() = default;

const std::string& FaultProxy::Kubeconfig() const {
    return impl_->Kubeconfig();
}
int FaultProxy::Port() const {
    return impl_->Port();
}
void FaultProxy::SetRule(Rule rule) {
    impl_->SetRule(std::move(rule));
}
void FaultProxy::CountFrom() {
    impl_->CountFrom();
}
int FaultProxy::WritesCounted() const {
    return impl_->WritesCounted();
}
void FaultProxy::DropClients() {
    impl_->DropClients();
}
std::vector<ProxiedWrite> FaultProxy::Writes(const std::string& ns) const {
    return impl_->Writes(ns);
}
std::chrono::milliseconds FaultProxy::QuietFor(const std::string& ns) const {
    return impl_->QuietFor(ns);
}
void FaultProxy::Forget(const std::string& ns) {
    impl_->Forget(ns);
}

}  // namespace support
