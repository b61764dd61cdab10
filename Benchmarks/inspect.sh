#!/usr/bin/env bash
# How long it takes to tell what is in a GGUF of 20 GB with a vocabulary of 150,000 tokens, beside `gguf-dump` and
# `ramalama inspect`. The file is a header, and a hole where its data would be.
#
#   RUNS=30           how often `stackctl` runs
#   OTHER_RUNS=3      how often the others run
#   STACKCTL=PATH     the binary to measure, in place of a release build
#   RAMALAMA=0.25.0   the version of RamaLama to measure against
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/machine.sh
. Benchmarks/ground.sh

need_packages hyperfine python3-venv
find_stackctl
vocabularies=$(scripts/vocabularies)
make_ground
file=$ground/large.gguf
"$vocabularies/environment/bin/python" Benchmarks/large-gguf.py "$file" "$vocabularies/ggml-vocab-qwen2.gguf" 2>/dev/null
echo "$(stat -c %s "$file") bytes, of which $(($(stat -c %b "$file") * 512)) are on the disk"

python3 -m venv "$ground/ramalama"
"$ground/ramalama/bin/pip" install --quiet --disable-pip-version-check "ramalama==${RAMALAMA:-0.25.0}"
ramalama=("$ground/ramalama/bin/ramalama" --store "$ground/store")
# It copies what it is given, holes and all: it gets a header alone, and then the file in its place.
head -c 24 <(printf 'GGUF\3'; cat /dev/zero) >"$ground/stored.gguf"
"${ramalama[@]}" --quiet pull "file://$ground/stored.gguf" >/dev/null
find "$ground/store" -type f -size 24c -exec cp --sparse=always "$file" {} \;

for command in "$stackctl inspect $file" "${ramalama[*]} inspect file://$ground/stored.gguf" \
    "$vocabularies/environment/bin/gguf-dump $file"; do
    # What has not counted the tensors, or their elements, has not done the work.
    $command 2>/dev/null | grep -E '771|32763876352' >/dev/null || die "\`$command\` does not find the tensors"
done

time_of() {
    hyperfine --shell none --warmup 1 --runs "$2" --export-csv "$ground/times.csv" --command-name "$1" "$3" >&2
    measured "$1" mean
}
own=$(time_of stackctl "${RUNS:-30}" "$stackctl inspect $file")
dump=$(time_of gguf-dump "${OTHER_RUNS:-3}" "$vocabularies/environment/bin/gguf-dump $file")
other=$(time_of ramalama "${OTHER_RUNS:-3}" "${ramalama[*]} inspect file://$ground/stored.gguf")
echo "stackctl inspect: $(milliseconds "$own"), target 50 ms;" \
    "gguf-dump takes $(ratio "$dump" "$own") times as long, target 20;" \
    "ramalama inspect $(ratio "$other" "$own") times"
