#pragma once

#include <chrono>
#include <functional>
#include <string>

#include <gtest/gtest.h>

namespace support {

/// How long a test waits for what takes milliseconds when all is well. Long, because two cores are shared by an API
/// server, its controllers and a compiler; a test that passes never waits that long.
inline constexpr std::chrono::seconds kPatience{30};

/// Asks again until `condition` holds. The condition may throw (an object is not there yet): that counts as "not yet".
/// On failure the message is `describe`'s, or the last exception.
///
///     ASSERT_TRUE(Eventually([&] { return kubectl.GetJson("job/" + name)["status"]["failed"] == 1; }, "the Job
///     fails"));
testing::AssertionResult Eventually(const std::function<bool()>& condition, const std::string& what,
                                    std::chrono::milliseconds timeout = kPatience,
                                    const std::function<std::string()>& describe = {});

}  // namespace support
