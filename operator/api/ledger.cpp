#include "api/ledger.hpp"

#include <nlohmann/json.hpp>

#include "api/names.hpp"
#include "api/object_meta.hpp"

namespace api {

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

nlohmann::json PrintLedger(const std::string& ns, const std::vector<std::string>& satisfied,
                           const std::vector<HandRelease>& released) {
    nlohmann::json ledger{{"apiVersion", kApiVersion},
                          {"kind", "Ledger"},
                          {"metadata", {{"namespace", ns}, {"name", kLedgerName}}},
                          {"satisfied", satisfied}};
    if (!released.empty()) ledger["released"] = PrintReleases(released);
    return ledger;
}

}  // namespace api
