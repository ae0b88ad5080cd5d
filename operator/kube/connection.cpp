#include "kube/connection.hpp"

#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "kube/errors.hpp"

namespace kube {
namespace {

std::optional<std::string> ReadFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    std::string text(std::istreambuf_iterator<char>(file), {});
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.pop_back();
    if (file.bad() || text.empty()) return std::nullopt;
    return text;
}

class WatchedFile final {
public:
    WatchedFile(std::string path, std::chrono::steady_clock::duration fresh) : path_(std::move(path)), fresh_(fresh) {
        auto text = ReadFile(path_);
        if (!text) throw Error("cannot read " + path_ + ", or it is empty: check that it exists and may be read");
        text_ = std::move(*text);
        read_ = std::chrono::steady_clock::now();
    }

    std::string Text() {
        const std::lock_guard lock(mutex_);
        const auto now = std::chrono::steady_clock::now();
        if (now - read_ >= fresh_) {
            // The kubelet swaps the file; a reading that fails in that moment is repeated at the next call.
            if (auto text = ReadFile(path_)) {
                text_ = std::move(*text);
                read_ = now;
            }
        }
        return text_;
    }

private:
    const std::string path_;
    const std::chrono::steady_clock::duration fresh_;
    std::mutex mutex_;
    std::string text_;
    std::chrono::steady_clock::time_point read_;
};

}  // namespace

TextSource FixedText(std::string text) {
    return [text = std::move(text)] { return text; };
}

TextSource FileText(std::string path, std::chrono::steady_clock::duration fresh) {
    return [file = std::make_shared<WatchedFile>(std::move(path), fresh)] { return file->Text(); };
}

}  // namespace kube
