#pragma once

#include <string>

#include "core/object_key.hpp"
#include "kube/clients.hpp"

namespace support {

/// The API server as administrator, past every proxy: what users, kubelets and oracles do. One for the process; lives
/// until its end.
const kube::Clients& Administrator();

/// What the scheduler does. Throws kube::Error; a pod that is bound already, or gone, is fine.
void BindPod(const core::ObjectKey& pod, const std::string& node);

/// What a kubelet does when the containers of a deleted pod have ended: without grace, and only this very object.
void DeleteNow(const kube::Resource& resource, const core::ObjectKey& object, const std::string& uid);

/// A DELETE as users send it: by name, without preconditions. Returns the HTTP status.
int DeleteByName(const kube::Resource& resource, const core::ObjectKey& object,
                 const std::string& propagation = "Background");

/// Everything of that kind in the namespace (with these labels). Returns the HTTP status.
int DeleteAll(const kube::Resource& resource, const std::string& ns, const std::string& selector = {});

}  // namespace support
