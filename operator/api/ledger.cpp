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
    return ledger;
}

nlohmann::json PrintLedger(const std::string& ns, const std::vector<std::string>& satisfied) {
    return {{"apiVersion", kApiVersion},
            {"kind", "Ledger"},
            {"metadata", {{"namespace", ns}, {"name", kLedgerName}}},
            {"satisfied", satisfied}};
}

}  // namespace api
