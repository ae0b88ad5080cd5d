#include "programs/release_command.hpp"

#include <cstdlib>
#include <exception>
#include <iostream>
#include <thread>

#include "api/names.hpp"
#include "kube/clients.hpp"
#include "kube/in_cluster.hpp"
#include "runtime/shutdown.hpp"

namespace programs {

ReleaseCommand::ReleaseCommand(CLI::App& app, CLI::Option* agent_image)
    : timeout_seconds_(static_cast<int>(options_.timeout.count())),
      command_(app.add_subcommand(
          "release", "Release every held workload and remove all marks of Tidegate, before it is uninstalled")) {
    command_->fallthrough();
    command_->preparse_callback([agent_image](std::size_t) { agent_image->required(false); });
    command_->add_flag("--all", all_, "All of them, whether or not what they require is proven")->required();
    command_->add_option("--bindings", options_.bindings, "MutatingAdmissionPolicyBindings to delete first")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->delimiter(',');
    command_->add_option("--timeout-seconds", timeout_seconds_, "When to give up")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
}

int ReleaseCommand::Run(const controllers::Options& common) {
    // Every write stands by itself, so a signal may end it anywhere.
    std::thread([] { runtime::ExitNow(128 + runtime::WaitForSignal()); }).detach();
    options_.namespaces = common.namespaces;
    options_.timeout = std::chrono::seconds{timeout_seconds_};
    try {
        const auto clients = kube::Connect(
            kube::LoadConnection(common.kubeconfig),
            {.user_agent = "tidegate/" + common.version, .field_manager = std::string(api::kFieldManager)});
        return controllers::ReleaseAll(clients.requests, options_, std::cout);
    } catch (const std::exception& error) {
        std::cerr << "tidegate release does not know how to reach the API server: " << error.what() << std::endl;
        return EXIT_FAILURE;
    }
}

}  // namespace programs
