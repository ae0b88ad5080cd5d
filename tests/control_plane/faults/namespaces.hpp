#pragma once

#include <memory>
#include <string>

#include "support/recorder.hpp"

namespace faults {

/// A namespace in which pods can be created, and its history from the first object on.
struct RecordedNamespace {
    std::string name;
    std::shared_ptr<support::History> history;
};

/// Made ahead in the background: what makes a namespace usable takes the controllers longer than us. Thread-safe.
RecordedNamespace TakeNamespace();

/// Deletes it, and does not wait for that.
void DeleteNamespace(const std::string& name);

}  // namespace faults
