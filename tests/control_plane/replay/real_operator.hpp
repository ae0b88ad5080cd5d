#pragma once

#include <memory>
#include <string>

#include "controllers/database_controller.hpp"
#include "controllers/gate_controller.hpp"
#include "controllers/stores.hpp"
#include "kube/cpprest_transport.hpp"
#include "runtime/clock.hpp"

namespace replay {

/// What happens to the one write of a pass.
enum class Loss { None, AfterCommit, BeforeCommit };

/// The operator's two controllers as they are built into the product, with the operator's own rights, one pass at a
/// time. The stores are filled by the test, which also sets the clock.
class RealOperator final {
public:
    explicit RealOperator(std::string ns);
    ~RealOperator();
    RealOperator(const RealOperator&) = delete;
    RealOperator& operator=(const RealOperator&) = delete;

    /// All memory is lost; the stores are empty.
    void Restart();
    controllers::Stores& Stores();
    void SetClock(core::Time now);

    /// Revision of the newest write to this resource.
    core::Revision Written(const kube::Resource& resource) const;

    void DatabasePass(const std::string& database, Loss loss);
    void LedgerPass(Loss loss);
    void WorkloadPass(const std::string& deployment, Loss loss);

private:
    class FixedClock;
    class LossyTransport;
    struct Memory;

    template <class Function>
    void Guard(Loss loss, const Function& pass);

    std::string ns_;
    runtime::Observer observer_;
    std::unique_ptr<FixedClock> clock_;
    std::shared_ptr<LossyTransport> transport_;
    kube::Client client_;
    std::unique_ptr<Memory> memory_;
};

}  // namespace replay
