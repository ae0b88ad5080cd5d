#pragma once

#include "agent/timing.hpp"
#include "agent/wait.hpp"

/// The commands of `tidegate-agent`, configured by the process's environment. Each returns an exit code (outcome.hpp)
/// and throws nothing; an environment that cannot be used is reported like any other error.
namespace agent {

/// `run`: the native sidecar.
int RunSidecar(const Timing& timing);

/// `probe`: the main container of a probe Job.
int RunProbe(const Timing& timing);

/// `ready`: prints what is waited for, which the kubelet shows as an event.
int AnswerReady();

/// `wait`: no report, for it is an init container of somebody else's pod; its words are its log.
int RunWait(const WaitOptions& options);

}  // namespace agent
