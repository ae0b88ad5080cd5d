#pragma once

#include <chrono>
#include <iosfwd>
#include <string>
#include <vector>

#include "kube/client.hpp"

namespace controllers {

/// What `tidegate release --all` is told.
struct ReleaseAllOptions {
    /// Empty: all namespaces.
    std::vector<std::string> namespaces;
    /// MutatingAdmissionPolicyBindings that are deleted before anything else: with the hold policy in effect, what
    /// starts after us would be held for ever, and the policies would put back what we take away.
    std::vector<std::string> bindings;
    /// Below Helm's own patience with a hook (5 minutes), so that the last word is ours.
    std::chrono::seconds timeout{240};
};

/// Leaves no workload held, suspended by us or marked: the gate's end, before Tidegate is uninstalled. A held rollout
/// starts whether or not its requirement is proven; of several held Jobs of one CronJob the newest, and the older ones
/// are deleted.
///
/// Works without the operator, and beside it. Goes over all workloads, page by page, again and again until a pass has
/// found nothing: so conflicts, lost answers and what other API servers held for a moment longer are made good. May be
/// interrupted at any time and run again.
///
/// Says on `out` what it did, one line per workload that it started, and at the end what is left. Returns an exit code:
/// 0 when nothing is left; 1 when the time is over, or when for a while nothing more could be done.
int ReleaseAll(const kube::Client& client, const ReleaseAllOptions& options, std::ostream& out);

}  // namespace controllers
