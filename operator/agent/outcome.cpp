#include "agent/outcome.hpp"

#include <cstdlib>

#include "api/agent_report.hpp"

namespace agent {
namespace {

using database::DbErrorKind;

struct Entry {
    DbErrorKind kind;
    std::string_view reason;
    int exit_code;
};

constexpr Entry kEntries[] = {
    {DbErrorKind::BadConfiguration, api::agent_error::kBadConfiguration, kUsage},
    {DbErrorKind::Unreachable, api::agent_error::kUnreachable, 10},
    {DbErrorKind::AuthenticationFailed, api::agent_error::kAuthenticationFailed, 11},
    {DbErrorKind::DatabaseDoesNotExist, api::agent_error::kDatabaseDoesNotExist, 12},
    {DbErrorKind::TlsFailed, api::agent_error::kTlsFailed, 13},
    {DbErrorKind::PoolerRefused, api::agent_error::kPoolerRefused, 14},
    {DbErrorKind::StandbyRefused, api::agent_error::kStandbyRefused, 15},
    {DbErrorKind::InsufficientPrivilege, api::agent_error::kInsufficientPrivilege, 16},
    {DbErrorKind::Busy, api::agent_error::kBusy, 17},
    {DbErrorKind::QueryFailed, api::agent_error::kQueryFailed, 18},
};

const Entry& Find(DbErrorKind kind) {
    for (const Entry& entry : kEntries) {
        if (entry.kind == kind) return entry;
    }
    std::abort();
}

}  // namespace

int ExitCodeOf(DbErrorKind kind) {
    return Find(kind).exit_code;
}

std::string_view ReasonOf(DbErrorKind kind) {
    return Find(kind).reason;
}

}  // namespace agent
