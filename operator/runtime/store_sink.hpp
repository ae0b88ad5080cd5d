#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "runtime/observer.hpp"
#include "runtime/reflector.hpp"
#include "runtime/store.hpp"

namespace runtime {

/// Key and revision from metadata.
std::pair<core::ObjectKey, core::Revision> Identify(const nlohmann::json& object);

/// A Store behind a parser. The parser returns nullopt for an object that is of no interest; it then is not in the
/// store. One that it cannot read (it throws) is logged and not in the store either: who would act on its absence must
/// read it live first, as for any absence.
template <class Object>
class StoreSink final : public Sink {
public:
    using Parser = std::function<std::optional<Object>(const nlohmann::json&)>;

    /// `store` and `observer` must outlive the sink. `scope` is the reflector's namespace, "" for all.
    StoreSink(Store<Object>& store, std::string scope, Parser parser, Observer& observer)
        : store_(store), scope_(std::move(scope)), parser_(std::move(parser)), observer_(observer) {}

    void Begin() override { items_.clear(); }

    void Add(const nlohmann::json& object) override {
        if (auto item = Parse(object); item.object) items_.push_back(std::move(item));
    }

    void Commit(core::Revision at) override {
        store_.Replace(scope_, std::move(items_), at);
        items_ = {};
    }

    void Apply(const nlohmann::json& object, core::Revision at) override {
        auto item = Parse(object);
        if (item.object) {
            store_.Apply(scope_, std::move(item));
        } else {
            store_.Erase(scope_, item.key, at);
        }
    }

    void Erase(const nlohmann::json& object, core::Revision at) override {
        store_.Erase(scope_, Identify(object).first, at);
    }

    void Bookmark(core::Revision at) override { store_.Bookmark(scope_, at); }

    std::size_t Size() const override { return store_.Size(); }

private:
    using Item = typename Store<Object>::Item;

    Item Parse(const nlohmann::json& object) const {
        auto [key, revision] = Identify(object);
        Item item{std::move(key), revision, nullptr};
        try {
            if (auto parsed = parser_(object)) item.object = std::make_shared<const Object>(std::move(*parsed));
        } catch (const std::exception& error) {
            observer_.Log(LogLevel::kError, "cannot read an object; it is treated as absent",
                          {{"namespace", item.key.ns}, {"name", item.key.name}, {"error", error.what()}});
        }
        return item;
    }

    Store<Object>& store_;
    const std::string scope_;
    const Parser parser_;
    Observer& observer_;
    std::vector<Item> items_;
};

}  // namespace runtime
