#include "support/fault_proxy_request.hpp"

#include <charconv>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/json_access.hpp"

namespace support {
namespace {

std::string Decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ec == std::errc{}) {
            decoded += static_cast<char>(value);
            i += 2;
        } else {
            decoded += text[i];
        }
    }
    return decoded;
}

std::vector<std::string> Segments(std::string_view path) {
    std::vector<std::string> segments;
    while (!path.empty()) {
        const auto end = std::min(path.find('/'), path.size());
        if (end > 0) segments.emplace_back(path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return segments;
}

std::string VerbOf(std::string_view method, bool has_name, bool is_watch) {
    if (method == "GET") return is_watch ? "watch" : has_name ? "get" : "list";
    if (method == "POST") return "create";
    if (method == "PUT") return "update";
    if (method == "PATCH") return "patch";
    if (method == "DELETE") return has_name ? "delete" : "deletecollection";
    return std::string(method);
}

}  // namespace

std::string ProxiedRequest::Query(std::string_view parameter) const {
    const auto mark = target.find('?');
    if (mark == std::string::npos) return {};
    std::string_view rest = std::string_view(target).substr(mark + 1);
    while (!rest.empty()) {
        const auto end = std::min(rest.find('&'), rest.size());
        const auto pair = rest.substr(0, end);
        const auto equals = std::min(pair.find('='), pair.size());
        if (pair.substr(0, equals) == parameter) return Decoded(pair.substr(std::min(equals + 1, pair.size())));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return {};
}

std::string ProxiedRequest::Describe() const {
    std::string text = verb + " " + resource + (subresource.empty() ? "" : "/" + subresource) + " ";
    if (!name.empty() || verb != "create") return text + name;
    return text + core::TextAt(nlohmann::json::parse(body, nullptr, false), {"metadata", "name"});
}

ProxiedRequest ParseProxiedRequest(std::string_view method, std::string target, std::string body) {
    ProxiedRequest request;
    request.target = std::move(target);
    request.body = std::move(body);
    auto path = Segments(std::string_view(request.target).substr(0, request.target.find('?')));
    std::size_t at = 0;
    const auto next = [&]() -> std::string { return at < path.size() ? path[at++] : std::string(); };
    if (next() == "apis") request.group = next();
    next();  // version
    if (at + 2 < path.size() && path[at] == "namespaces") {
        next();
        request.ns = next();
    }
    request.resource = next();
    request.name = next();
    request.subresource = next();
    request.verb = VerbOf(method, !request.name.empty(), request.Query("watch") == "true");
    return request;
}

bool IsWritePoint(const ProxiedRequest& request) {
    const bool reads = request.verb == "get" || request.verb == "list" || request.verb == "watch";
    return !reads && request.resource != "events" && request.resource != "leases";
}

std::string ResourceWithSub(const ProxiedRequest& request) {
    return request.resource + (request.subresource.empty() ? "" : "/" + request.subresource);
}

}  // namespace support
