#include "api/ledger.hpp"

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "api/object_meta.hpp"
#include "core/json_access.hpp"

namespace api {
namespace {

std::vector<ObservedBound> ParseObserved(const nlohmann::json& ledger, std::string_view field) {
    std::vector<ObservedBound> bounds;
    for (const auto& entry : core::ArrayAt(ledger, {field})) {
        bounds.push_back({.database = core::TextAt(entry, {"database"}),
                          .version = core::TextAt(entry, {"version"}),
                          .time = core::TimeAt(entry, {"time"}).value_or(core::Time{})});
    }
    return bounds;
}

}  // namespace

Ledger ParseLedger(const nlohmann::json& object) {
    Ledger ledger;
    ledger.key = ParseKey(object);
    ledger.uid = {core::TextAt(object, {"metadata", "uid"})};
    ledger.revision = core::Revision::Parse(core::TextAt(object, {"metadata", "resourceVersion"}));
    ledger.satisfied = core::TextsAt(object, {"satisfied"});
    for (const auto& entry : core::ArrayAt(object, {"released"})) {
        ledger.released.push_back({.kind = core::TextAt(entry, {"kind"}),
                                   .name = core::TextAt(entry, {"name"}),
                                   .uid = {core::TextAt(entry, {"uid"})},
                                   .requirement = core::TextAt(entry, {"requirement"})});
    }
    ledger.observed_floor = ParseObserved(object, "observedFloor");
    ledger.observed_ceiling = ParseObserved(object, "observedCeiling");
    return ledger;
}

nlohmann::json PrintReleases(const std::vector<HandRelease>& released) {
    auto entries = nlohmann::json::array();
    for (const auto& release : released) {
        entries.push_back({{"kind", release.kind},
                           {"name", release.name},
                           {"uid", release.uid.value},
                           {"requirement", release.requirement}});
    }
    return entries;
}

nlohmann::json PrintObserved(const std::vector<ObservedBound>& bounds) {
    auto entries = nlohmann::json::array();
    for (const auto& bound : bounds) {
        entries.push_back(
            {{"database", bound.database}, {"version", bound.version}, {"time", core::FormatTime(bound.time)}});
    }
    return entries;
}

nlohmann::json PrintLedger(const Ledger& ledger) {
    nlohmann::json object{{"apiVersion", kApiVersion},
                          {"kind", "Ledger"},
                          {"metadata", {{"namespace", ledger.key.ns}, {"name", kLedgerName}}},
                          {"satisfied", ledger.satisfied}};
    if (!ledger.released.empty()) object["released"] = PrintReleases(ledger.released);
    if (!ledger.observed_floor.empty()) object["observedFloor"] = PrintObserved(ledger.observed_floor);
    if (!ledger.observed_ceiling.empty()) object["observedCeiling"] = PrintObserved(ledger.observed_ceiling);
    return object;
}

}  // namespace api
