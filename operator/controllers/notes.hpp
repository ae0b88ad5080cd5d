#pragma once

#include <vector>

#include "engine/decision.hpp"
#include "runtime/event_recorder.hpp"

namespace controllers {

/// Sends the engine's notes as events, and logs each as one line: what `kubectl describe` shows and what `kubectl logs`
/// of the operator shows are the same words.
void Send(const std::vector<engine::Note>& notes, runtime::EventRecorder& recorder, runtime::Observer& observer);

}  // namespace controllers
