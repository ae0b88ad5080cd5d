#pragma once

#include <map>
#include <string>

namespace support {

/// A namespace of its own for one test, named so that no other run of any test has it. Deleted when the object goes,
/// without waiting for it.
class Namespace final {
public:
    /// Throws std::runtime_error when it cannot be created. Pods can be created in it when the constructor returns.
    explicit Namespace(const std::map<std::string, std::string>& labels = {});
    Namespace(const Namespace&) = delete;
    Namespace& operator=(const Namespace&) = delete;
    ~Namespace();

    const std::string& Name() const { return name_; }

private:
    std::string name_;
};

}  // namespace support
