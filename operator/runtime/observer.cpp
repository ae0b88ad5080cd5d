#include "runtime/observer.hpp"

namespace runtime {

std::string_view ToString(ReconcileResult result) {
    switch (result) {
        case ReconcileResult::kSuccess:
            return "success";
        case ReconcileResult::kRequeueAfter:
            return "requeue_after";
        case ReconcileResult::kError:
            return "error";
    }
    return "error";
}

}  // namespace runtime
