#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "core/object_key.hpp"
#include "kube/client.hpp"
#include "kube/resources.hpp"
#include "runtime/write_tracker.hpp"

namespace controllers {

/// Reads live every object whose last write by `key` got no answer, so that the tracker knows which revision the stores
/// have to show before anything is decided. Returns the names of the Jobs among them that exist: a moment later they
/// may be gone, and then nothing else tells that they were there. Throws what kube::Client::Get throws; what is in
/// doubt then stays so.
std::vector<std::string> ResolveDoubts(runtime::WriteTracker& tracker, const kube::Client& client,
                                       const core::ObjectKey& key, const std::stop_token& stop);

}  // namespace controllers
