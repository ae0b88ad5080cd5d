#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "controllers/application.hpp"
#include "controllers/release_all.hpp"

namespace programs {

/// The command line of `tidegate release --all`; what it does is controllers::ReleaseAll.
class ReleaseCommand final {
public:
    /// `agent_image` is required of the operator and not needed here.
    ReleaseCommand(CLI::App& app, CLI::Option* agent_image);
    ReleaseCommand(const ReleaseCommand&) = delete;
    ReleaseCommand& operator=(const ReleaseCommand&) = delete;

    bool IsAsked() const { return command_->parsed(); }
    /// Of `common` it takes --kubeconfig and --namespaces. Returns the exit code.
    int Run(const controllers::Options& common);

private:
    controllers::ReleaseAllOptions options_;
    bool all_ = false;
    int timeout_seconds_;
    CLI::App* command_;
};

}  // namespace programs
