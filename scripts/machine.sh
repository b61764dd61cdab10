# shellcheck shell=bash
# What a Debian machine needs before it can build and test: sourced by the scripts here and by .ci/run.

# The libraries that the binary links, what finds them, and what fetches the Swift packages.
# shellcheck disable=SC2034
build_packages=(libcurl4-openssl-dev libssl-dev libyaml-dev pkg-config git ca-certificates)

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
# containers of their own, which only root can start.
need_test_packages() {
    python3 -c 'import ensurepip, venv' 2>/dev/null || need_packages python3-venv
    [ "$(id -u)" -eq 0 ] || return 0
    need_programs dockerd:docker.io runc:runc iptables:iptables podman:podman busybox:busybox-static \
        docker:docker.io openssl:openssl
}

# Installs the packages of the programs that are missing, each named as PROGRAM:PACKAGE.
need_programs() {
    local pair packages=()
    for pair in "$@"; do
        PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null || packages+=("${pair##*:}")
    done
    [ ${#packages[@]} -eq 0 ] || need_packages "${packages[@]}"
}
