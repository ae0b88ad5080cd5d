#include "version/survey.hpp"

#include "version/order.hpp"

namespace version {

Survey::Survey(const Scheme& scheme, std::span<const std::string> wanted)
    : scheme_{scheme}, wanted_{wanted}, found_(wanted.size()) {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        by_name_.emplace(wanted[i], i);
        if (const auto level = Level::Parse(scheme, wanted[i])) by_number_.emplace(level->Key(), i);
    }
}

void Survey::Find(const std::string& name) {
    const auto [begin, end] = by_name_.equal_range(name);
    for (auto at = begin; at != end; ++at)
        found_[at->second] = true;
}

void Survey::FindByNumber(const std::string& name, const std::optional<Level>& level) {
    if (!level) return;
    const auto [begin, end] = by_number_.equal_range(level->Key());
    for (auto at = begin; at != end; ++at) {
        const auto order = Compare(scheme_, wanted_[at->second], name);
        if (order && std::is_eq(*order)) found_[at->second] = true;
    }
}

void Survey::Applied(const std::string& name, std::span<const std::string> other_names) {
    Find(name);
    for (const std::string& other : other_names)
        Find(other);
    if (Traits(scheme_.tool).spelling == Spelling::FileName) Find(std::string{WithoutExtension(name)});
    auto level = Level::Parse(scheme_, name);
    FindByNumber(name, level);

    // Django: a name without a number is the newest of its app only until one with a number comes.
    const bool has_apps = Traits(scheme_.tool).spelling == Spelling::AppAndName;
    const std::string line = level ? level->Line() : has_apps ? name.substr(0, name.find('.')) : "";
    Newest& newest = newest_[line];
    if (newest.level) {
        const auto order = level ? Level::Compare(*level, *newest.level) : std::nullopt;
        // A name without a number among numbered ones is no position; of two times that contain each other the later
        // row counts.
        if (!level || (order && std::is_lt(*order))) return;
    }
    newest = {.name = name, .level = std::move(level)};
}

void Survey::Baseline(const std::string& name) {
    Applied(name);
    if (auto level = Level::Parse(scheme_, name)) baselines_.push_back(std::move(*level));
}

void Survey::HalfDone(const std::string& name, const std::string& detail) {
    if (details_.empty()) half_done_ = name;
    details_.push_back(detail);
}

Reading Survey::Finish() const {
    Reading reading{.initialised = true, .dirty = !details_.empty()};
    if (reading.dirty) reading.dirty_detail = details_.front();
    reading.half_done = half_done_;
    if (details_.size() > 1) reading.dirty_detail += " (and " + std::to_string(details_.size() - 1) + " more)";
    for (const auto& [line, newest] : newest_)
        reading.versions.push_back(newest.name);
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
        bool found = found_[i];
        const auto level = found || baselines_.empty() ? std::nullopt : Level::Parse(scheme_, wanted_[i]);
        for (const Level& baseline : baselines_) {
            const auto order = level ? Level::Compare(*level, baseline) : std::nullopt;
            found = found || (order && std::is_lteq(*order));
        }
        (found ? reading.reached : reading.absent).push_back(wanted_[i]);
    }
    return reading;
}

}  // namespace version
