# shellcheck shell=bash disable=SC2034 # the variables are for those who source this
# Sourced by every script under Ops: where the checkout is, how to speak, how to fail.

# Exit codes of all scripts and of glimpq itself.
readonly EXIT_FAILED=1 EXIT_USAGE=2 EXIT_ENVIRONMENT=3

# The checkout that this file belongs to, without links, whatever the working directory is.
ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
readonly ROOT

# Says something to the person at the terminal; standard output stays for results.
say() { printf '%s\n' "$*" >&2; }

# fail CODE MESSAGE…: one sentence on standard error, then exit.
fail() {
    local code=$1
    shift
    printf '%s: %s\n' "$(basename -- "$0")" "$*" >&2
    exit "$code"
}

# Prints the comment block at the top of the calling script: its help text.
usage() { sed -n '2,/^$/ { s/^# \{0,1\}//; p; }' "$0"; }

# percent_encode TEXT: for use inside a URL's query; slashes stay readable.
percent_encode() {
    local LC_ALL=C text=$1 out='' i c
    for ((i = 0; i < ${#text}; i++)); do
        c=${text:i:1}
        case $c in
            [A-Za-z0-9._~/-]) out+=$c ;;
            *) printf -v c '%%%02X' "'$c" && out+=${c/FFFFFFFFFFFFFF/} ;;  # a byte above 127 may come sign-extended
        esac
    done
    printf '%s' "$out"
}
