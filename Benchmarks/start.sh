#!/usr/bin/env bash
# How long the small commands take: `--help`, and `ls` with 1,000 models in a volume, beside the hub's own client.
#
#   MODELS=1000       how many models there are
#   RUNS=30           how often each command runs
#   STACKCTL=PATH     the binary to measure, in place of a release build
#   HF_VERSION=2.4.0  the version of huggingface_hub to measure against
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/machine.sh
. Benchmarks/ground.sh

models=${MODELS:-1000}
need_packages hyperfine python3-venv
find_stackctl
make_ground
find_hf

# The same models twice: as `stackctl pull` leaves them, and as `hf download` does.
commit=0123456789abcdef0123456789abcdef01234567
for number in $(seq -w "$models"); do
    sha256=$(printf '%064d' "$((10#$number))")
    name=org/model-$number
    file=model-$number-q4_k_m.gguf
    folder=$STACKCTL_HOME/stacks/llamacpp/models/org--model-$number/gguf/q4_k_m
    mkdir -p "$folder"
    truncate -s 4683073536 "$folder/$file"
    cat >"$folder/manifest.json" <<END
{
  "facts" : {
    "architecture" : "qwen2",
    "contextLength" : 32768,
    "parameters" : 7615616512
  },
  "files" : [
    {
      "path" : "$file",
      "sha256" : "$sha256",
      "sizeBytes" : 4683073536
    }
  ],
  "format" : "gguf",
  "formatVersion" : 1,
  "model" : "$name",
  "pulledAt" : "2025-01-01T00:00:00Z",
  "quant" : "q4_k_m",
  "source" : {
    "endpoint" : "https://huggingface.co",
    "kind" : "hub",
    "repository" : "$name",
    "requestedRevision" : "main",
    "revision" : "$commit",
    "selection" : "quant=q4_k_m"
  },
  "tool" : "stackctl 0.1.0"
}
END
    folder=$HF_HOME/hub/models--org--model-$number
    mkdir -p "$folder/refs" "$folder/blobs" "$folder/snapshots/$commit"
    printf '%s' "$commit" >"$folder/refs/main"
    truncate -s 4683073536 "$folder/blobs/$sha256"
    ln -s "../../blobs/$sha256" "$folder/snapshots/$commit/$file"
done
listed=$("$stackctl" ls --quiet | wc -l)
[ "$listed" -eq "$models" ] || die "\`ls\` lists $listed models of $models"

# Nothing of the client's that goes to the network is to be measured.
export HF_HUB_OFFLINE=1 HF_HUB_DISABLE_UPDATE_CHECK=1 HF_HUB_DISABLE_TELEMETRY=1
hyperfine --shell none --warmup 3 --runs "${RUNS:-30}" --export-csv "$ground/times.csv" \
    --command-name help "$stackctl --help" \
    --command-name ls "$stackctl ls" \
    --command-name hf-help "$hf --help" \
    --command-name hf-ls "$hf cache ls"

echo "stackctl --help: $(milliseconds "$(measured help mean)"), target 15 ms;" \
    "hf --help takes $(ratio "$(measured hf-help mean)" "$(measured help mean)") times as long"
echo "stackctl ls, $models models: $(milliseconds "$(measured ls mean)"), target 40 ms;" \
    "hf cache ls takes $(ratio "$(measured hf-ls mean)" "$(measured ls mean)") times as long"
