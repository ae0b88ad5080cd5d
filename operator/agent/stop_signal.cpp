#include "agent/stop_signal.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace agent {

StopSignal::Event::Event() : descriptor{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
    if (descriptor < 0) throw std::system_error{errno, std::generic_category(), "eventfd"};
}

StopSignal::Event::~Event() {
    ::close(descriptor);
}

StopSignal::StopSignal(std::stop_token stop)
    : stop_{std::move(stop)}, on_stop_{stop_, [this] { ::eventfd_write(event_.descriptor, 1); }} {}

void StopSignal::Pause(std::chrono::milliseconds duration) const {
    WaitReadable(-1, duration);
}

void StopSignal::WaitReadable(int descriptor, std::chrono::milliseconds timeout) const {
    pollfd descriptors[] = {{event_.descriptor, POLLIN, 0}, {descriptor, POLLIN | POLLRDHUP, 0}};
    ::poll(descriptors, 2, static_cast<int>(timeout.count()));
}

}  // namespace agent
