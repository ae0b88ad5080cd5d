#pragma once

#include <string>
#include <vector>

#include "support/subprocess.hpp"

namespace support {

/// `helm ARGUMENTS` of the pinned version. Touches no cluster and no setting of whoever runs the tests.
CommandResult Helm(const std::vector<std::string>& arguments);

/// The same on the control plane as administrator, in namespace `ns`: what users of Helm do.
CommandResult HelmIn(const std::string& ns, const std::vector<std::string>& arguments);

/// The chart as it is installed, release and namespace as in the README: `helm template` with further `options`.
std::string RenderChart(const std::vector<std::string>& options = {});

/// Of the chart the documents with one of these names (metadata.name), in another API group. To an API server that has
/// long had the chart its kinds and policies are new under that one, and disturb nobody.
std::vector<std::string> RenderUnderGroup(const std::string& group, const std::vector<std::string>& names,
                                          const std::vector<std::string>& options = {});
/// `text` with `group` where Tidegate's stands.
std::string UnderGroup(const std::string& group, std::string text);

/// Installs the chart on the control plane, all but the operator itself (tests start it as a process), and waits until
/// every policy is in effect. Throws std::runtime_error when it does not come to that.
///
/// Several test programs may do so at once.
void InstallChart();

/// The chart stamps requesters some seconds after it was installed only: for cases that look at the stamp.
void AwaitStamps();

}  // namespace support
