#include "runtime/reflector.hpp"

#include <algorithm>
#include <condition_variable>
#include <utility>

#include <nlohmann/json.hpp>

#include "runtime/shutdown.hpp"

namespace runtime {
namespace {

using Steady = std::chrono::steady_clock;

/// A watch that ends sooner without an event did not work (client-go's figure).
constexpr std::chrono::seconds kShortWatch{1};

std::string NextStep(const kube::ApiError& error) {
    if (error.Code() == 403) return "grant list and watch on it to Tidegate's service account";
    if (error.Code() == 404) return "the server does not know this resource: install Tidegate's CRDs";
    if (error.Code() == 401) return "check the service account's token or the kubeconfig's credentials";
    return "Tidegate tries again";
}

std::string_view Describe(const ReflectorInput& input) {
    if (const auto* const end = std::get_if<StreamEnded>(&input)) {
        if (end->how == kube::WatchEnd::kExpired) return "expired";
        return end->short_and_empty ? "short" : "closed";
    }
    return "error";
}

}  // namespace

Reflector::Reflector(Settings settings, kube::Client watches, Sink& sink, Observer& observer)
    : settings_(std::move(settings)),
      client_(std::move(watches)),
      sink_(sink),
      observer_(observer),
      name_(settings_.resource.QualifiedName()),
      random_(std::random_device{}()) {}

void Reflector::Run(std::stop_token stop) {
    ReflectorState state;
    std::unique_lock<std::mutex> turn;
    while (!stop.stop_requested()) {
        const bool is_watching = std::holds_alternative<Watching>(state.phase);
        if (!is_watching && settings_.list_turn != nullptr && !turn.owns_lock()) {
            turn = std::unique_lock(*settings_.list_turn);
        }
        const auto input = is_watching ? Follow(state, stop) : ReadPage(state, stop);
        if (stop.stop_requested()) break;
        auto move = Advance(state, input);
        if (is_watching) observer_.WatchRestarted(name_, Describe(input));
        state = std::move(move.to);
        // Others list while this one pauses or watches.
        if (turn.owns_lock() && (move.pause.count() > 0 || std::holds_alternative<Watching>(state.phase)))
            turn.unlock();
        if (move.pause.count() > 0) Pause(move.pause, stop);
    }
}

ReflectorInput Reflector::ReadPage(const ReflectorState& state, const std::stop_token& stop) {
    const auto what = "cannot list " + name_;
    return Guard(
        [&]() -> ReflectorInput {
            const auto* const listing = std::get_if<Listing>(&state.phase);
            if (listing == nullptr) {
                sink_.Begin();
                listed_ = 0;
                list_began_ = Steady::now();
            }
            auto page = client_.List(settings_.resource, settings_.scope, settings_.page_size,
                                     listing == nullptr ? std::string_view() : listing->next, stop);
            for (auto& item : page.items) {
                sink_.Add(item);
                item = nullptr;  // the tree dies before the next struct is made
            }
            listed_ += page.items.size();
            if (page.next.empty()) {
                sink_.Commit(page.at);
                observer_.Listed(name_, listed_, Steady::now() - list_began_);
                observer_.StoreSize(name_, sink_.Size());
                if (listed_ > settings_.page_size) TrimMemory();
            }
            return PageRead{std::move(page.next), page.at};
        },
        what);
}

ReflectorInput Reflector::Follow(ReflectorState& state, const std::stop_token& stop) {
    const auto from = std::get<Watching>(state.phase).at;
    const auto what = "the watch of " + name_ + " broke";
    return Guard(
        [&]() -> ReflectorInput {
            std::uniform_int_distribution<std::int64_t> lasts(settings_.shortest_watch.count(),
                                                              settings_.longest_watch.count());
            const auto began = Steady::now();
            bool is_empty = true;
            const auto end = client_.Watch(
                settings_.resource, settings_.scope, from, std::chrono::seconds{lasts(random_)},
                [&](const kube::WatchEvent& event) {
                    is_empty = false;
                    Store(event, state);
                },
                stop);
            return StreamEnded{end, is_empty && Steady::now() - began < kShortWatch};
        },
        what);
}

void Reflector::Store(const kube::WatchEvent& event, ReflectorState& state) {
    switch (event.type) {
        case kube::WatchEvent::Type::kAdded:
        case kube::WatchEvent::Type::kModified:
            sink_.Apply(event.object, event.at);
            break;
        case kube::WatchEvent::Type::kDeleted:
            sink_.Erase(event.object, event.at);
            break;
        case kube::WatchEvent::Type::kBookmark:
            sink_.Bookmark(event.at);
            break;
    }
    observer_.StoreSize(name_, sink_.Size());
    state = Advance(state, Applied{event.at}).to;
}

ReflectorInput Reflector::Guard(const std::function<ReflectorInput()>& call, std::string_view what) {
    try {
        return call();
    } catch (const kube::Stopped&) {
        return CallFailed{};
    } catch (const kube::ApiError& error) {
        observer_.Log(LogLevel::kWarning, what,
                      {{"resource", name_}, {"error", error.what()}, {"next", NextStep(error)}});
        return CallFailed{error.IsExpired(), error.RetryAfter().value_or(std::chrono::seconds{0})};
    } catch (const kube::Error& error) {
        observer_.Log(LogLevel::kWarning, what,
                      {{"resource", name_}, {"error", error.what()}, {"next", "Tidegate tries again"}});
        return CallFailed{};
    } catch (const std::exception& error) {
        // Not known what the store missed: read everything again.
        observer_.Log(LogLevel::kError, what,
                      {{"resource", name_}, {"error", error.what()}, {"next", "this is a defect of Tidegate"}});
        return CallFailed{true, std::chrono::seconds{1}};
    }
}

void Reflector::Pause(std::chrono::milliseconds pause, const std::stop_token& stop) {
    std::uniform_real_distribution<double> jitter(1.0, 2.0);
    const auto lasts = std::chrono::duration<double, std::milli>(pause) * jitter(random_) * settings_.pause_factor;
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, std::chrono::duration_cast<std::chrono::milliseconds>(lasts), [] { return false; });
}

}  // namespace runtime
