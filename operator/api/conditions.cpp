#include "api/conditions.hpp"

#include <nlohmann/json.hpp>

#include "core/json_access.hpp"
#include "core/text.hpp"

namespace api {
namespace {

/// The CRDs' maxLength of a condition message.
constexpr std::size_t kLongestMessage = 4096;

std::string_view Print(ConditionStatus status) {
    switch (status) {
        case ConditionStatus::True:
            return "True";
        case ConditionStatus::False:
            return "False";
        case ConditionStatus::Unknown:
            break;
    }
    return "Unknown";
}

ConditionStatus ParseStatus(std::string_view text) {
    if (text == "True") return ConditionStatus::True;
    if (text == "False") return ConditionStatus::False;
    return ConditionStatus::Unknown;
}

ConditionStatus StatusOf(std::string_view type, Summary summary) {
    const bool abnormal =
        (type == kReconciling && summary == Summary::Working) || (type == kStalled && summary == Summary::Failed);
    if (type == kReady) return ReadyStatus(summary);
    return abnormal ? ConditionStatus::True : ConditionStatus::False;
}

}  // namespace

ConditionStatus ReadyStatus(Summary summary) {
    if (summary == Summary::Ready) return ConditionStatus::True;
    return summary == Summary::Failed ? ConditionStatus::False : ConditionStatus::Unknown;
}

const Condition* FindCondition(const std::vector<Condition>& conditions, std::string_view type) {
    for (const Condition& condition : conditions) {
        if (condition.type == type) return &condition;
    }
    return nullptr;
}

std::vector<Condition> Summarize(const std::vector<Condition>& before, Summary summary, std::string_view reason,
                                 std::string_view message, std::int64_t generation, core::Time now) {
    std::vector<Condition> conditions;
    for (const std::string_view type : {kReady, kReconciling, kStalled}) {
        Condition condition{.type = std::string(type),
                            .status = StatusOf(type, summary),
                            .observed_generation = generation,
                            .last_transition = now,
                            .reason = std::string(reason),
                            .message = core::OneLine(message, kLongestMessage)};
        const Condition* old = FindCondition(before, type);
        if (old != nullptr && old->status == condition.status) condition.last_transition = old->last_transition;
        conditions.push_back(std::move(condition));
    }
    return conditions;
}

std::vector<Condition> ParseConditions(const nlohmann::json& array) {
    std::vector<Condition> conditions;
    for (const auto& item : array) {
        conditions.push_back({.type = core::TextAt(item, {"type"}),
                              .status = ParseStatus(core::TextAt(item, {"status"})),
                              .observed_generation = core::NumberAt(item, {"observedGeneration"}).value_or(0),
                              .last_transition = core::TimeAt(item, {"lastTransitionTime"}).value_or(core::Time{}),
                              .reason = core::TextAt(item, {"reason"}),
                              .message = core::TextAt(item, {"message"})});
    }
    return conditions;
}

nlohmann::json PrintConditions(const std::vector<Condition>& conditions) {
    auto array = nlohmann::json::array();
    for (const Condition& condition : conditions) {
        array.push_back({{"type", condition.type},
                         {"status", Print(condition.status)},
                         {"observedGeneration", condition.observed_generation},
                         {"lastTransitionTime", core::FormatTime(condition.last_transition)},
                         {"reason", condition.reason},
                         {"message", condition.message}});
    }
    return array;
}

}  // namespace api
