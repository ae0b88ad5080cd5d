#pragma once

#include <stop_token>

namespace runtime {

/// First in main, before any thread: SIGTERM and SIGINT wait for WaitForSignal, SIGPIPE is ignored (libraries write to
/// sockets that the other side has closed).
void BlockSignals();

/// Blocks main until SIGTERM or SIGINT; returns the signal. From then on a second one ends the process with code 1, so
/// that a shutdown that hangs can be cut short by whoever is at the keyboard.
int WaitForSignal();

/// For a thread that wants main to shut down (the lease is lost): WaitForSignal returns SIGTERM.
void RequestShutdown();

/// The last call of main: flushes stdio, runs the leak check in sanitizer builds, and leaves without static destructors
/// (threads of the HTTP library may still use what those would destroy).
[[noreturn]] void ExitNow(int code);

/// glibc: two malloc arenas instead of eight per core; a few threads that parse JSON in turn need no more.
void LimitMemoryArenas();
/// Gives memory back to the system after a burst such as a list.
void TrimMemory();

}  // namespace runtime
