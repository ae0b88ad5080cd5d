#include "controllers/gate_metrics.hpp"

#include <string>

#include "api/reasons.hpp"

namespace controllers {
namespace {

std::string KindOf(engine::Note::On kind) {
    switch (kind) {
        case engine::Note::On::Job:
            return "Job";
        case engine::Note::On::CronJob:
            return "CronJob";
        default:
            return "Deployment";
    }
}

}  // namespace

void CountReleases(const std::vector<engine::Note>& notes, telemetry::Metrics& metrics) {
    for (const auto& note : notes) {
        if (note.reason != api::reasons::kReleasedByHand) continue;
        metrics.Count(std::string(kBreakglassTotal), "Workloads released by hand, each value of the annotation once.",
                      {{"namespace", note.object.ns}, {"kind", KindOf(note.kind)}});
    }
}

}  // namespace controllers
