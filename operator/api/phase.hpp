#pragma once

#include <string_view>

namespace api {

/// What a Migration does to those who use the schema.
enum class Phase {
    Expand,    ///< adds: what ran before goes on
    Contract,  ///< takes away what versions below spec.minimumVersion need
    Down,      ///< takes back what lies above spec.version
};

/// As in spec.phase.
std::string_view Name(Phase phase);
/// The default for anything else.
Phase ParsePhase(std::string_view name);

}  // namespace api
