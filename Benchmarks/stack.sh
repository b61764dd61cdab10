#!/usr/bin/env bash
# What stackctl adds to what the Docker Engine and llama.cpp's server take themselves: `exec` beside `docker exec`,
# `restart --wait` beside `docker restart` and a loop that asks, `use` beside the same with another model. As root.
#
#   RUNS=20           how often each command runs
#   STACKCTL=PATH     the binary to measure, in place of a release build
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/machine.sh
. Benchmarks/ground.sh

runs=${RUNS:-20}
[ "$(id -u)" -eq 0 ] || die "only root can start an engine with containers"
need_test_packages
need_packages hyperfine curl
find_stackctl
make_ground

# An engine of its own, and the shipped stack with the real server on it.
printf '#!/bin/sh\n' >"$ground/nvidia-container-runtime-hook"
chmod 755 "$ground/nvidia-container-runtime-hook"
echo '{}' >"$ground/daemon.json"
PATH="$(dirname "$(scripts/docker-compose path)"):$ground:$PATH:/usr/sbin:/sbin"
export PATH DOCKER_HOST="unix://$ground/engine.sock"
dockerd --config-file "$ground/daemon.json" --data-root "$ground/data" --exec-root "$ground/exec" \
    --pidfile "$ground/pid" -H "$DOCKER_HOST" --bridge=none --iptables=false --ip6tables=false --ip-masq=false \
    --storage-driver=overlay2 --shutdown-timeout=1 >"$ground/engine.log" 2>&1 &
engine=$!
clear_engine() {
    docker ps -aq | xargs -r docker rm --force >/dev/null 2>&1 || true
    docker network prune --force >/dev/null 2>&1 || true
    kill "$engine" 2>/dev/null || true
    wait "$engine" 2>/dev/null || true
    awk -v folder="$ground/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount -l
    clear_ground
}
trap clear_engine EXIT
until docker version >/dev/null 2>&1; do kill -0 "$engine" || die "the engine did not start"; sleep 0.1; done
mkdir -p "$ground/root/app" "$ground/root/bin" "$ground/root/tmp"
cp "$(scripts/llama-server path)" "$ground/root/app/llama-server"
cp "$(command -v busybox)" "$ground/root/bin/busybox"
for name in sh sleep true wget; do ln -s busybox "$ground/root/bin/$name"; done
printf '#!/bin/sh\nfor address; do :; done\nexec wget -q -O - "$address"\n' >"$ground/root/bin/curl"
chmod 755 "$ground/root/bin/curl"
tar -C "$ground/root" -c . | docker import -c 'ENTRYPOINT ["/app/llama-server"]' - localhost/llama-server >/dev/null
swift run --quiet sample-repository "$ground/hub" >/dev/null
for quant in q8_0 f16; do
    "$stackctl" llamacpp pull --quiet "$ground/hub/stackctl/tiny-llama-GGUF/tiny-llama-$quant.gguf" --as "tiny-$quant"
done
echo LLAMACPP_IMAGE=localhost/llama-server >"$STACKCTL_HOME/stacks/llamacpp/.env"
"$stackctl" llamacpp use --quiet tiny-q8_0 2>/dev/null

# What one would write by hand: restart, and ask until a token comes.
cat >"$ground/by-hand" <<'END'
#!/bin/bash
docker restart stackctl-llamacpp >/dev/null
until curl -fsS -m 5 -d '{"prompt":"1","max_tokens":1}' http://127.0.0.1:8080/v1/completions >/dev/null 2>&1; do
    sleep 0.02
done
END
# The other model each time.
cat >"$ground/use" <<END
#!/bin/bash
"$stackctl" llamacpp use --quiet "\$(grep -q tiny-f16 "$STACKCTL_HOME/stacks/llamacpp/active/launch.sh" && echo tiny-q8_0 || echo tiny-f16)" 2>/dev/null
END
chmod 755 "$ground/by-hand" "$ground/use"

time_of() { hyperfine -N --warmup 2 --runs "$runs" --export-json "$ground/times" "$1" >/dev/null 2>&1 || die "$1 failed"
    jq -r '.results[0].median * 1000 | round' "$ground/times"; }
ours=$(time_of "$stackctl llamacpp exec -- true")
theirs=$(time_of "docker exec stackctl-llamacpp true")
printf '%-46s %5d ms, docker exec %d ms: %s\n' "exec -- true" "$ours" "$theirs" "$(ratio "$ours" "$theirs")"
ours=$(time_of "$stackctl llamacpp restart --wait --quiet")
theirs=$(time_of "$ground/by-hand")
printf '%-46s %5d ms, by hand %d ms: %s\n' "restart --wait" "$ours" "$theirs" "$(ratio "$ours" "$theirs")"
ours=$(time_of "$ground/use")
printf '%-46s %5d ms, %d ms more than by hand\n' "use of another model" "$ours" $((ours - theirs))
