#include "observed/startup_failure.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "core/json_access.hpp"
#include "core/text.hpp"

namespace observed {
namespace {

using core::TextAt;

/// Bytes: the agent's line has some 200.
constexpr std::size_t kLongestWords = 400;
/// The kubelet's words before the output of the command. An event that stands for several begins with other ones.
constexpr std::string_view kFailed = "Startup probe failed: ";

/// When the event was seen last: the kubelet counts repetitions in one object.
std::optional<core::Time> LastSeen(const nlohmann::json& event) {
    std::optional<core::Time> newest;
    for (const auto& time :
         {core::TimeAt(event, {"series", "lastObservedTime"}), core::TimeAt(event, {"lastTimestamp"}),
          core::TimeAt(event, {"eventTime"}), core::TimeAt(event, {"metadata", "creationTimestamp"})}) {
        if (time && (!newest || *newest < *time)) newest = time;
    }
    return newest;
}

}  // namespace

std::optional<StartupFailure> ParseStartupFailure(const nlohmann::json& event) {
    const std::string of_agent = "{" + std::string(api::kAgentContainer) + "}";
    if (!TextAt(event, {"involvedObject", "fieldPath"}).ends_with(of_agent)) return std::nullopt;
    const std::string message = TextAt(event, {"message"});
    const auto at = message.find(kFailed);
    const auto time = LastSeen(event);
    if (at == std::string::npos || !time) return std::nullopt;
    auto words = core::OneLine(std::string_view(message).substr(at + kFailed.size()), kLongestWords);
    while (!words.empty() && words.back() == ' ')
        words.pop_back();
    if (words.empty()) return std::nullopt;
    return StartupFailure{.time = *time, .words = std::move(words)};
}

core::Uid JobInTheWay(std::string_view words) {
    const auto at = words.find(api::kFenceTagPrefix);
    if (at == std::string_view::npos) return {};
    const auto uid = words.substr(at + api::kFenceTagPrefix.size());
    const auto is_of_uid = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    };
    return {std::string(uid.begin(), std::find_if_not(uid.begin(), uid.end(), is_of_uid))};
}

}  // namespace observed
