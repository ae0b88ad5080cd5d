#include "engine/image_tags.hpp"

#include "api/reasons.hpp"

namespace engine {
namespace {

constexpr std::string_view kLatest = "latest";

/// A node that pulled the image says "repository@sha256:..."; one that had it loaded says "sha256:...", the hash of
/// something else. Only two of one form can be compared.
bool NamesRepository(std::string_view image_id) {
    return image_id.find('@') != std::string_view::npos;
}

}  // namespace

bool HasMovingTag(std::string_view image) {
    if (image.empty() || image.find('@') != std::string_view::npos) return false;
    // A colon before the last slash is that of a port.
    const auto slash = image.rfind('/');
    const auto name = slash == std::string_view::npos ? image : image.substr(slash + 1);
    const auto colon = name.find(':');
    return colon == std::string_view::npos || name.substr(colon + 1) == kLatest;
}

std::string_view DigestOf(std::string_view image_id) {
    const auto at = image_id.rfind('@');
    const auto digest = at == std::string_view::npos ? image_id : image_id.substr(at + 1);
    // Older runtimes put "docker://" before a bare one.
    const auto slash = digest.rfind('/');
    return slash == std::string_view::npos ? digest : digest.substr(slash + 1);
}

std::string MovingTagAdvice(const std::string& image) {
    return "Image " + image +
           " does not say which build it is: another build under the same text is not noticed, and its migrations are "
           "not run. Give every build a tag of its own, or name the digest.";
}

std::optional<Note> MovingTagNote(const api::Migration& migration, const api::RunRecord& run) {
    if (!HasMovingTag(run.image)) return std::nullopt;
    return Note{.kind = Note::On::Migration,
                .object = migration.key,
                .uid = migration.uid,
                .warning = true,
                .reason = std::string(api::reasons::kImageTagMoves),
                .text = MovingTagAdvice(run.image)};
}

std::string ExplainMovedTag(const api::DatabaseStatus& status, const std::string& image, std::string_view image_id) {
    const auto digest = DigestOf(image_id);
    if (digest.empty()) return {};
    for (const auto& run : status.runs) {
        const auto before = DigestOf(run.image_id);
        if (run.image != image || before.empty() || before == digest) continue;
        if (NamesRepository(run.image_id) != NamesRepository(image_id)) continue;
        return "Image " + image + " was another build when it ran before: " + std::string(before) + ", now " +
               std::string(digest) +
               ". What ran before is proven for both; give every build a tag of its own, or name the digest.";
    }
    return {};
}

}  // namespace engine
