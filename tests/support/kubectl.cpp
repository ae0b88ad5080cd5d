#include "support/kubectl.hpp"

#include <filesystem>

#include <nlohmann/json.hpp>

#include "support/control_plane.hpp"
#include "support/reader.hpp"

namespace support {

using Json = nlohmann::json;

namespace {

/// Then what is asked again and again needs no process.
bool IsAdministrator(const std::string& user, const std::string& kubeconfig) {
    return user.empty() && kubeconfig == ControlPlane::Get().AdminKubeconfig();
}

}  // namespace

Kubectl::Kubectl(std::string ns) : ns_(std::move(ns)), kubeconfig_(ControlPlane::Get().AdminKubeconfig()) {}

Kubectl Kubectl::As(const std::string& user) const {
    Kubectl other = *this;
    other.user_ = user;
    return other;
}

Kubectl Kubectl::AsOperator() const {
    Kubectl other = *this;
    other.kubeconfig_ = ControlPlane::Get().OperatorKubeconfig();
    other.user_.clear();
    return other;
}

Kubectl Kubectl::With(const std::string& kubeconfig) const {
    Kubectl other = *this;
    other.kubeconfig_ = kubeconfig;
    other.user_.clear();
    return other;
}

Kubectl Kubectl::In(const std::string& ns) const {
    Kubectl other = *this;
    other.ns_ = ns;
    return other;
}

CommandResult Kubectl::Run(const std::vector<std::string>& arguments, const std::string& input) const {
    Command command;
    command.argv = {ControlPlane::Get().Program("kubectl"), "--kubeconfig=" + kubeconfig_, "--namespace=" + ns_};
    if (!user_.empty()) command.argv.push_back("--as=" + user_);
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.input = input;
    return support::Run(command);
}

std::string Kubectl::Must(const std::vector<std::string>& arguments, const std::string& input) const {
    CommandResult result = Run(arguments, input);
    if (!result.Ok()) {
        std::string text = "kubectl";
        for (const auto& argument : arguments)
            text += " " + argument;
        throw std::runtime_error(text + " (namespace " + ns_ + "): " + result.output + result.error);
    }
    return std::move(result.output);
}

CommandResult Kubectl::Apply(const std::string& manifest, const std::vector<std::string>& options) const {
    std::vector<std::string> arguments{"apply", "--filename=-"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return Run(arguments, manifest);
}

CommandResult Kubectl::Apply(const Json& object, const std::vector<std::string>& options) const {
    return Apply(object.dump(), options);
}

void Kubectl::MustApply(const Json& object) const {
    Must({"apply", "--filename=-"}, object.dump());
}

Json Kubectl::GetJson(const std::string& what) const {
    if (IsAdministrator(user_, kubeconfig_) && Reader::Knows(what)) {
        auto object = Reader::Get(what, ns_);
        if (!object) throw std::runtime_error(what + " (namespace " + ns_ + ") does not exist");
        return std::move(*object);
    }
    return Json::parse(Must({"get", what, "--output=json"}));
}

Json Kubectl::List(const std::vector<std::string>& what) const {
    if (IsAdministrator(user_, kubeconfig_) && Reader::Knows(what)) return Reader::List(what, ns_);
    std::vector<std::string> arguments{"get", "--output=json"};
    arguments.insert(arguments.end(), what.begin(), what.end());
    return Json::parse(Must(arguments)).at("items");
}

bool Kubectl::Exists(const std::string& what) const {
    if (IsAdministrator(user_, kubeconfig_) && Reader::Knows(what)) return Reader::Get(what, ns_).has_value();
    return !Must({"get", what, "--ignore-not-found", "--output=name"}).empty();
}

void Kubectl::MergePatch(const std::string& what, const Json& patch, const std::string& subresource) const {
    std::vector<std::string> arguments{"patch", what, "--type=merge", "--patch=" + patch.dump()};
    if (!subresource.empty()) arguments.push_back("--subresource=" + subresource);
    Must(arguments);
}

CommandResult Kubectl::Annotate(const std::string& what, const std::string& annotation) const {
    return Run({"annotate", "--overwrite", what, annotation});
}

void Kubectl::WriteKubeconfigOf(const std::string& service_account, const std::string& file) const {
    std::filesystem::copy_file(kubeconfig_, file, std::filesystem::copy_options::overwrite_existing);
    const auto other = With(file);
    other.Must({"config", "set-credentials", service_account, "--token=" + Must({"create", "token", service_account})});
    other.Must({"config", "set-context", "--current", "--user=" + service_account});
}

}  // namespace support
