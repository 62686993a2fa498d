#!/usr/bin/env python3
"""Counts test cases.

tally.py CASES_FILE PART LOG...  reads TAP logs (automake's FILE.log with its
FILE.trs beside it, or any other file of TAP) and appends one line per case,
"PART<tab>program<tab>case<tab>result", result being ok, failed or skipped. A
program that died, or that printed no case at all, counts as one failed case,
so that nothing can pass by not running.
"""
import os
import re
import sys

LINE = re.compile(r"^(ok|not ok)\b\s*(\d+)?\s*-?\s*(.*)$")


def outcome_of(trs):
    """The result automake recorded: PASS, FAIL, SKIP, ERROR; None without."""
    if not os.path.exists(trs):
        return None
    with open(trs, encoding="utf-8", errors="replace") as f:
        found = re.search(r"^:global-test-result: *(\w+)", f.read(), re.M)
    return found.group(1) if found else "ERROR"


def cases_of(log):
    with open(log, encoding="utf-8", errors="replace") as f:
        for line in f:
            found = LINE.match(line.rstrip("\n"))
            if not found:
                continue
            text = found.group(3)
            if re.search(r"#\s*skip", text, re.I):
                name = re.sub(r"\s*#\s*skip", "", text, flags=re.I).strip()
                yield name or "case %s" % found.group(2), "skipped"
            elif found.group(1) == "ok":
                yield text, "ok"
            else:
                yield text, "failed"


def main():
    out_path, part, logs = sys.argv[1], sys.argv[2], sys.argv[3:]
    counts = {"ok": 0, "failed": 0, "skipped": 0}
    with open(out_path, "a", encoding="utf-8") as out:
        for log in sorted(logs):
            program = os.path.basename(log)
            program = os.path.splitext(program)[0]
            cases = list(cases_of(log))
            outcome = outcome_of(log[:-4] + ".trs")
            if outcome == "SKIP":
                cases.append(("whole program", "skipped"))
            elif not cases:
                cases.append(("printed no test case", "failed"))
            elif outcome not in (None, "PASS") and not any(
                    result == "failed" for _, result in cases):
                cases.append(("died", "failed"))
            for name, result in cases:
                counts[result] += 1
                out.write("%s\t%s\t%s\t%s\n" % (part, program, name, result))
    print("%(ok)d ok, %(failed)d failed, %(skipped)d skipped" % counts)


main()
