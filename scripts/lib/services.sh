# shellcheck shell=bash
# Keeps programs running and stops them in order. Sourced by scripts/run and
# scripts/stop, whose working directory is PILEHUB_HOME: pid files are
# run/NAME.pid, output goes to log/NAME.log.

# In the order they are stopped: who asks before who answers.
stop_order=(topups sim gateway slow web jobs fakes nginx db)

# start_service NAME COMMAND...: runs it, and again whenever it ends.
start_service() {
    keep_running "$@" 9>&- &
    printf '%s\n' "$!" >"run/$1.loop"
}

keep_running() {
    local name=$1 child='' stopping='' began delay=0.1; shift
    trap 'stopping=1; [ -z "$child" ] || kill "$child" 2>/dev/null' TERM
    trap '' INT HUP
    trap - EXIT
    set +e
    while [ -z "$stopping" ]; do
        began=$SECONDS
        # A session of its own: Ctrl-C reaches only scripts/run, which then
        # stops all in order.
        setsid "$@" </dev/null >>"log/$name.log" 2>&1 &
        child=$!
        printf '%s\n' "$child" >"run/$name.pid"
        # A signal ends wait early; the child is what counts.
        while kill -0 "$child" 2>/dev/null; do wait "$child"; done
        child=''
        [ -z "$stopping" ] || break
        printf '%s ended, starting it again\n' "$name" >>log/run.log
        # At once the first time; slower if it dies again and again.
        if [ $((SECONDS - began)) -ge 3 ]; then
            delay=0.1
        fi
        sleep "$delay"
        case $delay in
        0.1) delay=0.5 ;;
        0.5) delay=2 ;;
        *) delay=5 ;;
        esac
    done
    rm -f "run/$name.pid" "run/$name.loop"
    exit 0
}

pid_of() { # pid_of FILE: the number in it, if that process lives
    local pid
    [ -f "$1" ] || return 1
    read -r pid <"$1" || return 1
    kill -0 "$pid" 2>/dev/null || return 1
    say "$pid"
}

# stop_service NAME [SECONDS]: asks, waits, and after SECONDS insists.
stop_service() {
    local name=$1 tries=$((${2:-15} * 20)) loop='' pid=''
    loop=$(pid_of "run/$name.loop") || true
    pid=$(pid_of "run/$name.pid") || true
    [ -n "$loop$pid" ] || return 0
    # The loop passes it on; without a loop (it was killed) ask directly.
    kill "${loop:-$pid}" 2>/dev/null || true
    while [ "$tries" -gt 0 ]; do
        { [ -n "$loop" ] && kill -0 "$loop" 2>/dev/null; } ||
            { [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; } || break
        tries=$((tries - 1))
        sleep 0.05
    done
    if [ "$tries" -eq 0 ]; then
        say "$name did not stop; killing it"
        kill -KILL ${pid:+"$pid"} ${loop:+"$loop"} 2>/dev/null || true
    fi
    rm -f "run/$name.pid" "run/$name.loop"
}

stop_all_services() {
    local name
    for name in "${stop_order[@]}"; do
        # The database may have much to write back.
        if [ "$name" = db ]; then
            stop_service "$name" 60
        else
            stop_service "$name"
        fi
    done
}

# tree_of PID: it and everything below it.
tree_of() {
    local child children=()
    say "$1"
    read -ra children 2>/dev/null <"/proc/$1/task/$1/children" || true
    for child in "${children[@]}"; do
        tree_of "$child"
    done
}

# memory_kib FIELD NAME...: sum over the services of Rss or Pss. Pss counts a
# page that forked workers share once.
memory_kib() {
    local field=$1 name pid; shift
    for name; do
        pid=$(pid_of "run/$name.pid") || continue
        for pid in $(tree_of "$pid"); do
            # Programs that hold keys show theirs to root only (W9); what
            # anyone may know counts shared pages as its own.
            cat "/proc/$pid/smaps_rollup" 2>/dev/null ||
                awk '$1 == "VmRSS:" { print "Rss:", $2; print "Pss:", $2 }' \
                    "/proc/$pid/status" 2>/dev/null || true
        done
    done | awk -v f="$field:" '$1 == f { sum += $2 } END { print sum + 0 }'
}
