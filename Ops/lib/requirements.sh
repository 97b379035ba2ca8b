# shellcheck shell=bash disable=SC2119,SC2120 # the major version is optional
# What has to be on the machine. As root on Debian or Ubuntu, missing packages are installed; otherwise the exact
# command is printed. Needs common.sh.

readonly MINIMUM_SWIFT=6.2 MINIMUM_POSTGRES=15

# version_at_least ACTUAL WANTED
version_at_least() { [[ $(printf '%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }

# postgres_binaries [MAJOR]: the directory with initdb, postgres and pg_ctl; the newest server that is at least the
# minimum, or of exactly that major version. GLIMPQ_POSTGRES_BIN names one outright.
postgres_binaries() {
    local wanted=${1:-} directory version best='' best_version=0
    local candidates=(/usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin)
    if command -v pg_config >/dev/null; then candidates=("$(pg_config --bindir)" "${candidates[@]}"); fi
    if command -v pg_ctl >/dev/null; then candidates+=("$(dirname -- "$(command -v pg_ctl)")"); fi
    if [[ -n ${GLIMPQ_POSTGRES_BIN:-} ]]; then candidates=("$GLIMPQ_POSTGRES_BIN"); fi
    for directory in "${candidates[@]}"; do
        [[ -x $directory/postgres && -x $directory/initdb && -x $directory/pg_ctl ]] || continue
        version=$("$directory/postgres" --version | grep -oE '[0-9]+' | head -n 1)
        [[ -z $wanted || $version == "$wanted" ]] || continue
        if ((version >= MINIMUM_POSTGRES && version > best_version)); then
            best=$directory best_version=$version
        fi
    done
    [[ -n $best ]] && printf '%s\n' "$best"
}

# missing_packages: names of the Debian packages whose content was not found, one per line.
missing_packages() {
    postgres_binaries >/dev/null || printf 'postgresql\n'
    command -v pkg-config >/dev/null || printf 'pkg-config\n'
    pkg-config --exists libpq 2>/dev/null || printf 'libpq-dev\n'
    pkg-config --exists openblas 2>/dev/null || printf 'libopenblas-dev\n'
}

# install_packages NAME…: Debian starts a server of its own when the PostgreSQL package is new; we want none.
install_packages() {
    local drop_in=/etc/postgresql-common/createcluster.d/glimpq.conf status=0
    say "installing with apt-get: $*"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq </dev/null >&2 || return 1
    mkdir -p "${drop_in%/*}"
    printf 'create_main_cluster = false\n' >"$drop_in"
    apt-get install -y -qq --no-install-recommends "$@" </dev/null >&2 || status=$?
    rm -f "$drop_in"
    return "$status"
}

require_swift() {
    local version
    command -v swift >/dev/null || fail "$EXIT_ENVIRONMENT" \
        "Swift is not installed; glimpq needs Swift $MINIMUM_SWIFT or later, see https://www.swift.org/install/linux/"
    version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9.]+' | grep -oE '[0-9.]+' | head -n 1)
    version_at_least "${version:-0}" "$MINIMUM_SWIFT" || fail "$EXIT_ENVIRONMENT" \
        "Swift ${version:-of unknown version} is installed; glimpq needs $MINIMUM_SWIFT or later, see https://www.swift.org/install/linux/"
}

# require_all: returns when everything is there, else ends the script with status 3.
require_all() {
    local missing command
    require_swift
    mapfile -t missing < <(missing_packages)
    ((${#missing[@]} == 0)) && return 0
    command="apt-get update && apt-get install -y ${missing[*]}"
    if ! command -v apt-get >/dev/null; then
        fail "$EXIT_ENVIRONMENT" "these are missing, by their Debian names: ${missing[*]}; install their like" \
            "(PostgreSQL server $MINIMUM_POSTGRES or later, its client library with headers, OpenBLAS with headers, pkg-config)"
    elif ((EUID != 0)); then
        fail "$EXIT_ENVIRONMENT" "these packages are missing: ${missing[*]}; install them with: sudo sh -c '$command'"
    fi
    install_packages "${missing[@]}" ||
        fail "$EXIT_ENVIRONMENT" "apt-get could not install ${missing[*]} (its message is above); try: $command"
    mapfile -t missing < <(missing_packages)
    ((${#missing[@]} == 0)) || fail "$EXIT_ENVIRONMENT" \
        "still missing after the installation: ${missing[*]} (PostgreSQL must be $MINIMUM_POSTGRES or later)"
}
