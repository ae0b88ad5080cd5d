#include "api/phase.hpp"

namespace api {

std::string_view Name(Phase phase) {
    switch (phase) {
        case Phase::Contract:
            return "Contract";
        case Phase::Down:
            return "Down";
        case Phase::Expand:
            break;
    }
    return "Expand";
}

Phase ParsePhase(std::string_view name) {
    for (const Phase phase : {Phase::Contract, Phase::Down}) {
        if (name == Name(phase)) return phase;
    }
    return Phase::Expand;
}

}  // namespace api
