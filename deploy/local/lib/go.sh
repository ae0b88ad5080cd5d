# shellcheck shell=bash
# A Go that can build modules/*, also on a machine that has none.

# Any Go since 1.21 fetches the toolchain that go.mod asks for by itself, from the module proxy and checked against the
# public sum database. Debian 12's Go is older: it is only used to fetch that toolchain in the same way, as a module.
readonly GO_TOOLCHAIN=golang.org/toolchain@v0.0.1-go1.26.8.linux

go_is_new_enough() {
  local version
  version=$(command -v go >/dev/null && GOTOOLCHAIN=local go env GOVERSION) || return 1
  [[ $version =~ ^go1\.([0-9]+) ]] && ((BASH_REMATCH[1] >= 21))
}

go_architecture() {
  case $(uname -m) in
  x86_64) echo amd64 ;;
  aarch64) echo arm64 ;;
  *) die "no Go toolchain is known for $(uname -m): install Go 1.26 or newer and put it into PATH" ;;
  esac
}

# ensure_go: afterwards "go" works. Sets PATH.
ensure_go() {
  export GOTOOLCHAIN=auto
  go_is_new_enough && return
  local go architecture
  architecture=$(go_architecture)
  go=$CACHE/go/${GO_TOOLCHAIN##*-}-$architecture
  [[ -x $go/bin/go ]] || fetch_go "$GO_TOOLCHAIN-$architecture" "$go"
  export PATH=$go/bin:$PATH
}

fetch_go() {
  local toolchain=$1 target=$2 from
  "$LOCAL/packages" go
  say "fetching Go (${GO_TOOLCHAIN##*-}) from the Go module proxy ..."
  from=$(cd / && GOFLAGS=-modcacherw go mod download -json "$toolchain" | sed -n 's/^\t"Dir": "\(.*\)",\?$/\1/p')
  [[ -d $from ]] || die "the Go module proxy did not hand out $toolchain: install Go 1.26 or newer and put it into PATH"
  mkdir -p "$(dirname "$target")"
  rm -rf "$target.new"
  cp -r "$from" "$target.new"
  # A module's files are never executable; these are programs.
  find "$target.new/bin" "$target.new/pkg/tool" -type f -exec chmod +x {} +
  mv "$target.new" "$target"
}
