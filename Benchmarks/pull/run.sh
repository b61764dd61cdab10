# shellcheck shell=bash
# The hub of the measurements, and how each program downloads from it. Sourced by pull.sh.

# Where Debian has nginx, and others do not look.
PATH=$PATH:/usr/sbin
output=$ground/output
# The client is to do no more than the others do.
export HF_HUB_DISABLE_XET=1 HF_HUB_DISABLE_UPDATE_CHECK=1
export HF_HUB_DISABLE_TELEMETRY=1 HF_HUB_DISABLE_PROGRESS_BARS=1

# Starts nginx as the hub, and sets the addresses that it has.
start_hub() {
    python3 Benchmarks/pull/hub.py "$ground" "$file" "$digest" "$count" 2>"$ground/requests" &
    server=$!
    for _ in $(seq 200); do
        [ -s "$ground/addresses" ] && break
        kill -0 "$server" 2>/dev/null || break
        sleep 0.05
    done
    [ -s "$ground/addresses" ] || die "the hub did not start: $(cat "$ground/requests")"
    # shellcheck disable=SC1091
    . "$ground/addresses"
    curl --silent --fail --max-time 10 --output /dev/null "$hub/api/models/org/small/revision/main" ||
        die "the hub does not answer: $(cat "$ground/requests")"
}

# A line that is not what it is said to be would decide in place of the programs.
check_line() {
    curl --silent --fail --range 33554432-100663295 --output /dev/null \
        --write-out '%{size_download} %{time_starttransfer} %{time_total}\n' "$line/${file##*/}" |
        awk '{ pace = $1 / ($3 - $2) / 1048576; wait = $2 * 1000 }
            END { printf "the line: %.1f MiB/s a connection after %.0f ms\n", pace, wait
                  exit !(pace > 27 && pace < 29 && wait > 249 && wait < 300) }' ||
        die "the line should have 28 MiB/s a connection after 250 ms" "SO_MAX_PACING_RATE has to work here"
}

# Runs a command and notes for a case and a program: seconds, of the user, of the system, the peak in kB.
measure() {
    local title=$1 program=$2
    shift 2
    command time --quiet --append --output "$ground/results" --format "$title $program %e %U %S %M" "$@" \
        >"$output/$program.log" 2>&1 || die "$title, $program: $(tail -n 3 "$output/$program.log")"
}

# Measures one program in one case. What it is compared with may know the address at the CDN beforehand.
download() {
    local title=$1 program=$2 address=$4/${file##*/} repository=$5 folder=$output/$2 stack=llamacpp
    local -x HF_ENDPOINT=$3 HF_HOME=$folder
    [ "$repository" = org/large-GGUF ] || stack=vllm
    mkdir -p "$folder"
    case $program in
    stackctl)
        measure "$title" "$program" "$stackctl" "$stack" pull --progress none --connections 8 \
            --home "$folder" "$repository"
        ;;
    curl) measure "$title" "$program" curl -sSf --output "$folder/${file##*/}" "$address" ;;
    # It would write the file's length in zeros first, which is no help to it here.
    aria2c) fetch_by_aria2c -x8 ;;
    aria2c-8) fetch_by_aria2c -x8 -s8 ;;
    hf) measure "$title" "$program" "$hf" download "$repository" ;;
    esac
    compare
}

fetch_by_aria2c() {
    measure "$title" "$program" aria2c -q --no-conf --file-allocation=none --dir "$folder" "$@" "$address"
}

# Ends it all if what has arrived is not what was sent.
compare() {
    local config
    if [ "$repository" = org/large-GGUF ]; then
        cmp "$file" "$(arrived "$program")"
    else
        config=$(find -L "$folder" -name config.json)
        diff -r --exclude manifest.json "$ground/hub/small" "${config%/*}"
    fi || die "$title, $program: what has arrived is not what was sent"
}

# Where a program has put the large file.
arrived() { find -L "$output/$1" -name "${file##*/}"; }

clear_output() { rm -rf "${output:?}/$1" "$output/$1.log"; }

# A virtual machine pays for memory that it has given back to its host: not one program for another's.
touch_memory() { python3 -c 'import sys; b"\1" * int(sys.argv[1])' "$size"; }
