#include "support/eventually.hpp"

#include <exception>
#include <thread>

namespace support {
namespace {

constexpr std::chrono::milliseconds kPoll{20};

}  // namespace

testing::AssertionResult Eventually(const std::function<bool()>& condition, const std::string& what,
                                    std::chrono::milliseconds timeout, const std::function<std::string()>& describe) {
    const auto end = std::chrono::steady_clock::now() + timeout;
    std::string last;
    while (true) {
        try {
            if (condition()) return testing::AssertionSuccess();
            last.clear();
        } catch (const std::exception& exception) {
            last = exception.what();
        }
        if (std::chrono::steady_clock::now() >= end) break;
        std::this_thread::sleep_for(kPoll);
    }
    auto failure = testing::AssertionFailure() << "not within " << timeout.count() << " ms: " << what;
    if (!last.empty()) failure << "\n" << last;
    if (describe) failure << "\n" << describe();
    return failure;
}

}  // namespace support
