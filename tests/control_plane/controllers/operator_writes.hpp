#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace test {

/// What the operator wrote in a namespace since this object was made, from the API server's audit log; events and
/// leases are left out.
class OperatorWrites final {
public:
    explicit OperatorWrites(std::string ns);

    /// "patch databases/status orders", "create jobs orders-...", in order; only what the server accepted. A change of
    /// the annotation waiting-for is no line unless `with_waiting_for`: how often it changes depends on what the
    /// operator happens to see.
    std::vector<std::string> Lines(bool with_waiting_for = false) const;

private:
    std::string ns_;
    std::string file_;
    std::size_t from_ = 0;
};

}  // namespace test
