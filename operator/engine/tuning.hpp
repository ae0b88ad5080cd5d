#pragma once

#include <chrono>

namespace engine {

/// At most one probe a minute for one database, whatever asks for it: a probe costs a pod and three writes (DESIGN
/// section 5).
inline constexpr std::chrono::seconds kProbeInterval{60};

/// A Job that the API server refused is tried again after this: a quota may have been freed, a policy corrected. Each
/// try is one request.
inline constexpr std::chrono::seconds kRefusedJobInterval{15};

}  // namespace engine
