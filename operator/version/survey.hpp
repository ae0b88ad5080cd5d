#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "version/level.hpp"
#include "version/reading.hpp"
#include "version/tool.hpp"

namespace version {

/// Makes a reading of the rows of a table that has one for each migration, however many there are: what it keeps grows
/// with the versions that are asked about, not with the rows.
///
/// A version is asked about by the name in the table, by one of the row's other names, by its number alone ("0007" for
/// 0007_add_email), or, where names are those of files, without the extension.
class Survey {
public:
    /// What `wanted` points to must outlive it.
    Survey(const Scheme& scheme, std::span<const std::string> wanted);

    /// In the order in which they were applied: the last one is the newest where names have no numbers.
    void Applied(const std::string& name, std::span<const std::string> other_names = {});
    /// Everything up to it counts as applied, without rows of its own.
    void Baseline(const std::string& name);
    /// Of a migration, or of anything else that was left half done; without a version, `name` is empty.
    void HalfDone(const std::string& name, const std::string& detail);

    Reading Finish() const;

private:
    struct Newest {
        std::string name;
        std::optional<Level> level;
    };

    void Find(const std::string& name);
    void FindByNumber(const std::string& name, const std::optional<Level>& level);

    Scheme scheme_;
    std::span<const std::string> wanted_;
    std::unordered_multimap<std::string, std::size_t> by_name_, by_number_;
    std::vector<bool> found_;
    /// By line.
    std::map<std::string, Newest> newest_;
    std::vector<Level> baselines_;
    std::string half_done_;
    std::vector<std::string> details_;
};

}  // namespace version
