#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;

const fs::path kOperator = fs::path(TIDEGATE_SOURCE_DIRECTORY) / "operator";

/// Folders whose answers must depend on their arguments alone (DESIGN section 7).
const std::vector<std::string> kPureRooms = {"core", "version", "api", "observed", "engine", "jobs", "gate"};

struct Line {
    fs::path file;
    int number;
    std::string text;
};

std::vector<Line> LinesOf(const std::string& room) {
    std::vector<Line> lines;
    for (const auto& entry : fs::recursive_directory_iterator(kOperator / room)) {
        const auto extension = entry.path().extension();
        if (extension != ".hpp" && extension != ".cpp") continue;
        std::ifstream in(entry.path());
        int number = 0;
        for (std::string text; std::getline(in, text);)
            lines.push_back({fs::relative(entry.path(), kOperator), ++number, text});
    }
    return lines;
}

std::string Code(const std::string& line) {
    return line.substr(0, line.find("//"));
}

TEST(Purity, PureRoomsUseNoClockThreadFileEnvironmentOrChance) {
    static const std::regex kForbidden(
        R"((system_clock|steady_clock|high_resolution_clock|::now\s*\(|\btime\s*\(\s*(nullptr|NULL|0)\s*\)|gettimeofday)"
        R"(|<(thread|mutex|shared_mutex|atomic|condition_variable|future|semaphore|stop_token)>|thread_local)"
        R"(|<(fstream|filesystem|iostream|sys/|unistd|fcntl|dirent)|fopen|\bopen\s*\(|std::c(out|err|in)\b)"
        R"(|getenv|setenv|environ\b|<random>|random_device|\brand\s*\(|mt19937|getrandom)"
        R"(|\bsocket\b|<arpa/|<netdb|pqxx|libpq|cpprest|<spdlog|prometheus|yaml-cpp|boost/asio|sleep_for|usleep))");
    for (const auto& room : kPureRooms) {
        const auto lines = LinesOf(room);
        ASSERT_FALSE(lines.empty()) << room;
        for (const auto& [file, number, text] : lines) {
            EXPECT_FALSE(std::regex_search(Code(text), kForbidden))
                << "operator/" << file.string() << ":" << number << ": a pure room must not do this: " << text;
        }
    }
}

TEST(Purity, FindsWhatItLooksFor) {
    // A test that greps nothing passes for ever: the same pattern finds the clocks of the impure rooms.
    bool found = false;
    for (const auto& line : LinesOf("runtime"))
        found = found || line.text.find("steady_clock") != std::string::npos;
    EXPECT_TRUE(found);
}

/// Rooms that a room may use; what is not listed is not there yet or may use nothing of ours.
const std::map<std::string, std::set<std::string>> kMayUse = {
    {"core", {}},
    {"version", {"core"}},
    {"api", {"core", "version"}},
    {"observed", {"core", "version", "api"}},
    {"engine", {"core", "version", "api", "observed"}},
    {"jobs", {"core", "version", "api", "observed"}},
    {"gate", {"core", "version", "api", "observed"}},
    {"kube", {"core"}},
    {"runtime", {"core", "kube"}},
    {"telemetry", {"core", "kube", "runtime"}},
    {"database", {"core", "version"}},
    {"agent", {"core", "version", "api", "database"}},
    {"controllers", {"core", "version", "api", "observed", "engine", "jobs", "gate", "kube", "runtime", "telemetry"}},
    {"programs", {"core", "version", "api", "controllers", "agent", "runtime", "telemetry", "kube", "jobs"}},
};

TEST(Purity, LinksGoInTheDirectionOfTheDesign) {
    static const std::regex kLink(R"(\btidegate_([a-z]+)\b)");
    for (const auto& entry : fs::directory_iterator(kOperator)) {
        if (!entry.is_directory()) continue;
        const auto room = entry.path().filename().string();
        ASSERT_TRUE(kMayUse.contains(room)) << "a new room: say in this test what it may use";
        std::ifstream in(entry.path() / "CMakeLists.txt");
        int number = 0;
        for (std::string text; std::getline(in, text);) {
            ++number;
            for (std::sregex_iterator it(text.begin(), text.end(), kLink), end; it != end; ++it) {
                const std::string used = (*it)[1];
                if (used == "library" || used == room) continue;
                EXPECT_TRUE(kMayUse.at(room).contains(used))
                    << "operator/" << room << "/CMakeLists.txt:" << number << ": " << room << " must not link " << used;
            }
        }
    }
}

TEST(Purity, IncludesGoInTheDirectionOfTheDesign) {
    static const std::regex kInclude(R"(^\s*#include "([a-z_]+)/)");
    for (const auto& [room, may_use] : kMayUse) {
        if (!fs::exists(kOperator / room)) continue;
        for (const auto& [file, number, text] : LinesOf(room)) {
            std::smatch match;
            if (!std::regex_search(text, match, kInclude) || match[1] == room) continue;
            EXPECT_TRUE(may_use.contains(match[1]))
                << "operator/" << file.string() << ":" << number << ": " << room << " must not use " << match[1];
        }
    }
}

}  // namespace
