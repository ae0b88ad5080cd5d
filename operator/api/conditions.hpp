#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/time.hpp"

namespace api {

inline constexpr std::string_view kReady = "Ready";
/// Abnormal-true, as kstatus reads it: work is under way or waited for.
inline constexpr std::string_view kReconciling = "Reconciling";
/// Abnormal-true: nothing will happen by itself any more; Flux, Helm and Argo CD call the object failed.
inline constexpr std::string_view kStalled = "Stalled";

enum class ConditionStatus { True, False, Unknown };

struct Condition {
    std::string type;
    ConditionStatus status = ConditionStatus::Unknown;
    std::int64_t observed_generation = 0;
    core::Time last_transition;
    std::string reason;
    std::string message;

    bool operator==(const Condition&) const = default;
};

/// What an object's conditions say in one word; always written as Ready, Reconciling and Stalled together, so that
/// kubectl wait, kstatus and people read the same thing.
enum class Summary {
    Ready,    ///< Ready True
    Working,  ///< Ready Unknown, Reconciling True: goes on by itself
    Failed,   ///< Ready False, Stalled True: someone has to change something
};

/// Of the condition Ready.
ConditionStatus ReadyStatus(Summary summary);

/// The three conditions for `summary`; a transition time moves only when that condition's status changes.
std::vector<Condition> Summarize(const std::vector<Condition>& before, Summary summary, std::string_view reason,
                                 std::string_view message, std::int64_t generation, core::Time now);

/// The condition of that type, or nullptr.
const Condition* FindCondition(const std::vector<Condition>& conditions, std::string_view type);

std::vector<Condition> ParseConditions(const nlohmann::json& array);
nlohmann::json PrintConditions(const std::vector<Condition>& conditions);

}  // namespace api
