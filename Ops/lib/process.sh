# shellcheck shell=bash
# Runs a command so that Ctrl-C, a hang-up or an exit of the script leaves nothing of it running.

# Process group leaders that were started and not yet waited for.
RUNNING=()

# descendants PID: the process and everything below it, children first. A tool may give its children a process group
# of their own, so the group alone is not enough.
descendants() {
    local child
    while read -r child; do descendants "$child"; done < <(cat "/proc/$1/task/"*/children 2>/dev/null | tr ' ' '\n' | grep .)
    printf '%s\n' "$1"
}

# still_alive PID…: those that run, zombies not counted; one per line.
still_alive() {
    local pid
    for pid in "$@"; do
        if [[ $(ps -o stat= -p "$pid" 2>/dev/null) =~ ^[^Z] ]]; then printf '%s\n' "$pid"; fi
    done
}

# stop_tree PID: asks politely, after three seconds firmly, and after ten seconds no longer asks.
stop_tree() {
    local pids i
    mapfile -t pids < <(descendants "$1")
    kill -INT "$1" 2>/dev/null || true
    for ((i = 0; i < 100; i++)); do
        mapfile -t pids < <(still_alive "${pids[@]}")
        ((${#pids[@]})) || return 0
        if ((i == 30)); then kill -TERM "${pids[@]}" 2>/dev/null || true; fi
        sleep 0.1
    done
    kill -KILL "${pids[@]}" 2>/dev/null || true
}

# start COMMAND…: in the background, in a process group of its own; its id is then in STARTED.
start() {
    set -m
    "$@" </dev/null &
    STARTED=$!
    set +m
    RUNNING+=("$STARTED")
}

# finish PID: waits for it and returns its status.
finish() {
    local status=0 pid rest=()
    wait "$1" || status=$?
    for pid in "${RUNNING[@]}"; do [[ $pid == "$1" ]] || rest+=("$pid"); done
    RUNNING=("${rest[@]}")
    return "$status"
}

# run COMMAND…: start and finish; unlike a plain call, a signal to the script takes effect at once.
run() {
    start "$@"
    finish "$STARTED"
}

# stop_all: ends whatever is still running.
stop_all() {
    local pid
    for pid in "${RUNNING[@]}"; do stop_tree "$pid"; done
    RUNNING=()
}

# on_exit FUNCTION: calls it once, however the script ends; a signal becomes the usual exit status 128 + number.
on_exit() {
    # shellcheck disable=SC2064 # the name is known now
    trap "$1" EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}
