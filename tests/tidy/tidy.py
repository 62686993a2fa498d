#!/usr/bin/env python3
"""The style rules as a test: tidy.py [DIRECTORY]. Prints TAP, one case a rule,
each finding as a comment line "# file:line: what".

The rules are those of docs/architecture.md: what a compiler does not see. C is
read by a small scanner that blanks comments and texts but keeps every line
where it is; that is enough for code laid out as ours is.
"""
import hashlib
import os
import re
import subprocess
import sys

FUNCTION_LINES = 70
CODE_COLUMNS = 80
TABLE_COLUMNS = 100
SCRIPT_COLUMNS = 120

# Layers: a folder of src may include these folders. "*" stands for every
# feature folder. A feature's rules and its pages are told apart by file name.
LAYERS = {
    "base": {"base"},
    "db": {"base", "db"},
    "protocol": {"base", "protocol"},
    "web": {"base", "db", "web"},
    "gateway": {"base", "db", "protocol", "gateway", "*"},
    "sim": {"base", "protocol", "sim"},
    "jobs": {"base", "db", "web", "jobs", "*", "."},
    "cli": {"base", "db", "protocol", "web", "cli", "*"},
    ".": {"web", "."},
    "subject": {"base", "db", "protocol", "*"},
    # "." is feature_list.h: an export job looks a page up by its name.
    "page": {"base", "db", "web", "protocol", "*", "."},
}

# Foreign headers stay behind one folder each.
FOREIGN = {
    r"mysql\.h": {"db"},
    r"fcgi\w*\.h": {"web"},
    r"(cs|util|cgi)/\w+\.h|ClearSilver.*": {"web"},
    r"curl/.*": {"base"},
    r"(openssl/.*|sodium.*)": {"base"},
    r"sys/epoll\.h": {"gateway", "sim", "web"},
}

BANNED = (
    "gets strcpy strcat sprintf vsprintf stpcpy strtok strtok_r atoi atol "
    "atoll atof alloca system popen rand srand random srandom rand_r drand48 "
    "tmpnam tempnam mktemp gmtime localtime ctime asctime"
).split()

HEAP = "malloc calloc realloc reallocarray free strdup strndup asprintf " \
    "vasprintf".split()
HEAP_FOLDERS = {"base", "db", "gateway", "sim"}

STATEMENT = re.compile(
    r"^\s*(SELECT|INSERT\s+(IGNORE\s+)?INTO|UPDATE|DELETE\s+FROM|"
    r"REPLACE\s+INTO|CREATE|ALTER|DROP|TRUNCATE)\s")
MARKUP = re.compile(r"</?[a-z][a-z0-9]*(\s+[a-z-]+=|/?>)")
MARKS = re.compile(r"\b(TODO|FIXME|XXX|HACK|TBD)\b|\b[Ff]or now\b")
OWN_PATHS = re.compile(r"(?<![\w.$}*-])/(work|home|root|Users)/")

# Programs and services that people write code with are nobody's business in
# a product. Kept as hashes, so that this file does not name them either.
TOOL_WORDS = {
    "8bb75b3015682d910daf88b6d728be2c", "556dcd26a54fb7523b462f60cdcd44e1",
    "4f642e388f5654bfaf2ea505be8320d1", "2c6ee24b09816a6f14f95d1698b24ead",
    "ba4aa223e149069d20250e7f51891c64",
}


class Source:
    """One file, with its text, its lines, and for C the code alone."""

    def __init__(self, root, path):
        self.root, self.path = root, path
        with open(os.path.join(root, path), "rb") as f:
            self.bytes = f.read()
        self.text = self.bytes.decode("utf-8", "replace")
        self.lines = self.text.split("\n")
        self.is_c = path.endswith((".c", ".h"))
        self.in_src = path.startswith("src/")
        parts = path.split("/")
        self.folder = "."
        if self.in_src and len(parts) > 2:
            self.folder = parts[1]
        self.literals = []
        self.code = self.lines
        if self.is_c:
            self.code = self.scan().split("\n")

    def scan(self):
        """Blanks comments and the inside of texts; notes the texts."""
        out, i, text, line = [], 0, self.text, 1
        start = re.compile(r'/\*|//|"|\'|\n')
        while i < len(text):
            found = start.search(text, i)
            if not found:
                out.append(text[i:])
                break
            out.append(text[i:found.start()])
            what, i = found.group(), found.start()
            if what == "\n":
                out.append("\n")
                line += 1
                i += 1
                continue
            if what == "/*":
                end = text.find("*/", i + 2)
                end = len(text) if end < 0 else end + 2
            elif what == "//":
                end = text.find("\n", i)
                end = len(text) if end < 0 else end
            else:
                end = i + 1
                while end < len(text) and text[end] != what:
                    end += 2 if text[end] == "\\" else 1
                end += 1
                if what == '"':
                    self.literals.append((line, text[i + 1:end - 1]))
            piece = text[i:end]
            if what in "\"'":
                out.append(what + "_" * max(0, len(piece) - 2) + what)
            else:
                out.append(re.sub(r"[^\n]", " ", piece))
            line += piece.count("\n")
            i = end
        return "".join(out)

    def layer(self):
        if self.folder in LAYERS:
            return self.folder
        name = os.path.basename(self.path)
        if re.search(r"_(admin|api|page|pages)\.[ch]$", name) or \
                name == "feature.c":
            return "page"
        return "subject"


# ---- rules: each yields (line, what) for one source -----------------------

def function_length(s):
    """Functions are at most 70 lines, and open on a line of their own"""
    if not s.is_c:
        return
    start = 0
    for n, line in enumerate(s.code, 1):
        if line == "{":
            start = n
        elif start and line.startswith("}"):
            if n - start + 1 > FUNCTION_LINES:
                yield start, "function of %d lines" % (n - start + 1)
            start = 0
        elif re.match(r"^[a-zA-Z_][\w\s*]*\(.*\)\s*\{", line) and \
                not line.startswith(("struct ", "enum ", "#")):
            yield n, "function brace not on its own line"


def is_table_line(line):
    """Rows of descriptors, field lists and macros may be wider."""
    line = line.strip()
    return line.startswith(("{", "[", ".", "#define", "cmocka_unit_")) or \
        line.endswith(("\\", "},")) or \
        re.match(r"^[A-Z][A-Z0-9_]*\(", line) is not None or \
        re.match(r"^[FX]\(", line) is not None


def line_length(s):
    """Lines are at most 80 columns, tables 100, scripts 120"""
    if not s.path.endswith((".c", ".h", ".py", ".sh")):
        return
    for n, line in enumerate(s.lines, 1):
        limit = SCRIPT_COLUMNS if not s.is_c else \
            TABLE_COLUMNS if is_table_line(line) else CODE_COLUMNS
        if len(line) > limit:
            yield n, "%d columns" % len(line)


def layers(s):
    """Includes point one way through the layers"""
    if not (s.is_c and s.in_src):
        return
    allowed = LAYERS[s.layer()]
    for n, line in enumerate(s.lines, 1):
        found = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
        if not found:
            continue
        target = found.group(2)
        if found.group(1) == "<":
            for pattern, folders in FOREIGN.items():
                if re.fullmatch(pattern, target) and s.folder not in folders:
                    yield n, "%s outside %s" % (
                        target, ", ".join(sorted(folders)))
            continue
        folder = target.split("/")[0] if "/" in target else "."
        if target == "config.h":
            continue
        is_feature = folder not in LAYERS
        if folder not in allowed and not (is_feature and "*" in allowed):
            yield n, "%s may not include %s" % (s.layer(), target)
        if s.layer() == "subject" and re.search(r"_(admin|api)\.h$", target):
            yield n, "rules may not include pages: %s" % target


def banned_calls(s):
    """No function that cannot be used safely"""
    if not s.is_c:
        return
    names = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED))
    for n, line in enumerate(s.code, 1):
        for found in names.finditer(line):
            yield n, found.group(1)
        if re.search(r"scanf\s*\(", line) and "%s" in s.lines[n - 1]:
            yield n, "unbounded %s in scanf"


def heap(s):
    """Memory comes from arenas; the heap only where objects outlive them"""
    if not (s.is_c and s.in_src) or s.folder in HEAP_FOLDERS:
        return
    names = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(HEAP))
    for n, line in enumerate(s.code, 1):
        for found in names.finditer(line):
            yield n, found.group(1)


def sql_place(s):
    """SQL stands in subjects, db and the programs' own tables, bound"""
    if not (s.is_c and s.in_src):
        return
    wrong = s.folder in ("base", "protocol", "sim", ".") or \
        s.layer() == "page"
    for n, text in s.literals:
        if STATEMENT.match(text):
            if wrong:
                yield n, "a statement in %s" % s.path
            if re.match(r"^\s*SELECT\s+(\w+\.)?\*", text):
                yield n, "SELECT *"
    for n, line in enumerate(s.code, 1):
        if re.search(r"\bchar\s+sql\w*\s*\[", line) and \
                not re.search(r"\bstatic const char\b", line):
            yield n, "a statement that is not static const"


def markup_place(s):
    """Markup stands in templates"""
    if not (s.is_c and s.in_src):
        return
    for n, text in s.literals:
        if MARKUP.search(text):
            yield n, "markup in C: %s" % text[:40]


# libxlsxwriter takes numbers as Excel stores them.
FLOATS = {"src/web/sheet_write.c"}


def no_float(s):
    """No floating point in the product"""
    if not (s.is_c and s.in_src) or s.path in FLOATS:
        return
    for n, line in enumerate(s.code, 1):
        found = re.search(r"\b(float|double|strtod|strtof)\b", line)
        if found:
            yield n, found.group(1)


def jumps(s):
    """Only base/cx.c jumps"""
    if not (s.is_c and s.in_src) or s.path in (
            "src/base/cx.c", "src/base/cx.h"):
        return
    for n, line in enumerate(s.code, 1):
        found = re.search(r"\b_?(sig)?(setjmp|longjmp)\b", line)
        if found:
            yield n, found.group()


# A process may know whether it was told to stop, and what its log lines
# belong to. Both are set in one place each.
MUTABLE = {
    "src/base/log.c": "where log lines go, and which request they are of",
    "src/gateway/fault.c": "the clock of the test build",
    "src/base/crypto.c": "the key of the process and the hash context",
}


def mutable_globals(s):
    """No mutable globals"""
    if not (s.is_c and s.in_src) or s.path in MUTABLE:
        return
    for n, text in static_objects(s):
        text = re.sub(r"__attribute__\s*\(\(.*?\)\)", "", text)
        if "sig_atomic_t" in text or not is_mutable(text) or \
                re.match(r"\s*static const (struct|union)\s*\{", text):
            continue
        yield n, " ".join(text.split())[:60]


def static_objects(s):
    """Declarations of objects that live as long as the process."""
    depth, start, part = 0, 1, []
    continued = False
    for n, line in enumerate(s.code, 1):
        is_macro = continued or line.lstrip().startswith("#")
        continued = is_macro and line.rstrip().endswith("\\")
        if is_macro:
            continue
        if depth > 0 and re.match(
                r"^\s+static\s(?!.*\binline\b)", line) and "(" not in \
                line.split("=")[0]:
            yield n, re.split(r"[=;]", line)[0]
        for ch in line + "\n":
            if depth == 0 and not part and not ch.isspace():
                start = n
            if ch == "{":
                depth += 1
                part.append("{}" if depth == 1 else "")
            elif ch == "}":
                depth -= 1
                if depth == 0 and is_definition("".join(part)):
                    part = []
            elif ch == ";" and depth == 0:
                text = "".join(part)
                part = []
                if is_object(text):
                    yield start, text.split("=")[0]
            elif depth == 0 and (part or not ch.isspace()):
                part.append(ch)


def is_definition(text):
    """A function body has ended (a struct or initializer goes on to ';')."""
    return ")" in text and "=" not in text


def is_object(text):
    head = text.split("=")[0]
    head = re.sub(r"__attribute__\s*\(\(.*?\)\)", "", head)
    words = head.split()
    if not words or words[0] in ("typedef", "extern", "_Static_assert"):
        return False
    call = head.find("(")
    if call >= 0 and not head[call + 1:].lstrip().startswith("*"):
        return False
    if "=" not in text and re.fullmatch(
            r"\s*(struct|union|enum)\s*\w*\s*(\{\})?\s*", head):
        return False
    return True


def is_mutable(head):
    head = re.sub(r"\[[^\]]*\]", "", head)
    last = head.rsplit("*", 1)[-1]
    return not re.search(r"\bconst\b", last if "*" in head else head)


def says_what_it_is_for(s):
    """Every file, or its header, opens with what it is for"""
    if not (s.is_c and s.in_src) or s.text.startswith("/*"):
        return
    other = os.path.join(s.root, s.path[:-1] + "hc"[s.path[-1] == "h"])
    if not (os.path.exists(other) and open(other).read(2) == "/*"):
        yield 1, "no opening comment"


def white_space(s):
    """No trailing space, no tabs in code, one newline at the end"""
    if not is_text(s):
        return
    for n, line in enumerate(s.lines, 1):
        if line != line.rstrip():
            yield n, "trailing space"
        if "\t" in line and s.path.endswith((".c", ".h", ".py", ".cs", ".sql")):
            yield n, "tab"
    if s.text and (not s.text.endswith("\n") or s.text.endswith("\n\n")):
        yield len(s.lines), "not one newline at the end"


def is_text(s):
    return b"\0" not in s.bytes[:4096] and not s.path.startswith(
        ("tests/fuzz/corpus/", "tests/data/")) and not s.path.endswith(
        (".svg", ".png", ".gold", ".csv", ".hex", ".bin", "package-lock.json"))


def marks(s):
    """Nothing is left for later"""
    if not is_text(s) or s.path == "tests/tidy/tidy.py":
        return
    for n, line in enumerate(s.lines, 1):
        found = MARKS.search(line)
        if found:
            yield n, found.group()


def private_words(s):
    """Nothing speaks of the machine or the tools it was written with"""
    if not is_text(s) or s.path == "tests/tidy/tidy.py":
        return
    for n, line in enumerate(s.lines, 1):
        if OWN_PATHS.search(line) and not line.startswith("#!"):
            yield n, "a path of somebody's machine"
        for word in re.findall(r"[a-z]{4,}", line.lower()):
            if hashlib.md5(word.encode()).hexdigest() in TOOL_WORDS:
                yield n, "a tool's name"


def templates(s):
    """Templates escape everything and use no trap of ClearSilver"""
    if not s.path.endswith(".cs"):
        return
    for n, line in enumerate(s.lines, 1):
        for tag in re.findall(r"<\?cs(.*?)(?:\?>|$)", line):
            if tag and not tag[0].isspace():
                yield n, "<?cs without a blank"
            command = tag.strip()
            found = re.match(r"(uvar|alt|name|lvar|evar|linclude|escape):",
                             command)
            if found:
                yield n, found.group(1)
            if re.match(r"include:", command):
                yield n, "include without !"
            if "string.slice" in command:
                yield n, "string.slice"
            if re.search(r"#[A-Za-z_]", command):
                yield n, "# before a variable"
            if re.search(r"_escape\([^)]*\)\s*\+|\+\s*\w+_escape\(", command):
                yield n, "+ beside an escape function"
        if re.search(r"\son[a-z]+\s*=\s*[\"']", line):
            yield n, "inline handler"
        if re.search(r"\sstyle\s*=\s*[\"']", line):
            yield n, "inline style"
        if re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", line):
            yield n, "inline script"
        if re.search(r"(src|href)=[\"'](https?:)?//", line):
            yield n, "asset from another host"


def copied_file(sources):
    """No file is a copy of another"""
    seen = {}
    for s in sources:
        if not is_text(s) or len(s.bytes) < 200:
            continue
        digest = hashlib.sha256(s.bytes).hexdigest()
        if digest in seen:
            yield s.path, 1, "same as %s" % seen[digest]
        seen[digest] = s.path


# A call that audits: the event and the object, each a text or an expression.
AUDIT = re.compile(
    r"\baudit(?:_change|_many)?\(\s*[\w.>()-]+,([^,;]*),([^,;]*),")
# An event on its way there in a struct.
AUDIT_EVENT = re.compile(r'\bevent = "([a-z_.]+)"')
WORDS = re.compile(
    r"static const struct label (events|objects)\[\] = \{\n(.*?)\n\};", re.S)
PAGE = re.compile(r'^const struct resource \w+ = \{\s*\.name = "(\w+)"', re.M)
TEXT = re.compile(r'"([a-z_.]+)"')


def written(s):
    """(line, "events" or "objects", key) of what a source audits."""
    for call in AUDIT.finditer(s.text):
        line = s.text.count("\n", 0, call.start()) + 1
        event, objects = call.group(1), TEXT.findall(call.group(2))
        for key in TEXT.findall(event):
            yield line, "events", key
        for key in objects:
            yield line, "objects", key
        # A parameter: set_status(cx, id, 1, "area.enable") in the same file.
        if re.fullmatch(r"\s*\w+", event) and objects:
            for n, text in s.literals:
                if re.fullmatch(objects[0] + r"\.[a-z_]+", text):
                    yield n, "events", text
    for found in AUDIT_EVENT.finditer(s.text):
        yield s.text.count("\n", 0, found.start()) + 1, "events", \
            found.group(1)


def audit_words(sources):
    """Every event that is audited has one word, in its feature's record"""
    words, features, pages, used = {}, set(), set(), set()
    sources = [s for s in sources if s.in_src and s.path.endswith(".c")]
    for s in sources:
        pages.update(PAGE.findall(s.text))
        if s.path.endswith("/feature.c"):
            features.add(s.folder)
            for what, table in WORDS.findall(s.text):
                for key in re.findall(r'\bLABEL\("([^"]+)", "[^"]+"\)', table):
                    if (what, key) in words:
                        yield s.path, 1, "%s: a second word" % key
                    words[what, key] = s
    for s in sources:
        for line, what, key in written(s):
            used.add((what, key))
            if what == "objects" and key in pages:
                continue
            if (what, key) not in words:
                yield s.path, line, "%s: no word in %s of a feature.c" % (
                    key, what)
            elif what == "events" and s.folder in features and \
                    words[what, key].folder != s.folder:
                yield s.path, line, "%s: its word stands in %s" % (
                    key, words[what, key].path)
    for (what, key), s in words.items():
        if (what, key) not in used:
            yield s.path, 1, "%s: nothing writes it" % key
        elif what == "objects" and key in pages:
            yield s.path, 1, "%s: a page's title is its word" % key


# Where a wrong step costs money or trusts a stranger's bytes. A name ending
# in "/" is a folder with all below it.
ASSERTED = {
    "the ledger": ["src/ledger/"],
    "the protocol": ["src/protocol/"],
    "the bill": [
        "src/base/money.c", "src/tariff/billing.c", "src/charging/record.c",
        "src/charging/settle.c", "src/charging/provisional.c",
        "src/charging/order_money.c", "src/charging/order_balance.c",
    ],
}
ASSERTIONS_EACH = 2

# What stops the program, or its build, when it is not true: must() and the
# functions named must_..., which do nothing else; checked arithmetic, which
# aborts on overflow; and "a transaction is open".
ASSERTION = re.compile(
    r"\b(must(_\w+)?|_Static_assert|checked_\w+|money_(add|sub|neg|split)|"
    r"db_need_tx)\s*\(")


def assertions(sources):
    """Money and protocol assert twice a function on average"""
    for what, places in ASSERTED.items():
        count = functions = 0
        first = None
        for s in sources:
            if not s.path.endswith(".c") or not any(
                    s.path == p or p.endswith("/") and s.path.startswith(p)
                    for p in places):
                continue
            first = first or s.path
            for line in s.code:
                functions += line == "{"
                # A definition begins its line; what it calls is indented.
                if line.startswith((" ", "_Static_assert")):
                    count += len(ASSERTION.findall(line))
        if count < ASSERTIONS_EACH * functions:
            yield first or "src", 1, "%s: %d assertions in %d functions" % (
                what, count, functions)
        if functions == 0:
            yield "src", 1, "%s: no functions found" % what


RULES = [
    function_length, line_length, layers, banned_calls, heap, sql_place,
    markup_place, no_float, jumps, mutable_globals, says_what_it_is_for,
    white_space, marks, private_words, templates,
]

def shell_scripts(sources):
    """Shell scripts pass shellcheck"""
    scripts = [s for s in sources if s.path.endswith(".sh") or
               re.match(rb"#!.*\b(ba|da)?sh\b", s.bytes)]
    try:
        run = subprocess.run(
            ["shellcheck", "--external-sources", "--source-path=SCRIPTDIR",
             # Functions called by a trap or by name look unreachable.
             "--exclude=SC2317", "--format=gcc"] + [os.path.join(s.root, s.path)
                                for s in scripts],
            capture_output=True, text=True)
    except FileNotFoundError:
        yield "scripts", 1, "shellcheck is missing: scripts/install test"
        return
    for line in run.stdout.splitlines() + run.stderr.splitlines():
        found = re.match(r"(.*?):(\d+):\d+: (.*)", line)
        path, n, what = found.groups() if found else ("scripts", 1, line)
        yield os.path.normpath(path), int(n), what


# These look at all sources together.
WHOLE_RULES = [copied_file, audit_words, assertions, shell_scripts]


def files(root):
    """What git knows; in an unpacked tarball, all but what a build makes."""
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "-z", "--cached", "--others",
         "--exclude-standard"], capture_output=True)
    if listed.returncode == 0 and listed.stdout:
        names = listed.stdout.decode().split("\0")
        return [p for p in names if p and
                os.path.isfile(os.path.join(root, p))]
    found = []
    for folder in ("src", "tests", "schema", "templates", "scripts", "docs",
                   "nginx", "bench"):
        for where, _, names in os.walk(os.path.join(root, folder)):
            found += [os.path.relpath(os.path.join(where, name), root)
                      for name in names
                      if name.endswith((".c", ".h", ".cs", ".py", ".sql",
                                        ".sh", ".md", ".inc"))]
    return found


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    sources = [Source(root, path) for path in sorted(files(root))]
    failed = 0
    print("1..%d" % (len(RULES) + len(WHOLE_RULES)))
    for number, rule in enumerate(RULES, 1):
        found = [(s.path, n, what) for s in sources for n, what in rule(s)]
        failed += report(number, rule.__doc__, found)
    for number, rule in enumerate(WHOLE_RULES, len(RULES) + 1):
        failed += report(number, rule.__doc__, list(rule(sources)))
    sys.exit(1 if failed else 0)


def report(number, title, found):
    print("%s %d - %s" % ("not ok" if found else "ok", number, title))
    for path, n, what in found:
        print("# %s:%d: %s" % (path, n, what))
    return 1 if found else 0


main()
