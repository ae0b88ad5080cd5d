#include "controllers/status_patch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace controllers {
namespace {

using Json = nlohmann::json;

Json WithHistory(int entries) {
    Json object = {{"status", {{"observedGeneration", -1}}}};
    for (int i = 0; i < entries; ++i)
        object["status"]["history"].push_back({{"key", "old-" + std::to_string(i)}});
    return object;
}

std::vector<std::string> Keys(const Json& object) {
    std::vector<std::string> keys;
    for (const auto& entry : object["status"].value("history", Json::array()))
        keys.push_back(entry["key"]);
    return keys;
}

engine::WriteMigrationStatus Write(const Json& object, std::size_t limit) {
    engine::WriteMigrationStatus write{.entry = api::HistoryEntry{.key = "new", .launch = 1}, .history_limit = limit};
    write.status.observed_generation = 5;
    write.status.history_size = object["status"].value("history", Json::array()).size();
    return write;
}

TEST(MigrationStatusPatch, ANewEntryIsTheFirstAndTheSurplusIsRemoved) {
    struct Case {
        int entries;
        std::size_t limit;
        std::vector<std::string> keys;
    };
    const Case cases[] = {
        {0, 3, {"new"}},
        {1, 3, {"new", "old-0"}},
        {2, 3, {"new", "old-0", "old-1"}},
        {3, 3, {"new", "old-0", "old-1"}},
        {5, 3, {"new", "old-0", "old-1"}},
        {1, 1, {"new"}},
        {5, 1, {"new"}},
        {2, 0, {"new"}},
    };
    for (const auto& [entries, limit, keys] : cases) {
        const Json before = WithHistory(entries);
        const Json after = before.patch(MigrationStatusPatch(Write(before, limit)));
        EXPECT_EQ(Keys(after), keys) << entries << " entries, limit " << limit;
        EXPECT_EQ(after["status"]["observedGeneration"], 5);
    }
}

TEST(MigrationStatusPatch, WithoutAnEntryTheHistoryIsLeftAlone) {
    const Json before = WithHistory(4);
    auto write = Write(before, 2);
    write.entry.reset();
    write.status.run = api::RunStatus{.key = "k"};
    const Json after = before.patch(MigrationStatusPatch(write));
    EXPECT_EQ(after["status"]["history"], before["status"]["history"]);
    EXPECT_EQ(after["status"]["run"]["key"], "k");
}

TEST(DatabaseStatusPatch, ReplacesTheStatusAsAWhole) {
    const Json before = {{"status", {{"version", "0001"}, {"probe", {{"launch", 1}}}}}};
    engine::WriteDatabaseStatus write;
    write.status.observed_generation = 2;
    const Json after = before.patch(DatabaseStatusPatch(write));
    EXPECT_EQ(after["status"], api::PrintDatabaseStatus(write.status));
    EXPECT_FALSE(after["status"].contains("version"));
}

}  // namespace
}  // namespace controllers
