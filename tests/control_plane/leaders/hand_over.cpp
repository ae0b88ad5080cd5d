#include "control_plane/leaders/hand_over.hpp"

#include <csignal>
#include <random>
#include <thread>

namespace test {

using std::chrono::milliseconds;

void Signal(const Replica& replica, int signal) {
    kill(replica.process->Pid(), signal);
}

std::string Jobs(const Replicas& replicas) {
    return "POST /apis/batch/v1/namespaces/" + replicas.Ns() + "/jobs";
}

std::string Status(const Replicas& replicas, const std::string& plural) {
    return "PATCH /apis/tidegate.io/v1alpha1/namespaces/" + replicas.Ns() + "/" + plural + "/orders/status";
}

void HandOver(Replicas& replicas, const std::string& kind, const Replicas::Succeeded& succeeded, milliseconds budget) {
    replicas.Report().HandOver(kind, succeeded.took);
    // Both processes and the API server have their turn several times in a hand-over.
    constexpr int kTurns = 10;
    const auto allowed = budget + kTurns * succeeded.slowest_answer;
    if (succeeded.took > allowed) {
        replicas.Violation("the hand-over took " + std::to_string(succeeded.took.count()) + " ms, more than " +
                           std::to_string(budget.count()) + " ms; the API server's slowest answer took " +
                           std::to_string(succeeded.slowest_answer.count()) + " ms");
    }
}

void AnyMoment() {
    static thread_local std::mt19937 random{std::random_device{}()};
    std::this_thread::sleep_for(milliseconds{std::uniform_int_distribution<int>(0, 2000)(random)});
}

}  // namespace test
