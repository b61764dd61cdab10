#!/usr/bin/env bash
# How fast `verify` reads, beside `openssl dgst -sha256`: one large file, and eight files on all cores.
#
#   SIZE=2000000000   the length of the large file in bytes; each of the eight has an eighth of 1.024 times that
#   RUNS=5            how often each command runs
#   STACKCTL=PATH     the binary to measure, in place of a release build
#   TMPDIR=/var/tmp   where the data is: twice SIZE must fit, and SIZE into the memory that is free
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/machine.sh
. Benchmarks/ground.sh

size=${SIZE:-2000000000}
need_packages hyperfine openssl
find_stackctl
make_ground

# Brings a file of noise into a volume of its own, as `pull` does with a file of this machine.
import() {
    write_gguf "$ground/$2.gguf" "$3"
    "$stackctl" --home "$ground/$1" llamacpp pull --quiet "$ground/$2.gguf" >/dev/null
    rm "$ground/$2.gguf"
}
# Where those files are.
files_of() { find "$ground/$1/stacks/llamacpp/models" -name '*.gguf'; }

import one large-q8_0 "$size"
file=$(files_of one)
hyperfine --shell none --warmup 1 --runs "${RUNS:-5}" --export-csv "$ground/times.csv" \
    --command-name stackctl "$stackctl --home $ground/one llamacpp verify --progress none" \
    --command-name openssl "openssl dgst -sha256 $file"
echo "one file of $((size / 1000000)) MB: stackctl verify / openssl dgst -sha256 =" \
    "$(ratio "$(measured stackctl mean)" "$(measured openssl mean)"), target 1.05"
rm -rf "$ground/one"

for number in 1 2 3 4 5 6 7 8; do
    import eight "part$number-q8_0" $((size * 128 / 1000))
done
mapfile -t files < <(files_of eight)
hyperfine --shell none --warmup 1 --runs "${RUNS:-5}" --export-csv "$ground/times.csv" \
    --command-name stackctl "$stackctl --home $ground/eight llamacpp verify --progress none" \
    --command-name openssl "openssl dgst -sha256 ${files[*]}"
used=$(awk -v u="$(measured stackctl user)" -v s="$(measured stackctl system)" 'BEGIN { print u + s }')
echo "eight files of $((size * 128 / 1000000000)) MB: stackctl verify / openssl dgst -sha256 =" \
    "$(ratio "$(measured stackctl mean)" "$(measured openssl mean)");" \
    "cores used, (user + system) / real: $(ratio "$used" "$(measured stackctl mean)") of $(nproc)"
