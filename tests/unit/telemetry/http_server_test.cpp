#include "telemetry/http_server.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace telemetry {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// The whole answer to one request over loopback.
std::string Ask(int port, const std::string& request_line) {
    const int handle = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string answer;
    if (connect(handle, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
        const auto request = request_line + " HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n";
        EXPECT_EQ(send(handle, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
        std::array<char, 4096> part{};
        for (ssize_t size = 0; (size = recv(handle, part.data(), part.size(), 0)) > 0;) {
            answer.append(part.data(), static_cast<std::size_t>(size));
        }
    }
    close(handle);
    return answer;
}

/// One server for all cases: the library takes up to 2 s to stop.
class HttpServerTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        server_ = std::make_unique<HttpServer>(HttpServer::Settings{
            "127.0.0.1:0", [] { return HttpServer::Answer{}; },
            [] {
                return HttpServer::Answer{ready_, ready_ ? "ok" : "stores are not synced"};
            },
            [] { return broken_ ? throw std::runtime_error("no metrics") : std::string("metric 1\n"); }});
    }
    static void TearDownTestSuite() { server_.reset(); }

    static int Port() { return server_->Port(); }

    static inline std::atomic<bool> ready_{false};
    static inline std::atomic<bool> broken_{false};

private:
    static inline std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, ReportsThePortItPicked) {
    EXPECT_GT(Port(), 0);
}

TEST_F(HttpServerTest, ReadinessFollowsItsFunctionAndSaysWhatIsMissing) {
    EXPECT_THAT(Ask(Port(), "GET /healthz"), StartsWith("HTTP/1.1 200"));
    const auto waiting = Ask(Port(), "GET /readyz");
    EXPECT_THAT(waiting, StartsWith("HTTP/1.1 503"));
    EXPECT_THAT(waiting, HasSubstr("stores are not synced"));
    ready_ = true;
    EXPECT_THAT(Ask(Port(), "GET /readyz"), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, ServesMetricsInPrometheusFormat) {
    const auto answer = Ask(Port(), "GET /metrics");
    EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4"));
    EXPECT_THAT(answer, HasSubstr("\r\n\r\nmetric 1\n"));
}

TEST_F(HttpServerTest, AnswersNothingElse) {
    for (const char* const path : {"/", "/healthz/x", "/metricsx", "/../etc/passwd", "/debug", "/x/metrics"}) {
        EXPECT_THAT(Ask(Port(), std::string("GET ") + path),
                    testing::AnyOf(StartsWith("HTTP/1.1 404"), StartsWith("HTTP/1.1 400")))
            << path;
    }
    EXPECT_THAT(Ask(Port(), "POST /metrics"), StartsWith("HTTP/1.1 405"));
    const auto head = Ask(Port(), "HEAD /metrics");
    EXPECT_THAT(head, StartsWith("HTTP/1.1 200"));
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, AnExceptionIsAnAnswer) {
    broken_ = true;
    const auto answer = Ask(Port(), "GET /metrics");
    broken_ = false;
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 500"));
    EXPECT_THAT(answer, HasSubstr("no metrics"));
}

TEST_F(HttpServerTest, SaysWhyItCannotListen) {
    try {
        const HttpServer second({"127.0.0.1:" + std::to_string(Port()), {}, {}, {}});
        FAIL() << "expected an exception";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), HasSubstr("--bind"));
    }
    EXPECT_THROW(HttpServer({"nonsense", {}, {}, {}}), std::runtime_error);
}

}  // namespace
}  // namespace telemetry
