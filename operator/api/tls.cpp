#include "api/tls.hpp"

#include <array>

namespace api {
namespace {

struct ModeName {
    Tls::Mode mode;
    std::string_view name;
    std::string_view ssl_mode;
};
constexpr std::array<ModeName, 5> kModes{{{Tls::Mode::Disable, "Disable", "disable"},
                                          {Tls::Mode::Prefer, "Prefer", "prefer"},
                                          {Tls::Mode::Require, "Require", "require"},
                                          {Tls::Mode::VerifyCA, "VerifyCA", "verify-ca"},
                                          {Tls::Mode::VerifyFull, "VerifyFull", "verify-full"}}};

}  // namespace

std::optional<Tls::Mode> ParseTlsMode(std::string_view name) {
    for (const auto& known : kModes) {
        if (known.name == name) return known.mode;
    }
    return std::nullopt;
}

std::string_view SslMode(Tls::Mode mode) {
    return kModes.at(static_cast<std::size_t>(mode)).ssl_mode;
}

}  // namespace api
