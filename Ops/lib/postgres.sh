# shellcheck shell=bash disable=SC2119 # the major version is optional
# A private PostgreSQL server of this checkout: its own data folder, a unix socket in a folder that only its owner can
# enter, no TCP. Needs common.sh and requirements.sh.
#
# A server NAME lives in .glimpq/postgres-NAME. Where the path would be too long for a unix socket, or where the
# server's user cannot enter the checkout (root's home, for instance), it lives in /tmp/glimpq-UID-HASH/postgres-NAME,
# HASH being of the checkout's path, and .glimpq/postgres-NAME is a link to it.

readonly PG_SOCKET_NAME=.s.PGSQL.5432 PG_SOCKET_PATH_LIMIT=107

# as_server_user COMMAND…: PostgreSQL refuses to run as root; then the server belongs to an unprivileged user.
as_server_user() {
    if ((EUID == 0)); then
        (cd / && exec setpriv --reuid="$PG_USER" --regid="$PG_GROUP" --clear-groups -- env HOME=/ "$@")
    else
        "$@"
    fi
}

# postgres_locate NAME: sets PG_USER, PG_GROUP, PG_LINK, PG_HOME and what lies in it; creates only the shared folders.
postgres_locate() {
    local name=$1 uid=$EUID hash
    [[ $name =~ ^[a-z0-9][a-z0-9-]{0,23}$ ]] ||
        fail "$EXIT_USAGE" "--name '$name': use 1 to 24 of a-z, 0-9 and '-'"
    PG_USER=$(id -un)
    if ((EUID == 0)); then
        PG_USER=postgres
        id postgres >/dev/null 2>&1 || PG_USER=nobody
    fi
    PG_GROUP=$(id -gn "$PG_USER")
    mkdir -p "$ROOT/.glimpq"
    PG_LINK=$ROOT/.glimpq/postgres-$name
    PG_HOME=$PG_LINK
    if ((${#PG_LINK} + ${#PG_SOCKET_NAME} + 8 > PG_SOCKET_PATH_LIMIT)) ||
        ! as_server_user test -x "$ROOT/.glimpq" 2>/dev/null; then
        hash=$(printf '%s' "$ROOT" | sha256sum | cut -c 1-12)
        postgres_shared_folder "/tmp/glimpq-$uid-$hash"
        PG_HOME=/tmp/glimpq-$uid-$hash/postgres-$name
    fi
    PG_DATA=$PG_HOME/data
    PG_SOCKET=$PG_HOME/socket
    PG_LOG=$PG_HOME/server.log
    PG_URL="postgresql://postgres@/glimpq?host=$(percent_encode "$PG_SOCKET")&port=5432"
}

# postgres_shared_folder PATH: /tmp is writable for all, so what is found there must be ours.
postgres_shared_folder() {
    mkdir -m 711 "$1" 2>/dev/null || true
    [[ -d $1 && ! -L $1 && -O $1 ]] ||
        fail "$EXIT_ENVIRONMENT" "$1 exists and does not belong to $(id -un); remove it"
}

# postgres_pid: the id of the running server; fails if there is none. A recorded id that now belongs to some other
# process does not count: the server's working directory is its data folder.
postgres_pid() {
    local pid
    pid=$(head -n 1 "$PG_DATA/postmaster.pid" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ && $(readlink "/proc/$pid/cwd" 2>/dev/null) == "$PG_DATA" ]] && printf '%s\n' "$pid"
}

# postgres_leftovers: ids of processes that a killed server has left behind.
postgres_leftovers() {
    local cwd
    for cwd in /proc/[0-9]*/cwd; do
        [[ $(readlink "$cwd" 2>/dev/null) == "$PG_DATA" ]] && basename -- "${cwd%/cwd}"
    done
    return 0
}

# postgres_initialise: in a folder beside the final one, so that an interruption leaves nothing half made.
postgres_initialise() {
    local bin
    bin=$(postgres_binaries) || fail "$EXIT_ENVIRONMENT" "no PostgreSQL server of version $MINIMUM_POSTGRES or later found"
    rm -rf "$PG_HOME"
    mkdir -m 700 "$PG_HOME"
    [[ $PG_HOME == "$PG_LINK" ]] || ln -sfn "$PG_HOME" "$PG_LINK"
    if ((EUID == 0)); then chown "$PG_USER:$PG_GROUP" "$PG_HOME"; fi
    as_server_user mkdir -m 700 "$PG_SOCKET"
    as_server_user "$bin/initdb" -D "$PG_HOME/new" -U postgres -A trust -E UTF8 --locale=C >"$PG_HOME/initdb.log" 2>&1 ||
        fail "$EXIT_ENVIRONMENT" "initdb failed: $(tail -n 3 "$PG_HOME/initdb.log" | tr '\n' ' ')"
    as_server_user mv "$PG_HOME/new" "$PG_DATA"
}

# postgres_configure: written at every start, so that a changed script or a moved checkout takes effect. Durability
# stays as PostgreSQL ships it.
postgres_configure() {
    as_server_user tee "$PG_DATA/glimpq.conf" >/dev/null <<CONF
listen_addresses = ''
port = 5432
unix_socket_directories = '${PG_SOCKET//\'/\'\'}'
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 256MB
max_wal_size = 4GB
checkpoint_timeout = 15min
autovacuum_naptime = 10s
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
log_checkpoints = off
CONF
    as_server_user grep -q "^include 'glimpq.conf'" "$PG_DATA/postgresql.conf" ||
        printf "include 'glimpq.conf'\n" | as_server_user tee -a "$PG_DATA/postgresql.conf" >/dev/null
}

# postgres_start NAME: does nothing if it runs. A lock keeps two scripts from starting it at once; the server must not
# inherit the lock, or it would hold it for life.
postgres_start() {
    local bin
    postgres_locate "$1"
    exec 9>"$ROOT/.glimpq/postgres-$1.lock"
    flock -w 60 9 || fail "$EXIT_ENVIRONMENT" "another script has been starting this server for a minute"
    if ! postgres_pid >/dev/null; then
        [[ -f $PG_DATA/PG_VERSION ]] || postgres_initialise 9>&-
        bin=$(postgres_binaries "$(cat "$PG_DATA/PG_VERSION")") || fail "$EXIT_ENVIRONMENT" \
            "$PG_DATA was made by PostgreSQL $(cat "$PG_DATA/PG_VERSION"), which is not installed; install it or remove the data with: Ops/postgres remove --name $1"
        postgres_clear_stale
        postgres_configure
        as_server_user "$bin/pg_ctl" -D "$PG_DATA" -l "$PG_LOG" -w -t 120 start >/dev/null 2>&1 </dev/null 9>&- ||
            fail "$EXIT_ENVIRONMENT" "PostgreSQL did not start; $PG_LOG ends: $(tail -n 4 "$PG_LOG" | tr '\n' ' ')"
    fi
    postgres_create_database
    exec 9>&-
}

# postgres_clear_stale: after a kill -9 or a reboot. PostgreSQL itself copes with a lock file whose process is gone,
# but not with one whose id another process has by now.
postgres_clear_stale() {
    local pid i
    for ((i = 0; i < 100; i++)); do
        [[ -z $(postgres_leftovers) ]] && break
        sleep 0.1
    done
    for pid in $(postgres_leftovers); do kill -QUIT "$pid" 2>/dev/null || true; done
    pid=$(head -n 1 "$PG_DATA/postmaster.pid" 2>/dev/null) || return 0
    if [[ $pid =~ ^[0-9]+$ ]] && kill -0 "$pid" 2>/dev/null; then
        rm -f "$PG_DATA/postmaster.pid" "$PG_SOCKET/$PG_SOCKET_NAME.lock"
    fi
}

postgres_client() { "$(postgres_binaries "$(cat "$PG_DATA/PG_VERSION")")/psql" "$@"; }

postgres_create_database() {
    local maintenance=${PG_URL/glimpq\?/postgres?} answer
    answer=$(postgres_client -XAtq "$maintenance" -c "select 1 from pg_database where datname = 'glimpq'") ||
        fail "$EXIT_ENVIRONMENT" "the server runs but cannot be reached at $PG_URL; see $PG_LOG"
    [[ $answer == 1 ]] || postgres_client -XAtq "$maintenance" -c 'create database glimpq' >/dev/null
}

# postgres_stop NAME: sessions that are still open are ended.
postgres_stop() {
    local pid i signal=INT
    postgres_locate "$1"
    pid=$(postgres_pid) || return 0
    kill -INT "$pid" 2>/dev/null || return 0
    for ((i = 0; i < 600; i++)); do
        kill -0 "$pid" 2>/dev/null || return 0
        if ((i == 300)); then signal=QUIT && kill -QUIT "$pid" 2>/dev/null; fi
        sleep 0.1
    done
    fail "$EXIT_FAILED" "PostgreSQL (process $pid) did not stop within a minute of SIG$signal; see $PG_LOG"
}

# postgres_remove NAME: stops it and deletes its data.
postgres_remove() {
    postgres_stop "$1"
    rm -rf "$PG_HOME" "$PG_LINK" "$ROOT/.glimpq/postgres-$1.lock"
    [[ $PG_HOME == "$PG_LINK" ]] || rmdir "$(dirname -- "$PG_HOME")" 2>/dev/null || true
}
