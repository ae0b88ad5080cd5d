# shellcheck shell=bash
# containerd, runc and the pod network. Its folders are the default ones, which inside the node are this cluster's.

readonly PAUSE_IMAGE=tidegate.local/pause:1

containerd_socket() { printf '%s' "$STATE/run/containerd.sock"; }
containerd_ready() { ctr_node version >/dev/null 2>&1; }
ctr_node() { ctr --address "$(containerd_socket)" --namespace k8s.io "$@"; }

# Without CAP_SYS_RESOURCE (a container as machine) nobody may lower an OOM score, and runc fails with "can't get final
# child's PID from pipe: EOF".
may_lower_oom_score() {
  local effective
  effective=$(awk '$1 == "CapEff:" { print $2 }' /proc/self/status)
  (((16#$effective >> 24) & 1))
}

write_containerd_configuration() {
  local restrict=true
  may_lower_oom_score && restrict=false
  mkdir -p "$STATE/configuration/cni"
  cat >"$STATE/configuration/containerd.toml" <<END
version = 2
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = "$(containerd_socket)"
[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$PAUSE_IMAGE"
  restrict_oom_score_adj = $restrict
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$STATE/configuration/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
END
  cat >"$STATE/configuration/cni/10-pods.conflist" <<END
{"cniVersion": "1.0.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "pods", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "$POD_SUBNET"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}
]}
END
}

start_containerd() {
  process_alive containerd && return
  write_containerd_configuration
  process_start containerd containerd --config "$STATE/configuration/containerd.toml"
}

# The sandbox image: one static program, packed by hand because nothing is needed for it but tar.
import_pause_image() {
  ctr_node images list --quiet | grep -qx "$PAUSE_IMAGE" && return
  local work=$STATE/pause layer
  rm -rf "$work"
  mkdir -p "$work/root"
  cp "$PROGRAM_FOLDER/pause" "$work/root/pause"
  tar --create --file "$work/layer.tar" --directory "$work/root" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 pause
  layer=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
  cat >"$work/config.json" <<END
{"architecture": "$(image_architecture)", "os": "linux", "config": {"Entrypoint": ["/pause"]}, "rootfs": {"type": "layers", "diff_ids": ["sha256:$layer"]}}
END
  printf '[{"Config": "config.json", "RepoTags": ["%s"], "Layers": ["layer.tar"]}]\n' "$PAUSE_IMAGE" >"$work/manifest.json"
  tar --create --file "$work/image.tar" --directory "$work" manifest.json config.json layer.tar
  ctr_node images import "$work/image.tar" >/dev/null || die "containerd does not take the pause image: see $STATE/log/containerd.log"
  rm -rf "$work"
}

image_architecture() { case $(uname -m) in aarch64) echo arm64 ;; *) echo amd64 ;; esac }
