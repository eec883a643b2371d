#!/usr/bin/env bash
# Runs Varnish in front of every replica of the API, and follows them as they come and go.
#
#     name of the service ── DNS: one address for each replica ──▶ backends.vcl: one backend for each
#                              asked every second ── a new one ──▶ written again, compiled, used
#
# Varnish looks a name up once, when its configuration is compiled, and takes one address for it. An address that is gone
# stays until there is a new one: its probes fail, so it is not asked, and a replica that restarts mostly gets it back.
# What is kept survives a new configuration.

set -euo pipefail

api_host=${API_HOST:-api}
api_port=${API_PORT:-3000}
storage=${EDGE_STORAGE:-48M}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
state=${EDGE_STATE:-/run/edge}

addresses() {
  local address kind _
  getent ahostsv4 "$api_host" | while read -r address kind _; do
    if [[ $kind == STREAM ]]; then echo "$address"; fi
  done | sort -u
}

backends() {
  local set number address
  for set in ready alive; do
    number=0
    for address in "$@"; do
      number=$((number + 1))
      printf 'backend %s_%s {\n  .host = "%s";\n  .port = "%s";\n  .probe = %s_probe;\n' \
        "$set" "$number" "$address" "$api_port" "$set"
      printf '  .connect_timeout = 1s;\n  .first_byte_timeout = 10s;\n  .between_bytes_timeout = 5s;\n}\n'
    done
  done
  printf 'sub vcl_init {\n'
  for set in ready alive; do
    # Before the director that holds them: it must go first when this configuration does.
    for ((number = 1; number <= $#; number++)); do
      printf '  new saint_%s_%s = saintmode.saintmode(%s_%s, 1000);\n' "$set" "$number" "$set" "$number"
    done
    printf '  new %s = directors.shard();\n' "$set"
    for ((number = 1; number <= $#; number++)); do
      printf '  %s.add_backend(saint_%s_%s.backend());\n' "$set" "$set" "$number"
    done
    printf '  %s.reconfigure();\n' "$set"
  done
  printf '}\n'
}

mkdir -p "$state/replicas"
known=()
until ((${#known[@]})); do
  mapfile -t known < <(addresses || true)
  ((${#known[@]})) || sleep 1
done
backends "${known[@]}" >"$state/replicas/backends.vcl"
echo "edge: in front of ${known[*]}"

varnishd -F -n "$state/edge" -f "$here/edge.vcl" -p "vcl_path=$here:$state/replicas" \
  -a http=:8080,HTTP -a purge=:6085,HTTP -s "malloc,$storage" \
  -p vsl_space=8M -p thread_pools=1 -p thread_pool_min=20 -p thread_pool_max=1000 \
  -p http_resp_hdr_len=8k -p http_resp_size=32k -p workspace_backend=96k -p workspace_client=96k &
varnish=$!
trap 'kill -TERM "$varnish" 2>/dev/null || true' TERM INT

loaded=boot
number=0
while kill -0 "$varnish" 2>/dev/null; do
  # Waited for, so that a signal is not kept waiting for it.
  sleep 1 &
  wait "$!" || true
  mapfile -t found < <(addresses || true)
  [[ -n $(comm -13 <(printf '%s\n' "${known[@]}") <(printf '%s\n' "${found[@]}")) ]] && ((${#found[@]})) || continue
  number=$((number + 1))
  backends "${found[@]}" >"$state/replicas/backends.vcl"
  if varnishadm -n "$state/edge" vcl.load "replicas_$number" "$here/edge.vcl" >/dev/null &&
    varnishadm -n "$state/edge" vcl.use "replicas_$number" >/dev/null; then
    varnishadm -n "$state/edge" vcl.discard "$loaded" >/dev/null || true
    loaded=replicas_$number
    known=("${found[@]}")
    echo "edge: in front of ${known[*]}"
  fi
done
wait "$varnish"
