#pragma once

#include <functional>
#include <string>

#include "control_plane/fuzz/walk.hpp"

namespace test {

/// What PersistInvalid needs of its surroundings.
struct PersistGround {
    std::function<std::string(std::size_t)> ns;
    std::function<const Mirror&(std::size_t)> mirror;
    std::function<void()> restart_operator;
    std::function<void()> check_quiet;
};

/// Objects that today's CRDs refuse, but that are stored: as if an older, looser CRD had admitted them. They are
/// written to etcd, past the API server, while the operator works and once more before it lists everything anew; then
/// each of them gets a valid spec and must recover.
void PersistInvalid(RawApi& api, const Walk::Kinds& kinds, int count, int seed, FuzzReport& report,
                    const std::function<void(int, const std::function<void(int)>&)>& in_parallel,
                    const PersistGround& ground);

}  // namespace test
