#include "support/subprocess.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/process.hpp"

namespace support {
namespace {

class Pipe final {
public:
    Pipe() {
        if (pipe2(ends_, O_CLOEXEC) != 0) throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        CloseRead();
        CloseWrite();
    }
    int Read() const { return ends_[0]; }
    int Write() const { return ends_[1]; }
    void CloseRead() { Close(ends_[0]); }
    void CloseWrite() { Close(ends_[1]); }

private:
    static void Close(int& end) {
        if (end >= 0) close(end);
        end = -1;
    }
    int ends_[2] = {-1, -1};
};

std::string Text(const Command& command) {
    std::string text;
    for (const auto& argument : command.argv)
        text += (text.empty() ? "" : " ") + argument;
    return text;
}

/// Moves input and output until the command has closed both of its ends; false when the time is over.
bool Exchange(const Command& command, Pipe& in, Pipe& out, Pipe& error, CommandResult& result) {
    const auto end = std::chrono::steady_clock::now() + command.timeout;
    std::size_t written = 0;
    if (command.input.empty()) in.CloseWrite();
    std::array<char, 65536> buffer;
    while (out.Read() >= 0 || error.Read() >= 0) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
        if (left <= 0) return false;
        std::array<pollfd, 3> polled{{{in.Write(), POLLOUT, 0}, {out.Read(), POLLIN, 0}, {error.Read(), POLLIN, 0}}};
        poll(polled.data(), polled.size(), static_cast<int>(left));
        if (polled[0].revents != 0) {
            const auto count = write(in.Write(), command.input.data() + written, command.input.size() - written);
            if (count > 0) written += static_cast<std::size_t>(count);
            const bool reader_gone = count < 0 && errno != EAGAIN && errno != EINTR;
            if (reader_gone || written == command.input.size()) in.CloseWrite();
        }
        const auto take = [&buffer](const pollfd& from, Pipe& pipe, std::string& text) {
            if (from.fd < 0 || from.revents == 0) return;
            const auto count = read(from.fd, buffer.data(), buffer.size());
            if (count > 0) {
                text.append(buffer.data(), static_cast<std::size_t>(count));
            } else {
                pipe.CloseRead();
            }
        };
        take(polled[1], out, result.output);
        take(polled[2], error, result.error);
    }
    return true;
}

}  // namespace

CommandResult Run(const Command& command) {
    // A command that ends before it has read its input must not end the test.
    static const auto ignored = std::signal(SIGPIPE, SIG_IGN);
    static_cast<void>(ignored);
    Pipe in, out, error;
    const pid_t pid = Spawn(command.argv, command.environment, in.Read(), out.Write(), error.Write());
    in.CloseRead();
    out.CloseWrite();
    error.CloseWrite();
    fcntl(in.Write(), F_SETFL, O_NONBLOCK);
    CommandResult result;
    const bool in_time = Exchange(command, in, out, error, result);
    if (!in_time) kill(pid, SIGKILL);
    int status = 0;
    waitpid(pid, &status, 0);
    if (!in_time) {
        throw std::runtime_error(Text(command) + ": did not end within " + std::to_string(command.timeout.count()) +
                                 " ms\n" + result.output + result.error);
    }
    result.exit_code = ExitCode(status);
    return result;
}

std::string RunOrThrow(const Command& command) {
    CommandResult result = Run(command);
    if (!result.Ok()) {
        throw std::runtime_error(Text(command) + ": exit code " + std::to_string(result.exit_code) + "\n" +
                                 result.output + result.error);
    }
    return std::move(result.output);
}

}  // namespace support
