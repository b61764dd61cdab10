# shellcheck shell=bash
# What the measurements stand on: the binary, a folder of their own, and how a ratio is printed. Sourced by them.

# The binary that is shipped, built if it is not; or the one that STACKCTL names.
find_stackctl() {
    stackctl=${STACKCTL-}
    if [ -z "$stackctl" ]; then
        stackctl=$(.ci/release)
    fi
    stackctl=$(realpath "$stackctl")
    [ -x "$stackctl" ] || die "there is no binary at $stackctl"
    "$stackctl" version
}

# The hub's own client, which stays for the next time where it can: it takes longer to install than to run.
find_hf() {
    local cache=/var/cache/stackctl client
    mkdir -p "$cache" 2>/dev/null || true
    [ -w "$cache" ] || cache=$ground
    client=$cache/huggingface_hub-${HF_VERSION:=2.4.0}
    if [ ! -e "$client/installed" ]; then
        rm -rf "$client"
        python3 -m venv "$client"
        "$client/bin/pip" install --quiet --disable-pip-version-check "huggingface_hub==$HF_VERSION"
        touch "$client/installed"
    fi
    hf=$client/bin/hf
}

# A folder for the data, removed at the end; nothing of this user's own setup plays a part.
make_ground() {
    ground=$(mktemp -d "${TMPDIR:-/var/tmp}/stackctl-benchmark.XXXXXX")
    server=
    trap clear_ground EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    export STACKCTL_HOME="$ground/home" HF_HOME="$ground/huggingface" NO_COLOR=1
    unset STACKCTL_STACK HF_TOKEN HF_TOKEN_PATH HF_ENDPOINT HF_HUB_OFFLINE http_proxy https_proxy all_proxy
}

clear_ground() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$ground"
}

# Writes a GGUF file that says nothing but that it is one, then noise: hashing does not care what it hashes.
write_gguf() {
    local path=$1 bytes=$2
    mkdir -p "$(dirname "$path")"
    { printf 'GGUF\3\0\0\0'; head -c 16 /dev/zero; head -c $((bytes - 24)) /dev/urandom; } >"$path"
}

# Serves a folder on a port of its own, and points HF_ENDPOINT to it.
serve() {
    "$stackctl" mirror serve "$1" --bind 127.0.0.1:0 >"$ground/address" 2>"$ground/requests" &
    server=$!
    for _ in $(seq 200); do
        grep -q '^http://' "$ground/address" && break
        kill -0 "$server" 2>/dev/null || break
        sleep 0.05
    done
    HF_ENDPOINT=$(grep -m 1 '^http://' "$ground/address") || die "the mirror did not start: $(cat "$ground/requests")"
    export HF_ENDPOINT
}

# The quotient of two numbers, with three digits behind the point.
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a / b }'; }

# A column of hyperfine's CSV for the command of a name.
measured() { awk -F, -v name="$1" -v column="$2" '
    NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) wanted = i }
    $1 == name { print $wanted }' "$ground/times.csv"; }

# Seconds as milliseconds.
milliseconds() { awk -v s="$1" 'BEGIN { printf "%.1f ms", s * 1000 }'; }
