#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/decision.hpp"
#include "engine/world.hpp"

/// Everything here compares images as they are written. Another build under the same text is neither noticed nor run,
/// so it is said where a text invites that, and where it has happened.
namespace engine {

/// The text does not say which build: it has no digest, and its tag is "latest" or left out.
bool HasMovingTag(std::string_view image);

/// "sha256:..." of what a node says that ran; empty when it has none.
std::string_view DigestOf(std::string_view image_id);

/// What to say of an image with a moving tag; one sentence.
std::string MovingTagAdvice(const std::string& image);

/// The event beside the creation of the run's Job; nullopt: its image says which build it is.
std::optional<Note> MovingTagNote(const api::Migration& migration, const api::RunRecord& run);

/// The same image as written ran from another build before, as far as the record and the nodes' words tell; one
/// sentence, empty: no. `image_id` is what ran now.
std::string ExplainMovedTag(const api::DatabaseStatus& status, const std::string& image, std::string_view image_id);

}  // namespace engine
