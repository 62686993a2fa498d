# shellcheck shell=bash
# A private MariaDB: its own data directory and socket, no port. Sourced.
# Takes part of its place from the caller: DB_DIR holds data/, tmp/, db.err.

# The settings of rules T1 and T8, the same in tests as in the demo.
db_settings=(
    --skip-networking --skip-name-resolve --skip-external-locking
    --character-set-server=utf8mb4 --collation-server=utf8mb4_unicode_ci
    --innodb-flush-log-at-trx-commit=1 --sync-binlog=1
    --innodb-doublewrite=ON
    --log-bin=binlog --binlog-format=ROW --expire-logs-days=7
    --max-binlog-size=64M --server-id=1
    --innodb-snapshot-isolation=ON --transaction-isolation=READ-COMMITTED
    --idle-write-transaction-timeout=15 --innodb-lock-wait-timeout=5
    --default-time-zone=+08:00 --max-connections=200
    --table-open-cache=800 --innodb-file-per-table=1
)

db_as_root=()
[ "$(id -u)" != 0 ] || db_as_root=(--user=root)

# db_create DIR: an empty server in DIR/data; root without a password. DIR/data
# is there when it is whole, whatever ends this before.
db_create() {
    rm -rf "$1/data.new"
    mkdir -p "$1/tmp"
    # Its own place for temporary tables: a server that starts removes those it
    # finds, and two may be starting at once.
    TMPDIR=$1/tmp mariadb-install-db --no-defaults "${db_as_root[@]}" \
        --datadir="$1/data.new" \
        --auth-root-authentication-method=normal --skip-test-db \
        >"$1/create.log" 2>&1 ||
        { cat "$1/create.log" >&2; die "cannot create the database"; }
    sync -f "$1/data.new"
    mv "$1/data.new" "$1/data"
}

# db_command DIR SOCKET [option...]: sets db_argv to the server's command
# line. A relative socket is taken from DIR/data, where the server works.
db_command() {
    local dir=$1 socket=$2; shift 2
    # shellcheck disable=SC2034 # what the caller asked for
    db_argv=(mariadbd --no-defaults "${db_as_root[@]}"
        --datadir="$dir/data" --tmpdir="$dir/tmp" --socket="$socket"
        --pid-file="$dir/db.pid" --log-error="$dir/db.err"
        "${db_settings[@]}" "$@")
}

# db_ready SOCKET [option...]
db_ready() {
    local socket=$1; shift
    mariadb-admin --no-defaults --socket="$socket" "$@" ping
}

# db_sql SOCKET [option...]: runs the statements on standard input as root.
db_sql() {
    local socket=$1; shift
    mariadb --no-defaults --default-character-set=utf8mb4 \
        --socket="$socket" --user=root --batch --skip-column-names "$@"
}
