#include "support/control_plane.hpp"

#include <cstdlib>
#include <stdexcept>

#include "support/subprocess.hpp"

namespace support {
namespace {

// Built at the first use, which takes minutes.
constexpr std::chrono::minutes kBuildTime{30};

}  // namespace

std::string SourceFile(const std::string& path) {
    return std::filesystem::path(TIDEGATE_SOURCE_DIRECTORY) / path;
}

const ControlPlane& ControlPlane::Get() {
    static const ControlPlane control_plane;
    return control_plane;
}

ControlPlane::ControlPlane() {
    const char* state = std::getenv("TIDEGATE_TEST_CONTROL_PLANE");
    if (state == nullptr || !std::filesystem::exists(std::filesystem::path(state) / "admin.kubeconfig")) {
        throw std::runtime_error(
            "no control plane: run deploy/local/control-plane up --state DIR and set TIDEGATE_TEST_CONTROL_PLANE=DIR, "
            "or let tests/run do both");
    }
    state_ = std::filesystem::absolute(state);
    std::string folder = RunOrThrow({.argv = {SourceFile("deploy/local/binaries"), "--only", "kubectl,helm"},
                                     .input = {},
                                     .environment = {},
                                     .timeout = kBuildTime});
    while (folder.ends_with('\n'))
        folder.pop_back();
    binaries_ = folder;
}

}  // namespace support
