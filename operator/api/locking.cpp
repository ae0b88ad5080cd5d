#include "api/locking.hpp"

#include <array>
#include <utility>

namespace api {
namespace {

constexpr std::array<std::pair<LockWatch::Action, std::string_view>, 2> kActions{
    {{LockWatch::Action::Report, "Report"}, {LockWatch::Action::Cancel, "Cancel"}}};

}  // namespace

std::string_view Name(LockWatch::Action action) {
    return kActions.at(static_cast<std::size_t>(action)).second;
}

std::optional<LockWatch::Action> ParseLockWatchAction(std::string_view name) {
    for (const auto& [action, text] : kActions) {
        if (text == name) return action;
    }
    return std::nullopt;
}

}  // namespace api
