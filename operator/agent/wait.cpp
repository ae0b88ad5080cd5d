#include "agent/wait.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include "agent/outcome.hpp"
#include "agent/report_file.hpp"
#include "api/requirement.hpp"
#include "database/connection.hpp"
#include "database/encryption.hpp"
#include "database/history/history.hpp"
#include "version/order.hpp"

namespace agent {
namespace {

using Steady = std::chrono::steady_clock;

/// What is the matter, in words; empty: nothing.
std::string WhatIsMissing(const api::Requirement& wanted, const version::Scheme& scheme,
                          const version::Reading& reading) {
    std::string at = "the history table is not there yet";
    if (reading.initialised) {
        at = "it is at ";
        for (const auto& version : reading.versions)
            at += (&version == &reading.versions.front() ? "" : ", ") + version;
        if (reading.versions.empty()) at += "no version";
    }
    if (reading.dirty) {
        return "the tool says that a migration ended half-way (" + reading.dirty_detail +
               "); repair it with the tool's own command";
    }
    switch (version::Reached(scheme, reading, wanted.version)) {
        case version::Standing::Reached:
            return {};
        case version::Standing::NotReached:
            return at;
        case version::Standing::Unknown:
            break;
    }
    return at + ", which does not tell whether the version is contained; name it as the tool's table names it";
}

std::optional<api::Requirement> ParseOne(const std::string& text) {
    const auto parsed = api::ParseRequirements(text);
    if (!parsed.malformed.empty() || parsed.requirements.size() != 1 || parsed.requirements.front().image)
        return std::nullopt;
    return parsed.requirements.front();
}

/// Says a line when it is another one than before.
class Narrator {
public:
    void Say(const std::string& line) {
        if (line != last_) agent::Say(line);
        last_ = line;
    }

private:
    std::string last_;
};

}  // namespace

int Wait(const Configuration& configuration, const WaitOptions& options, const StopSignal& stop) {
    const auto wanted = ParseOne(options.requirement);
    if (!wanted) {
        Say("\"" + options.requirement +
            "\" is not one requirement with a version; write DATABASE@VERSION (an image cannot be waited for here: no "
            "table says which one ran)");
        return kUsage;
    }
    const auto end = Steady::now() + options.timeout;
    const std::string waits = "waits for " + wanted->text + ": ";
    Narrator narrator, connections;
    std::unique_ptr<database::Connection> connection;
    int outcome = kNotReady;
    while (!stop.IsRequested()) {
        try {
            if (!connection) {
                connection = std::make_unique<database::Connection>(configuration.credentials, "tidegate-wait");
                connections.Say("connected to database " + connection->Target() + ", " +
                                database::DescribeEncryption(*connection));
            }
            const auto reading = database::history::Read(*connection, configuration.history, {wanted->version});
            const auto missing = WhatIsMissing(*wanted, configuration.history.Scheme(), reading);
            if (missing.empty()) {
                Say(wanted->text + " is reached");
                return kDone;
            }
            outcome = kNotReady;
            narrator.Say(waits + missing);
        } catch (const database::DbError& error) {
            connection.reset();
            outcome = ExitCodeOf(error.Kind());
            narrator.Say(waits + error.what());
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Steady::now());
        if (left.count() <= 0) {
            Say("gives up after " + std::to_string(options.timeout.count()) + " s; " + wanted->text +
                " is not reached, so this pod does not start. See the Migration that brings it, or raise --timeout");
            return outcome;
        }
        stop.Pause(std::min(options.interval, left));
    }
    return kStoppedBeforeReady;
}

}  // namespace agent
