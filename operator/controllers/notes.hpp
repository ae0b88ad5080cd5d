#pragma once

#include <vector>

#include "engine/decision.hpp"
#include "runtime/event_recorder.hpp"

namespace controllers {

/// Sends the engine's notes as events.
void Send(const std::vector<engine::Note>& notes, runtime::EventRecorder& recorder);

}  // namespace controllers
