# shellcheck shell=bash
# Sourced by every script: strict mode, where the sources are, how to talk.
set -euo pipefail
shopt -s inherit_errexit
LC_ALL=C.UTF-8
export LC_ALL

# shellcheck disable=SC2034 # for those who source this
SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Seconds since boot with two decimals, for measuring: never jumps.
uptime_s() { local up rest; read -r up rest </proc/uptime; say "$up"; }

# elapsed FROM: seconds since an uptime_s, with one decimal.
elapsed() { awk -v a="$1" -v b="$(uptime_s)" 'BEGIN { printf "%.1f", b - a }'; }

# port_is_free PORT: nobody listens there on loopback.
port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# wait_until SECONDS COMMAND...: true as soon as the command succeeds.
wait_until() {
    local tries=$(($1 * 20)); shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.05
    done
}
