#include "engine/repair.hpp"

#include "engine/explain.hpp"

namespace engine {
namespace {

using version::Tool;

constexpr std::string_view kVersion = "{version}";
constexpr std::string_view kBefore = "{before}";
/// Of names that tools recorded: enough to recognise them, and the record's message has 1024 bytes.
constexpr std::size_t kLongestName = 100;

struct Advice {
    Tool tool;
    /// With kVersion for the version that was left half done and kBefore for where the run began. The commands are the
    /// tool's own, as its present release spells them.
    std::string_view dirty;
    /// Frees the tool's lock.
    std::string_view unlock;
};

constexpr Advice kAdvice[] = {
    {Tool::Flyway, "Undo what it left, then run \"flyway repair\", which takes the failed row away.", ""},
    {Tool::Liquibase, "", "liquibase release-locks"},
    {Tool::GolangMigrate,
     "Undo what it left and run \"migrate force V\" with the version before it as V{before}, or complete it by hand "
     "and run \"migrate force {version}\".",
     ""},
    {Tool::Atlas,
     "Mend what stopped it and run it again: Atlas goes on behind the last statement that passed. Or undo what it left "
     "and run \"atlas migrate set V\" with the version before it as V{before}, or complete it by hand and run \"atlas "
     "migrate set {version}\".",
     ""},
    {Tool::Prisma,
     "Undo what it left and run \"prisma migrate resolve --rolled-back {version}\", or complete it by hand and run "
     "\"prisma migrate resolve --applied {version}\".",
     ""},
    {Tool::Knex, "", "knex migrate:unlock"},
    {Tool::Sqlx,
     "Undo what it left, then delete the row of version {version} from the history table; sqlx has no command for it.",
     ""},
};

Advice Find(Tool tool) {
    for (const Advice& advice : kAdvice) {
        if (advice.tool == tool) return advice;
    }
    return {tool, "", ""};
}

void Replace(std::string& text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
}

std::string BeganAt(Tool tool, const version::Reading* before) {
    if (before == nullptr || before->dirty || before->truncated) return {};
    if (before->versions.size() == 1) {
        return " (this run began at " + Quote(before->versions.front(), kLongestName) +
               "; what it completed since counts)";
    }
    // "--", or the program takes the number for an option.
    if (before->versions.empty() && tool == Tool::GolangMigrate)
        return " (this run began before the first version, for which \"migrate force -- -1\" stands)";
    return {};
}

bool IsTheSame(const version::ToolLock& lock, const version::Reading* before) {
    return before != nullptr && before->lock && before->lock->holder == lock.holder &&
           before->lock->since == lock.since;
}

}  // namespace

std::string RepairAdvice(Tool tool, const version::Reading& dirty, const version::Reading* before) {
    std::string text{Find(tool).dirty};
    if (text.empty()) return "Repair it with the tool's own command.";
    Replace(text, kBefore, BeganAt(tool, before));
    Replace(text, kVersion, dirty.half_done.empty() ? "<its version>" : Quote(dirty.half_done, kLongestName));
    return text;
}

std::string ExplainToolLock(Tool tool, const version::Reading& reading, const LockSuspects& suspects) {
    if (!reading.lock) return {};
    const version::ToolLock& lock = *reading.lock;
    std::string text =
        std::string(version::Name(tool)) + "'s own lock, a row in " + Quote(lock.table, kLongestName) + ", is taken";
    if (!lock.holder.empty()) text += " by \"" + Quote(lock.holder, kLongestName) + "\"";
    if (!lock.since.empty()) text += " since " + Quote(lock.since, kLongestName) + " by its clock";
    if (!lock.until.empty())
        return text + ", until " + Quote(lock.until, kLongestName) + "; then it is free by itself.";
    if (IsTheSame(lock, suspects.before)) text += ", and was before this run began";
    const bool is_ours = !suspects.job.empty() && lock.holder.starts_with(std::string(suspects.job) + "-");
    text += is_ours ? ". That is the pod of this run, which has ended: "
                    : ". Unless a run that Tidegate does not know of is under way, a killed one left it: ";
    return text + "run \"" + std::string(Find(tool).unlock) + "\", or every next run fails.";
}

bool IsStuck(const version::Reading& reading) {
    return reading.lock && reading.lock->until.empty();
}

}  // namespace engine
