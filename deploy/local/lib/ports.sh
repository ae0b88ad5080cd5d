# shellcheck shell=bash
# Free ports on the loopback address.

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port: one that nobody listens on now; below the range from which the kernel serves clients.
free_port() {
  local port
  while true; do
    port=$((20000 + SRANDOM % 10000))
    port_is_free "$port" && break
  done
  printf '%s' "$port"
}
