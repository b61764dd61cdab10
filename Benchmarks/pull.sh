#!/usr/bin/env bash
# How fast a pull is, beside curl, aria2c and the hub's own client: nginx on this machine is the hub and its CDN.
#
#   --check           fail if a target is missed
#   --memory          the data is in /dev/shm, and not in TMPDIR, else /var/tmp
#   SIZE=2000000000   the length of the large file in bytes: RUNS + 1 times that must fit
#   FILES=200         the number of small files
#   RUNS=3            how often each command runs
#   STACKCTL=PATH     the binary to measure, in place of a release build
#   HF_VERSION=2.4.0  the version of huggingface_hub to measure against
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/machine.sh
. Benchmarks/ground.sh

place=${TMPDIR:-/var/tmp}
check=
for option in "$@"; do
    case $option in
    --check) check=--check ;;
    --memory) place=/dev/shm ;;
    *) die "unknown option $option" "--check, --memory" ;;
    esac
done
size=${SIZE:-2000000000}
count=${FILES:-200}
runs=${RUNS:-3}
need_packages nginx libnginx-mod-http-echo aria2 curl openssl time python3-venv
find_stackctl
TMPDIR=$place make_ground
find_hf
. Benchmarks/pull/run.sh

free=$(df --output=avail -B1 "$ground" | tail -n 1)
[ "$free" -ge $((size * (runs + 1))) ] ||
    die "there is too little room in $place" "SIZE, RUNS and TMPDIR change it"
echo "$(nginx -v 2>&1), one worker; $(stat -f -c %T "$ground"); $(nproc) cores; $runs runs"
file=$ground/cdn/large-q8_0.gguf
write_gguf "$file" "$size"
digest=$(openssl dgst -sha256 -r "$file" | cut -d ' ' -f 1)
start_hub
check_line

echo "· one file, an unlimited line"
for _ in $(seq "$runs"); do
    for program in stackctl curl aria2c aria2c-8 hf; do
        touch_memory
        download unlimited "$program" "$hub" "$cdn" org/large-GGUF
        # What stackctl has stored it has verified; the others have yet to be read again.
        [ "$program" = stackctl ] || measure hash "$program" openssl dgst -sha256 "$(arrived "$program")"
        clear_output "$program"
    done
done

echo "· one file, 28 MiB/s a connection, 250 ms to the first byte"
# One connection each, and the line is per connection: they do not hold each other up.
for program in curl hf; do
    running=()
    for round in $(seq "$runs"); do
        (
            output=$output/$round
            download line "$program" "$line_hub" "$line" org/large-GGUF
        ) &
        running+=($!)
    done
    for one in "${running[@]}"; do wait "$one"; done
    rm -rf "${output:?}"
done
for _ in $(seq "$runs"); do
    for program in stackctl aria2c aria2c-8; do
        download line "$program" "$line_hub" "$line" org/large-GGUF
        clear_output "$program"
    done
done

echo "· $count small files, 50 ms to each answer, without and with a redirect"
for _ in $(seq "$runs"); do
    for repository in small redirected; do
        for program in stackctl hf; do
            download "$repository" "$program" "$small_hub" "" "org/$repository"
            clear_output "$program"
        done
    done
done

python3 Benchmarks/pull/table.py "$ground/results" $check
