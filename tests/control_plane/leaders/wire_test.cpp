// The wire itself: a scenario that waits for late requests must neither miss one nor wait for one that will never come.
#include "control_plane/leaders/wire.hpp"

#include <array>
#include <stdexcept>
#include <string>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kube/kubeconfig.hpp"
#include "support/eventually.hpp"
#include "support/kubectl.hpp"
#include "support/namespace.hpp"

namespace test {
namespace {

/// A client that can die in the middle of a word.
class RawClient final {
public:
    explicit RawClient(const Wire& wire) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const auto server = kube::LoadKubeconfig(wire.Kubeconfig()).server;
        sockaddr_in place{};
        place.sin_family = AF_INET;
        place.sin_port = htons(static_cast<std::uint16_t>(std::stoi(server.substr(server.rfind(':') + 1))));
        inet_pton(AF_INET, "127.0.0.1", &place.sin_addr);
        if (connect(socket_, reinterpret_cast<const sockaddr*>(&place), sizeof place) != 0)
            throw std::runtime_error("the wire does not listen");
    }
    ~RawClient() { close(socket_); }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    void Send(const std::string& text) const {
        ASSERT_EQ(send(socket_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    }
    /// Of the answer.
    std::string FirstBytes() const {
        std::array<char, 4096> bytes;
        const auto count = recv(socket_, bytes.data(), bytes.size(), 0);
        return count > 0 ? std::string(bytes.data(), static_cast<std::size_t>(count)) : "";
    }

private:
    int socket_;
};

std::string CreateConfigMap(const std::string& ns) {
    const std::string body = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"late"}})";
    return "POST /api/v1/namespaces/" + ns +
           "/configmaps HTTP/1.1\r\nHost: wire\r\nContent-Type: application/json\r\n" +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// Two answers later the wire has looked at every connection, and said what it found.
void LetItLook(const Wire& wire) {
    for (int i = 0; i < 2; ++i) {
        const RawClient client(wire);
        client.Send("GET /version HTTP/1.1\r\nHost: wire\r\n\r\n");
        ASSERT_TRUE(client.FirstBytes().starts_with("HTTP/1.1 200"));
    }
}

TEST(LeadersWire, OwesNoAnswerToAClientThatDiedInTheMiddleOfItsRequest) {
    Wire wire("127.0.0.2");
    const auto whole = CreateConfigMap("default");
    {
        const RawClient client(wire);
        client.Send(whole.substr(0, whole.size() - 1));
        LetItLook(wire);
    }
    LetItLook(wire);
    EXPECT_TRUE(wire.Delivered());
}

TEST(LeadersWire, DeliversWhatADeadClientHadSent) {
    const support::Namespace scratch;
    const support::Kubectl kubectl(scratch.Name());
    Wire wire("127.0.0.2");
    wire.HoldNext("POST /api/v1/namespaces/" + scratch.Name());
    {
        const RawClient client(wire);
        client.Send(CreateConfigMap(scratch.Name()));
        ASSERT_TRUE(wire.WaitHeld(support::kPatience));
    }
    LetItLook(wire);
    EXPECT_FALSE(wire.Delivered());
    wire.LetGo();
    // Nobody has the right to make one: an answer is what counts.
    EXPECT_TRUE(support::Eventually([&] { return wire.Delivered(); }, "the request is answered"));
}

}  // namespace
}  // namespace test
