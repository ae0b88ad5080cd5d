#include "gate/workload_patch.hpp"

#include "api/names.hpp"
#include "core/text.hpp"

namespace gate {

using Json = nlohmann::json;

std::string Escaped(std::string_view step) {
    std::string escaped;
    for (const char c : step) {
        if (c == '~') {
            escaped += "~0";
        } else if (c == '/') {
            escaped += "~1";
        } else {
            escaped += c;
        }
    }
    return escaped;
}

Json Operation(std::string_view op, std::string path) {
    return {{"op", op}, {"path", std::move(path)}};
}

Json Operation(std::string_view op, std::string path, Json value) {
    return {{"op", op}, {"path", std::move(path)}, {"value", std::move(value)}};
}

Json ReleaseOperations(core::Revision at, const Json& own, bool has_waiting_for) {
    Json patch = Json::array();
    patch.push_back(Operation("test", "/metadata/resourceVersion", at.ToString()));
    patch.insert(patch.end(), own.begin(), own.end());
    patch.push_back(Operation("add", "/metadata/labels/" + Escaped(api::kGateLabel), api::kGateOpen));
    if (has_waiting_for) {
        patch.push_back(Operation("remove", "/metadata/annotations/" + Escaped(api::kWaitingForAnnotation)));
    }
    return patch;
}

Json WaitingForPatch(std::string_view text, core::Revision at) {
    Json metadata{{"resourceVersion", at.ToString()}};
    metadata["annotations"][std::string(api::kWaitingForAnnotation)] = core::OneLine(text, kLongestWaitingFor);
    return {{"metadata", std::move(metadata)}};
}

}  // namespace gate
