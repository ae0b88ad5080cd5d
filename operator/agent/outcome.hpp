#pragma once

#include <string_view>

#include "database/db_error.hpp"

namespace agent {

/// Exit codes of `tidegate-agent`; the report says the same in words.
///
///   0  did what it was started for; `ready`: the fence is held
///   1  `ready`: not yet, the printed line says why
///   2  wrong usage, or an environment that cannot be used (BadConfiguration)
///   3  asked to stop before the fence was held: the migration container never started
///  10  Unreachable               14  PoolerRefused
///  11  AuthenticationFailed      15  StandbyRefused
///  12  DatabaseDoesNotExist      16  InsufficientPrivilege
///  13  TlsFailed                 17  Busy
///                                18  QueryFailed
enum ExitCode : int {
    kDone = 0,
    kNotReady = 1,
    kUsage = 2,
    kStoppedBeforeReady = 3,
};

int ExitCodeOf(database::DbErrorKind kind);

/// The constant of api::agent_error.
std::string_view ReasonOf(database::DbErrorKind kind);

}  // namespace agent
