#!/usr/bin/env python3
"""Checks tests/requirements.tsv: requirements.py FILE CASES_FILE

Each line: requirement id, where it is met, tests that show it. Tests are
separated by blanks or commas; each is a program (test_billing), one case of a
program (test_billing:rounds_once) or the browser's cases of one row
(e2e:rows:P001, all cases "rows: P001 ..."). Every named test must have run in
this run, and passed. Prints TAP.
"""
import re
import sys


def main():
    ran, results = {}, {}
    with open(sys.argv[2], encoding="utf-8") as f:
        for line in f:
            _, program, case, result = line.rstrip("\n").split("\t")
            ran.setdefault(program, []).append(result)
            for name in {case, case.replace(": ", ":", 1).split(" ")[0]}:
                results.setdefault("%s:%s" % (program, name),
                                   []).append(result)
    number = failed = 0
    seen = set()
    with open(sys.argv[1], encoding="utf-8") as f:
        for line in f:
            line = line.rstrip("\n")
            if not line or line.startswith("#") or line.startswith("id\t"):
                continue
            fields = line.split("\t")
            wrong = []
            if len(fields) != 3 or not all(fields):
                wrong.append("not three fields")
            elif fields[0] in seen:
                wrong.append("listed twice")
            else:
                seen.add(fields[0])
                for test in re.split(r"[,\s]+", fields[2].strip()):
                    found = results.get(test) or ran.get(test)
                    if not found:
                        wrong.append("%s did not run" % test)
                    elif any(result != "ok" for result in found):
                        wrong.append("%s did not pass" % test)
            number += 1
            failed += bool(wrong)
            print("%s %d - requirement %s%s" % (
                "not ok" if wrong else "ok", number, fields[0],
                ": " + "; ".join(wrong) if wrong else ""))
    print("1..%d" % number)
    sys.exit(1 if failed else 0)


main()
