#pragma once

#include <stop_token>

#include "core/object_key.hpp"
#include "kube/client.hpp"
#include "runtime/write_tracker.hpp"

namespace controllers {

/// Reads live every object whose last write by `key` got no answer, so that the tracker knows which revision the stores
/// have to show before anything is decided. Throws what kube::Client::Get throws; what is in doubt then stays so.
void ResolveDoubts(runtime::WriteTracker& tracker, const kube::Client& client, const core::ObjectKey& key,
                   const std::stop_token& stop);

}  // namespace controllers
