#include "kube/client.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/json_access.hpp"
#include "kube/status.hpp"
#include "kube/transport.hpp"

namespace kube {
namespace {

using Method = Request::Method;
constexpr std::string_view kJson = "application/json";

std::string Encode(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~';
        if (plain) {
            encoded += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            encoded.append({'%', kHex[byte >> 4U], kHex[byte & 15U]});
        }
    }
    return encoded;
}

/// Texts of foreign programs (a log's tail) need not be UTF-8; what is not is replaced, as the server would refuse it.
std::string Dump(const Json& body) {
    return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void AddQuery(std::string& target, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    target += target.find('?') == std::string::npos ? '?' : '&';
    target.append(name).append("=").append(Encode(value));
}

[[noreturn]] void Broken(const char* what, const Resource& resource) {
    std::fprintf(stderr, "kube::Client: %s (%s)\n", what, resource.QualifiedName().c_str());
    std::abort();
}

core::Revision RevisionOf(const Json& object) {
    return core::Revision::Parse(core::TextAt(object, {"metadata", "resourceVersion"}));
}

std::string Name(Method method, const Resource& resource, const core::ObjectKey& key) {
    return std::string(ToString(method)) + " " + resource.QualifiedName() + " " + key.ToString();
}

/// Reports the call when it ends, however it ends.
class Measured final {
public:
    Measured(Observer* observer, std::string_view method, std::string_view host)
        : observer_(observer), method_(method), host_(host) {}
    Measured(const Measured&) = delete;
    Measured& operator=(const Measured&) = delete;
    ~Measured() {
        if (observer_ != nullptr) {
            observer_->RequestDone({method_, code_, host_, std::chrono::steady_clock::now() - began_});
        }
    }

    Response Keep(Response response) {
        code_ = response.status;
        return response;
    }

private:
    Observer* const observer_;
    const std::string_view method_;
    const std::string_view host_;
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    int code_ = 0;
};

Response Call(Transport& transport, Observer* observer, const Request& request, std::stop_token stop) {
    Measured measured(observer, ToString(request.method), transport.Host());
    return measured.Keep(transport.Send(request, std::move(stop)));
}

[[noreturn]] void ThrowApiError(const std::string& what, const Status& status, const Response& response) {
    throw ApiError(what, status.code, status.reason, status.message, response.retry_after);
}

Json ParseObject(const std::string& what, const std::string& body) {
    auto object = Json::parse(body, nullptr, false);
    if (!object.is_object()) throw TransportError(what + ": the answer is not a JSON object: is this an API server?");
    return object;
}

Written Expected(Outcome outcome, const Status& status) {
    Written written;
    written.outcome = outcome;
    written.reason = status.reason;
    written.message = status.message;
    return written;
}

Written Stored(const std::string& body) {
    Written written;
    auto object = Json::parse(body, nullptr, false);
    if (!object.is_object()) return written;
    if (core::TextAt(object, {"kind"}) == "Status") return written;
    written.revision = RevisionOf(object);
    written.uid = {core::TextAt(object, {"metadata", "uid"})};
    written.object = std::make_shared<const Json>(std::move(object));
    return written;
}

std::string Collection(const Resource& resource, const Scope& scope) {
    std::string target = CollectionPath(resource, scope.ns);
    AddQuery(target, "labelSelector", scope.label_selector);
    AddQuery(target, "fieldSelector", scope.field_selector);
    return target;
}

WatchEvent::Type EventType(const std::string& type) {
    if (type == "ADDED") return WatchEvent::Type::kAdded;
    if (type == "MODIFIED") return WatchEvent::Type::kModified;
    if (type == "DELETED") return WatchEvent::Type::kDeleted;
    return WatchEvent::Type::kBookmark;
}

/// What an ERROR event in the middle of a watch means; thrown through the transport, which closes the stream.
struct Expired {};

}  // namespace

std::string_view ToString(Outcome outcome) {
    switch (outcome) {
        case Outcome::kDone:
            return "Done";
        case Outcome::kAlreadyExists:
            return "AlreadyExists";
        case Outcome::kConflict:
            return "Conflict";
        case Outcome::kGone:
            return "Gone";
        case Outcome::kRefused:
            return "Refused";
    }
    return "Done";
}

Client::Client(std::shared_ptr<Transport> transport, Settings settings)
    : transport_(std::move(transport)), settings_(std::move(settings)) {}

std::optional<Json> Client::Get(const Resource& resource, const core::ObjectKey& key, std::stop_token stop) const {
    const Request request{Method::kGet, ObjectPath(resource, key.ns, key.name), {}, {}};
    const auto response = Call(*transport_, settings_.observer, request, std::move(stop));
    const auto what = Name(Method::kGet, resource, key);
    if (response.status == 200) return ParseObject(what, response.body);
    const auto status = ParseStatus(response.status, response.body);
    // A 404 without the object's name says that the resource itself is not served: no answer about the object.
    if (status.code == 404 && status.has_details) return std::nullopt;
    ThrowApiError(what, status, response);
}

Page Client::List(const Resource& resource, const Scope& scope, std::size_t limit, std::string_view next,
                  std::stop_token stop) const {
    Request request{Method::kGet, Collection(resource, scope), {}, {}};
    AddQuery(request.target, "limit", std::to_string(limit));
    AddQuery(request.target, "continue", next);
    const auto response = Call(*transport_, settings_.observer, request, std::move(stop));
    const auto what = "list " + resource.QualifiedName();
    if (response.status != 200) ThrowApiError(what, ParseStatus(response.status, response.body), response);
    auto list = ParseObject(what, response.body);
    Page page;
    page.at = RevisionOf(list);
    page.next = core::TextAt(list, {"metadata", "continue"});
    if (auto items = list.find("items"); items != list.end() && items->is_array()) {
        page.items = std::move(items->get_ref<Json::array_t&>());
    }
    return page;
}

WatchEnd Client::Watch(const Resource& resource, const Scope& scope, core::Revision from, std::chrono::seconds timeout,
                       const std::function<void(const WatchEvent&)>& on_event, std::stop_token stop) const {
    Request request{Method::kGet, Collection(resource, scope), {}, {}};
    AddQuery(request.target, "watch", "true");
    AddQuery(request.target, "allowWatchBookmarks", "true");
    AddQuery(request.target, "timeoutSeconds", std::to_string(timeout.count()));
    AddQuery(request.target, "resourceVersion", from.ToString());
    const auto what = "watch " + resource.QualifiedName();
    const auto on_line = [&](std::string_view line) {
        const auto event = Json::parse(line, nullptr, false);
        const auto* const object = core::FindAt(event, {"object"});
        if (object == nullptr) throw TransportError(what + ": the server sent a line that is no watch event");
        const auto type = core::TextAt(event, {"type"});
        if (type == "ERROR") {
            const auto status = ParseStatus(*object);
            const ApiError error(what, status.code, status.reason, status.message);
            if (error.IsExpired()) throw Expired{};
            throw error;
        }
        on_event({EventType(type), *object, RevisionOf(*object)});
    };
    try {
        Measured measured(settings_.observer, "WATCH", transport_->Host());
        const auto response = measured.Keep(transport_->Stream(request, on_line, std::move(stop)));
        if (response.status == 200) return WatchEnd::kClosed;
        const auto status = ParseStatus(response.status, response.body);
        if (status.code == 410) return WatchEnd::kExpired;
        ThrowApiError(what, status, response);
    } catch (const Expired&) {
        return WatchEnd::kExpired;
    } catch (const Stopped&) {
        return WatchEnd::kStopped;
    }
}

Client Client::WritingOnlyWhile(std::function<bool()> may_write) const {
    auto settings = settings_;
    settings.may_write = std::move(may_write);
    return Client(transport_, std::move(settings));
}

Written Client::Write(const Resource& resource, const core::ObjectKey& key, Request request, std::stop_token stop,
                      std::optional<core::Revision> tested) const {
    if (settings_.may_write && !settings_.may_write()) {
        throw TransportError(Name(request.method, resource, key) + ": not sent, this replica does not lead any more");
    }
    if (request.method != Method::kDelete) AddQuery(request.target, "fieldManager", settings_.field_manager);
    const auto response = Call(*transport_, settings_.observer, request, stop);
    const auto what = Name(request.method, resource, key);
    if (response.status >= 200 && response.status <= 202) return Stored(response.body);
    auto status = ParseStatus(response.status, response.body);
    switch (Classify(status, request.method == Method::kPatch)) {
        case Answer::kDone:
            return Stored(response.body);
        case Answer::kAlreadyExists:
            return Expected(Outcome::kAlreadyExists, status);
        case Answer::kConflict:
            return Expected(Outcome::kConflict, status);
        case Answer::kGone:
            return Expected(Outcome::kGone, status);
        case Answer::kRefused:
            return Expected(Outcome::kRefused, status);
        case Answer::kPatchDoesNotApply:
            return ExplainPatch(resource, key, status, tested, stop);
        case Answer::kUnknown:
            throw OutcomeUnknown(what + ": " + std::to_string(status.code) + " " + status.reason + ": " +
                                 status.message + ": the write may have happened");
        case Answer::kUnexpected:
            break;
    }
    ThrowApiError(what, status, response);
}

Written Client::ExplainPatch(const Resource& resource, const core::ObjectKey& key, const Status& status,
                             std::optional<core::Revision> tested, std::stop_token stop) const {
    // The server gives one answer for "the test failed" and for "there is no such path". The first is everyday, the
    // second a defect that would otherwise look like a conflict for ever: the object itself tells them apart.
    const auto live = Get(resource, key, std::move(stop));
    if (!live) return Expected(Outcome::kGone, status);
    const auto now = RevisionOf(*live);
    if (tested && now == *tested) {
        auto refused = Expected(Outcome::kRefused, status);
        refused.message = "a path of the patch does not exist in revision " + now.ToString() + " of " +
                          resource.QualifiedName() + " " + key.ToString() + " (" + status.message + ")";
        return refused;
    }
    auto conflict = Expected(Outcome::kConflict, status);
    conflict.reason = "Conflict";
    conflict.message = resource.QualifiedName() + " " + key.ToString() + " is at revision " + now.ToString() +
                       (tested ? ", not at " + tested->ToString() : std::string());
    return conflict;
}

Written Client::Create(const Resource& resource, const Json& object, std::stop_token stop) const {
    const core::ObjectKey key{core::TextAt(object, {"metadata", "namespace"}),
                              core::TextAt(object, {"metadata", "name"})};
    if (key.name.empty()) Broken("create needs metadata.name", resource);
    return Write(resource, key, {Method::kPost, CollectionPath(resource, key.ns), std::string(kJson), Dump(object)},
                 std::move(stop), {});
}

Written Client::Patch(const Resource& resource, const core::ObjectKey& key, core::Revision at, const Json& operations,
                      Subresource subresource, std::stop_token stop) const {
    Json patch = Json::array();
    patch.push_back({{"op", "test"}, {"path", "/metadata/resourceVersion"}, {"value", at.ToString()}});
    patch.insert(patch.end(), operations.begin(), operations.end());
    auto path = ObjectPath(resource, key.ns, key.name) + (subresource == Subresource::kStatus ? "/status" : "");
    return Write(resource, key, {Method::kPatch, std::move(path), "application/json-patch+json", Dump(patch)},
                 std::move(stop), at);
}

Written Client::MergePatch(const Resource& resource, const core::ObjectKey& key, const Json& patch,
                           Subresource subresource, std::stop_token stop) const {
    auto path = ObjectPath(resource, key.ns, key.name) + (subresource == Subresource::kStatus ? "/status" : "");
    return Write(resource, key, {Method::kPatch, std::move(path), "application/merge-patch+json", Dump(patch)},
                 std::move(stop), {});
}

Written Client::Replace(const Resource& resource, const Json& object, std::stop_token stop) const {
    const core::ObjectKey key{core::TextAt(object, {"metadata", "namespace"}),
                              core::TextAt(object, {"metadata", "name"})};
    if (core::TextAt(object, {"metadata", "resourceVersion"}).empty()) {
        Broken("replace needs metadata.resourceVersion", resource);
    }
    return Write(resource, key,
                 {Method::kPut, ObjectPath(resource, key.ns, key.name), std::string(kJson), Dump(object)},
                 std::move(stop), {});
}

Written Client::Delete(const Resource& resource, const core::ObjectKey& key, const DeleteOptions& options,
                       std::stop_token stop) const {
    if (options.uid.value.empty()) Broken("delete needs a UID", resource);
    Json preconditions{{"uid", options.uid.value}};
    if (options.revision.value != 0) preconditions["resourceVersion"] = options.revision.ToString();
    const char* const propagation = options.propagation == Propagation::kBackground   ? "Background"
                                    : options.propagation == Propagation::kForeground ? "Foreground"
                                                                                      : "Orphan";
    const Json body{{"apiVersion", "v1"},
                    {"kind", "DeleteOptions"},
                    {"preconditions", std::move(preconditions)},
                    {"propagationPolicy", propagation}};
    return Write(resource, key,
                 {Method::kDelete, ObjectPath(resource, key.ns, key.name), std::string(kJson), Dump(body)},
                 std::move(stop), {});
}

}  // namespace kube
