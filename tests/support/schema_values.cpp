#include "support/schema_values.hpp"

#include <algorithm>
#include <regex>

namespace support {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMebibyte = 1048576;

bool IsOpen(const Json& schema) {
    return schema.value("x-kubernetes-preserve-unknown-fields", false);
}

/// A text of that length that the pattern admits, if one letter or digit repeated does.
std::optional<std::string> TextOf(const Json& schema, std::size_t length) {
    for (const char c : {'a', '1', 'B'}) {
        std::string text(length, c);
        if (!schema.contains("pattern")) return text;
        // libstdc++'s regex recurses per character: these patterns repeat one class, so a short text tells as much.
        if (std::regex_search(text.substr(0, 100), std::regex(schema["pattern"].get<std::string>()))) return text;
    }
    return std::nullopt;
}

class Collector final {
public:
    void Visit(const Json& schema, const std::string& field, bool is_required) {
        field_ = field;
        Add("absent", std::nullopt, is_required);
        Add("null", Json(nullptr), false);
        const std::string type = schema.value("type", "");
        if (type == "string") {
            Texts(schema);
        } else if (type == "integer") {
            Numbers(schema);
        } else if (type == "boolean") {
            Add("true", true, false);
            Add("false", false, false);
            Add("wrong type", "yes", true);
        } else if (type == "array") {
            Arrays(schema);
            Visit(schema["items"], field + "/0", false);
        } else if (type == "object") {
            Objects(schema, field);
        } else {
            Add("a number", 1, false);
            Add("a text", "1Gi", false);
            Add("wrong type", Json::array(), true);
        }
    }

    std::vector<SchemaChange> changes;

private:
    void Add(const std::string& what, std::optional<Json> value, bool is_refused) {
        changes.push_back({Json::json_pointer(field_), what, std::move(value), is_refused});
    }

    void Texts(const Json& schema) {
        Add("wrong type", 7, true);
        Add("empty", "", schema.value("minLength", 0) > 0);
        if (schema.contains("enum")) {
            for (const auto& value : schema["enum"])
                Add("another valid value", value, false);
            Add("not in the list", "Nonsense", true);
            return;
        }
        const std::size_t longest = schema.value("maxLength", std::size_t{253});
        const std::size_t shortest = std::max<std::size_t>(schema.value("minLength", std::size_t{0}), 1);
        if (auto text = TextOf(schema, shortest)) Add("minimum length", *text, false);
        if (auto text = TextOf(schema, std::min<std::size_t>(5, longest))) Add("another valid value", *text, false);
        if (auto text = TextOf(schema, longest)) Add("maximum length", *text, false);
        if (auto text = TextOf(schema, longest + 1)) Add("maximum length + 1", *text, schema.contains("maxLength"));
        if (auto text = TextOf(schema, kMebibyte)) Add("1 MiB", *text, true);
        if (schema.contains("pattern")) Add("beside the pattern", " _/ ", true);
        Add("no UTF-8", std::string("a") + kNotUtf8, false);
        // More bytes than characters.
        if (!schema.contains("pattern")) Add("maximum length in Cyrillic", Repeated("ж", longest), false);
    }

    static std::string Repeated(const std::string& part, std::size_t count) {
        std::string text;
        for (std::size_t i = 0; i < count; ++i)
            text += part;
        return text;
    }

    void Numbers(const Json& schema) {
        Add("wrong type", "7", true);
        Add("fraction", 1.5, true);
        Add("beyond int64", 1e30, true);
        if (schema.contains("minimum")) {
            const auto least = schema["minimum"].get<std::int64_t>();
            Add("minimum", least, false);
            Add("minimum - 1", least - 1, true);
        }
        if (schema.contains("maximum")) {
            const auto most = schema["maximum"].get<std::int64_t>();
            Add("maximum", most, false);
            Add("maximum + 1", most + 1, true);
            Add("another valid value", most / 2, false);
        }
    }

    void Arrays(const Json& schema) {
        Add("wrong type", Json::object(), true);
        Add("empty", Json::array(), schema.value("minItems", 0) > 0);
        const bool is_map = schema.value("x-kubernetes-list-type", "") == "map";
        const bool is_set = schema.value("x-kubernetes-list-type", "") == "set";
        const auto of_length = [&](std::size_t length) {
            auto items = Json::array();
            for (std::size_t i = 0; i < length; ++i) {
                auto item = LeastValue(schema["items"]);
                if (is_set) item = i + 1;
                if (is_map) item["name"] = "item" + std::to_string(i);
                items.push_back(std::move(item));
            }
            return items;
        };
        Add("one item", of_length(1), false);
        if (!schema.contains("maxItems")) return;
        const std::size_t most = schema["maxItems"];
        Add("maximum of items", of_length(most), false);
        Add("maximum of items + 1", of_length(most + 1), true);
        if (is_map || is_set) {
            auto twice = of_length(1);
            twice.push_back(twice[0]);
            Add("an item twice", twice, true);
        }
    }

    void Objects(const Json& schema, const std::string& field) {
        const auto required = schema.value("required", Json::array());
        Add("wrong type", "text", true);
        Add("empty", Json::object(), !required.empty());
        if (IsOpen(schema)) {
            // Of Kubernetes' own types, which the CRD does not spell out: names that are not theirs, and types.
            auto unknown = LeastValue(schema);
            unknown.update(Json{{"whatever", {{"this", 1}}}, {"runAsUser", "root"}, {"key", Json::array()}});
            Add("unknown fields", unknown, false);
        }
        if (schema.contains("additionalProperties") && schema["additionalProperties"].is_object()) {
            const auto of_size = [&](std::size_t size) {
                auto object = Json::object();
                for (std::size_t i = 0; i < size; ++i)
                    object["key" + std::to_string(i)] = LeastValue(schema["additionalProperties"]);
                return object;
            };
            Add("one key", of_size(1), false);
            if (schema.contains("maxProperties")) {
                Add("maximum of keys", of_size(schema["maxProperties"]), false);
                Add("maximum of keys + 1", of_size(schema["maxProperties"].get<std::size_t>() + 1), true);
            }
            Visit(schema["additionalProperties"], field + "/key0", false);
        }
        const auto properties = schema.value("properties", Json::object());
        for (const auto& [name, property] : properties.items()) {
            const bool is_required = std::find(required.begin(), required.end(), name) != required.end();
            Visit(property, field + "/" + name, is_required && !property.contains("default"));
        }
    }

    std::string field_;
};

void CollectRules(const Json& schema, const std::string& field, std::vector<CelRule>& rules) {
    for (const auto& rule : schema.value("x-kubernetes-validations", Json::array()))
        rules.push_back({field, rule["rule"]});
    if (schema.contains("items")) CollectRules(schema["items"], field + "/0", rules);
    const auto properties = schema.value("properties", Json::object());
    for (const auto& [name, property] : properties.items())
        CollectRules(property, field + "/" + name, rules);
}

}  // namespace

std::vector<SchemaChange> ChangesOf(const Json& schema, const std::string& field) {
    Collector collector;
    collector.Visit(schema, field, false);
    // The whole of it is not a field.
    std::erase_if(collector.changes, [&](const auto& change) { return change.Field() == field; });
    return std::move(collector.changes);
}

std::vector<CelRule> CelRules(const Json& schema, const std::string& field) {
    std::vector<CelRule> rules;
    CollectRules(schema, field, rules);
    return rules;
}

Json LeastValue(const Json& schema) {
    if (schema.contains("default")) return schema["default"];
    if (schema.contains("enum")) return schema["enum"][0];
    const std::string type = schema.value("type", "");
    if (type == "integer") return schema.value("minimum", std::int64_t{1});
    if (type == "boolean") return false;
    if (type == "string") return TextOf(schema, std::max(schema.value("minLength", 0), 1)).value_or("a");
    if (type == "array") {
        auto items = Json::array();
        for (int i = 0; i < schema.value("minItems", 0); ++i)
            items.push_back(LeastValue(schema["items"]));
        return items;
    }
    if (type != "object") return 1;
    auto object = Json::object();
    for (const auto& name : schema.value("required", Json::array()))
        object[name.get<std::string>()] = LeastValue(schema["properties"][name.get<std::string>()]);
    return object;
}

Json Changed(const Json& schema, Json object, const SchemaChange& change) {
    std::vector<std::string> steps;
    for (auto field = change.field; !field.empty(); field = field.parent_pointer())
        steps.insert(steps.begin(), field.back());
    Json* at = &object;
    const Json* of = &schema;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const bool is_item = of->contains("items");
        if (is_item && !at->is_array()) *at = Json::array();
        if (!is_item && !at->is_object()) *at = Json::object();
        const bool is_property = !is_item && of->contains("properties") && (*of)["properties"].contains(steps[i]);
        of = is_item ? &(*of)["items"] : is_property ? &(*of)["properties"][steps[i]] : &(*of)["additionalProperties"];
        const bool is_last = i + 1 == steps.size();
        if (is_last && !change.value) {
            if (is_item) {
                if (!at->empty()) at->erase(std::size_t{0});
            } else {
                at->erase(steps[i]);
            }
            return object;
        }
        if (is_item) {
            if (at->empty()) at->push_back(LeastValue(*of));
            at = &(*at)[0];
        } else {
            if (!at->contains(steps[i])) (*at)[steps[i]] = LeastValue(*of);
            at = &(*at)[steps[i]];
        }
    }
    *at = *change.value;
    return object;
}

}  // namespace support
