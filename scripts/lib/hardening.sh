#!/usr/bin/env bash
# Reads rule C1 off the binaries: hardening.sh PROGRAM... Prints TAP.
. "$(dirname "$0")/common.sh"

number=0 failed=0
verdict() { # verdict NAME COMMAND...
    local name=$1; shift
    number=$((number + 1))
    if "$@" >/dev/null 2>&1; then
        say "ok $number - $name"
    else
        failed=1
        say "not ok $number - $name"
    fi
}

# Facts of one binary, read once. Each check is a pattern over them.
facts() {
    readelf -hW "$1"; readelf -lW "$1"; readelf -dW "$1"; readelf -nW "$1"
    readelf -W --dyn-syms "$1"
}
has() { grep -Eq "$1" <<<"$text"; }
stack_is_data() { ! grep -E 'GNU_STACK' <<<"$text" | grep -q 'RWE'; }
no_writable_code() { ! grep -E '^ *LOAD' <<<"$text" | grep -q 'RWE'; }
# The note of the whole program is lost to the C library's start files, which
# Debian builds without; the code itself tells.
lands_marked() {
    objdump -d --no-show-raw-insn --disassemble=main "$program" |
        grep -A1 '<main>:' | grep -q endbr64
}
no_run_path() { ! has '\((RPATH|RUNPATH)\)'; }

for program; do
    text=$(facts "$program")
    name=${program##*/}
    verdict "$name is position independent" has 'Type:.*DYN'
    verdict "$name is an executable, not a library" has '\bPIE\b'
    verdict "$name has RELRO" has 'GNU_RELRO'
    verdict "$name binds at once" has 'FLAGS.*(BIND_)?NOW'
    verdict "$name has a stack that is not code" stack_is_data
    verdict "$name has no page both writable and code" no_writable_code
    verdict "$name checks its stack" has '__stack_chk_fail'
    verdict "$name calls fortified functions" has '__[a-z]+_chk(@|$)'
    verdict "$name looks for libraries only where the system does" no_run_path
    if [ "$(uname -m)" = x86_64 ]; then
        verdict "$name marks where jumps may land (CET)" lands_marked
    fi
done
say "1..$number"
exit "$failed"
