# shellcheck shell=bash
# Images: a base from Debian's own packages instead of a registry, builds by buildah, and the way into the cluster.

readonly DEBIAN_SUITE=bookworm
readonly DEBIAN_IMAGE=docker.io/library/debian:$DEBIAN_SUITE-slim

# full_name IMAGE: as the kubelet reads a short name, orders:2.0.0 is docker.io/library/orders:2.0.0.
full_name() {
  local image=$1
  [[ ${image##*/} == *:* || $image == *@* ]] || image+=:latest
  if [[ $image != */* ]]; then
    image=docker.io/library/$image
  elif [[ ! ${image%%/*} =~ [.:] && ${image%%/*} != localhost ]]; then
    image=docker.io/$image
  fi
  printf '%s' "$image"
}

# A storage of our own, outside the tree; no registry is ever asked. In namespaces of its own, and ended with whoever
# called it, so that neither mounts nor processes are left when a build is killed.
buildah_own() {
  mkdir -p "$CACHE/images"
  [[ -e $CACHE/images/registries.conf ]] || printf 'unqualified-search-registries = ["docker.io"]\n' >"$CACHE/images/registries.conf"
  # Its networks are not used, but the folder of their definitions is made, by default in /etc/cni.
  [[ -e $CACHE/images/containers.conf ]] || printf '[network]\nnetwork_config_dir = "%s"\n' "$CACHE/images/networks" >"$CACHE/images/containers.conf"
  CONTAINERS_CONF=$CACHE/images/containers.conf setpriv --pdeathsig KILL -- unshare --mount --pid --fork --kill-child --mount-proc -- \
    buildah --root "$CACHE/images/storage" --runroot "$CACHE/images/run" --storage-driver overlay \
    --registries-conf "$CACHE/images/registries.conf" "$@"
}

image_id() { buildah_own inspect --type image --format '{{.FromImageID}}' "$1" 2>/dev/null; }

# Where this machine's apt gets Debian from: "URI suite component" lines, without other vendors' sources. Builds and the
# base image use the same, but no image keeps it.
debian_sources() {
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
    awk -v suite="$DEBIAN_SUITE" '$1 == "Debian" && index($3, suite) == 1 && !seen[$0]++ { print $2, $3, $4 }'
}

# Prints the options that make apt in a build work as it does on this machine.
apt_volumes() {
  local folder=$CACHE/images/apt sources
  mkdir -p "$folder"
  sources=$(debian_sources)
  if [[ -n $sources ]]; then
    printf 'deb %s\n' "${sources//$'\n'/$'\n'deb }" >"$folder/sources.list"
    printf '%s\n' --volume "$folder/sources.list:/etc/apt/sources.list:ro"
  fi
  if apt-config dump | grep -E '^Acquire::https?::[Pp]roxy' >"$folder/proxy.conf"; then
    printf '%s\n' --volume "$folder/proxy.conf:/etc/apt/apt.conf.d/99-build-proxy:ro"
  fi
}

# What debian:bookworm-slim is made of: debootstrap's minimal variant without what no container reads.
bootstrap_debian() {
  local root=$1 mirror
  mirror=$(debian_sources | awk -v suite="$DEBIAN_SUITE" '$2 == suite { print $1; exit }')
  unshare --mount --pid --fork --kill-child --mount-proc -- \
    debootstrap --variant=minbase --merged-usr "$DEBIAN_SUITE" "$root" ${mirror:+"$mirror"} >"$root.log" 2>&1 ||
    die "debootstrap failed: see $root.log; it needs Debian's packages as apt-get does"
  find "$root/usr/share/doc" -mindepth 1 ! -type d ! -name copyright -delete
  find "$root/usr/share/doc" -mindepth 1 -type d -empty -delete
  rm -rf "$root"/usr/share/{man,info,locale,lintian}/* "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb \
    "$root"/var/lib/apt/lists/* "$root"/var/log/{apt/*,*.log} "${root:?}"/dev/* "$root/etc/hostname" "$root/etc/resolv.conf"
  printf 'path-exclude /usr/share/%s/*\n' man info locale lintian >"$root/etc/dpkg/dpkg.cfg.d/slim"
  # Which mirror is the builder's to say: apt_volumes mounts this machine's own sources into each build.
  : >"$root/etc/apt/sources.list"
  # apt leaves no packages and no caches of its own in a layer; they would be half of a small image.
  cat >"$root/etc/apt/apt.conf.d/slim" <<'END'
Acquire::Languages "none";
Acquire::GzipIndexes "true";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb || true"; };
END
}

# begin_build: holds a lock that builds share. Whoever is alone removes what builds that were killed have left in the
# storage: each its container, which nothing else would ever remove.
begin_build() {
  mkdir -p "$CACHE/images/locks"
  exec 5>>"$CACHE/images/locks/builds"
  ! flock --nonblock 5 || buildah_own rm --all >/dev/null 2>&1 || true
  flock --shared 5
}

# ensure_debian_image: makes the base image, once per recipe.
ensure_debian_image() {
  local recipe tar
  recipe=$(declare -f bootstrap_debian | sha256sum | cut -c1-16)
  [[ $(buildah_own inspect --type image --format '{{.OCIv1.Config.Labels.recipe}}' "$DEBIAN_IMAGE" 2>/dev/null) == "$recipe" ]] && return
  lock_folder "$CACHE/images/debian" 6
  begin_build
  tar=$CACHE/images/debian/$recipe.tar
  if [[ ! -e $tar ]]; then
    say "making $DEBIAN_IMAGE from Debian's packages (once, about a minute) ..."
    rm -rf "$CACHE/images/debian/root"
    bootstrap_debian "$CACHE/images/debian/root"
    tar --create --file "$tar.new" --directory "$CACHE/images/debian/root" --one-file-system --sort=name --numeric-owner .
    mv "$tar.new" "$tar"
    rm -rf --one-file-system "$CACHE/images/debian/root"
  fi
  printf 'FROM scratch\nADD %s /\nLABEL recipe=%s\nCMD ["bash"]\n' "$recipe.tar" "$recipe" |
    buildah_own build --quiet --file - --tag "$DEBIAN_IMAGE" "$CACHE/images/debian" >/dev/null
  exec 6<&-
}

# build_image NAME CONTEXT OPTION...
build_image() {
  local name=$1 context=$2 volumes
  shift 2
  [[ -d $context ]] || die "the build context $context of $name is not a folder"
  ensure_debian_image
  begin_build
  readarray -t volumes < <(apt_volumes)
  # Whoever wants the same image at the same time finds its layers afterwards, instead of making them as well.
  lock_folder "$CACHE/images/locks/${name//[^a-z0-9.]/-}" 7
  buildah_own build --isolation chroot --pull=never --layers --format docker "${volumes[@]}" --tag "$name" "$@" "$context" >&2 ||
    die "building $name from $context failed (see above)"
  exec 7<&- 5>&-
}

# The label says which image the cluster has under this name.
image_in_cluster() {
  ctr_node images list "name==$1" | grep -o "tidegate.io/image=[0-9a-f]*" | cut -d= -f2
}

import_image() {
  local name=$1 id=$2 file
  file=$(mktemp "$STATE/image-XXXXXX.tar")
  rm -f "$file" # buildah wants to make it itself
  buildah_own push --quiet "$name" "docker-archive:$file:$name" >/dev/null || { rm -f "$file"; die "buildah cannot export $name (see above)"; }
  ctr_node images import "$file" >/dev/null || { rm -f "$file"; die "containerd does not take $name: see $STATE/log/containerd.log"; }
  rm -f "$file"
  ctr_node images label "$name" "tidegate.io/image=$id" >/dev/null
}
