#pragma once

#include <string>
#include <string_view>

namespace engine {

/// What of a container's last output may stand in a status: the last lines that fit into `limit` bytes, with what looks
/// like a credential replaced by "[redacted]" (passwords in URIs, key=value and key: value pairs whose key says
/// password, passwd, pwd, secret or token, SQL's PASSWORD '...'). Patterns cannot know every tool: `logTail: None`
/// keeps the whole tail out.
std::string RedactedTail(std::string_view output, std::size_t limit);

}  // namespace engine
