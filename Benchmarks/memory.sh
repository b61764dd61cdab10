#!/usr/bin/env bash
# How much memory a pull takes at its peak, whatever it pulls: from a mirror on this machine, over real HTTP.
#
#   SIZE=2000000000   the length of the large file in bytes
#   FILES=1000        the number of small files
#   STACKCTL=PATH     the binary to measure, in place of a release build
#   TMPDIR=/var/tmp   where the data is: twice SIZE must fit
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/machine.sh
. Benchmarks/ground.sh

size=${SIZE:-2000000000}
count=${FILES:-1000}
target=64000
need_packages time
find_stackctl
make_ground

# Runs a command and prints the most memory that it had at any time.
peak() {
    local title=$1
    shift
    command time --format %M --output "$ground/peak" "$@" >"$ground/output" 2>&1 || die "$title: $(tail -n 3 "$ground/output")"
    local kilobytes
    kilobytes=$(awk '{ print int($1 * 1.024) }' "$ground/peak")
    printf '%-46s %6.1f MB, %s of the target of 64 MB\n' "$title" "$(ratio "$kilobytes" 1000)" "$(ratio "$kilobytes" "$target")"
}
pull=("$stackctl" llamacpp pull --progress none)

write_gguf "$ground/hub/org/large-GGUF/large-q8_0.gguf" "$size"
# Weights of one number, and as many small files beside them as no publisher has.
mkdir -p "$ground/hub/org/many"
header='{"w":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}'
{ printf '%b\0\0\0\0\0\0\0' "\\x$(printf %x ${#header})"; printf '%s\0\0' "$header"; } >"$ground/hub/org/many/model.safetensors"
echo '{"architectures": ["LlamaForCausalLM"], "model_type": "llama"}' >"$ground/hub/org/many/config.json"
for number in $(seq -w "$count"); do
    printf '{"number": "%s"}\n' "$number" >"$ground/hub/org/many/part-$number.json"
done
serve "$ground/hub"

peak "--help" "$stackctl" --help
peak "pull, one file of $((size / 1000000)) MB" "${pull[@]}" org/large-GGUF:q8_0
peak "verify, one file of $((size / 1000000)) MB" "$stackctl" llamacpp verify --progress none
"$stackctl" llamacpp rm --yes org/large-GGUF >/dev/null

# Stopped in the middle, so that what has arrived is hashed again from the disk.
"${pull[@]}" org/large-GGUF:q8_0 >/dev/null 2>&1 &
stopped=$!
arrived() { stat -c %s "$STACKCTL_HOME"/stacks/llamacpp/models/.stackctl/partial/*/data 2>/dev/null || echo 0; }
while kill -0 "$stopped" 2>/dev/null && [ "$(arrived)" -lt $((size / 2)) ]; do sleep 0.02; done
kill -KILL "$stopped" 2>/dev/null || true
wait "$stopped" 2>/dev/null || true
peak "pull, taken up at $(($(arrived) / 1000000)) MB" "${pull[@]}" org/large-GGUF:q8_0
"$stackctl" llamacpp rm --yes org/large-GGUF >/dev/null

peak "pull, one file over 32 connections" "${pull[@]}" --connections 32 org/large-GGUF:q8_0
peak "pull, $count small files" "$stackctl" vllm pull --progress none org/many
peak "pull, $count small files over 32 connections" "$stackctl" vllm pull --progress none --force --connections 32 org/many
peak "pull, $count small files with a bar" script -qec "$stackctl vllm pull --force org/many" /dev/null
rm -rf "$STACKCTL_HOME"
peak "pull, a local file of $((size / 1000000)) MB" "${pull[@]}" "$ground/hub/org/large-GGUF/large-q8_0.gguf"
