#!/usr/bin/env python3
"""The rules of templates, styles, scripts and their packages as a test:
pages.py [DIRECTORY]. Prints TAP, one case a rule, each finding as a comment
line "# file:line: what".

Why: one file names all colours, so that both themes hold; Chrome 109 is the
oldest browser; a missing icon or class is seen by nobody until a user does.
The traps of ClearSilver itself are in tidy.py.
"""
import glob
import json
import os
import re
import sys

ROOT = sys.argv[1] if len(sys.argv) > 1 else "."
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl)a?\(")

# Not known to Chrome 109, which drops them without a word.
BANNED_CSS = [
    (r"color-mix\(", "color-mix()"), (r"\bokl(?:ch|ab)\(", "oklch()"),
    (r"@scope\b", "@scope"), (r"@layer\b", "@layer"),
    (r"^\s*&", "nesting"), (r"\bfrom\s+var\(", "relative colours"),
    (r"@import\b", "@import"), (r"https?://", "another site"),
    (r"letter-spacing:\s*[1-9]", "spaced Chinese"),
    (r"text-align:\s*justify", "justified text"),
]
BANNED_JS = [
    (r"\beval\(|new Function\(", "evaluated text"),
    (r"\.(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write\b",
     "markup from text; build elements"),
    (r"\bconsole\.\w+\(|\bdebugger\b", "left from looking for a fault"),
    (r"setAttribute\(\s*['\"]style['\"]", "inline style"),
    (r"['\"]https?://(?!www\.w3\.org/)", "another site"),
    (r"\bvar\s", "var; use const or let"),
]
# Words the console does not use (docs: Words).
BANNED_WORDS = [("您", "你"), ("！", "no exclamation mark"),
                ("哎呀", "no 哎呀"), ("敬请期待", "an unfinished thing")]


def lines(pattern):
    found = glob.glob(os.path.join(ROOT, pattern), recursive=True)
    for path in sorted(found):
        with open(path, encoding="utf-8") as f:
            for n, line in enumerate(f, 1):
                yield os.path.relpath(path, ROOT), n, line.rstrip("\n")


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def search(pattern, rules):
    for path, n, line in lines(pattern):
        for rule, why in rules:
            if why and re.search(rule, line):
                yield path, n, why


def policy():
    """Templates keep to the content policy where tidy.py does not look"""
    yield from search("templates/**/*.cs", [
        (r"<style\b", "style element"),
        (r"(?:href|action)\s*=\s*[\"']\s*javascript:", "script address"),
        (r"\bhx-on[:\w-]*\s*=|\bhx-vals=[\"']js:", "script for htmx"),
        (r"hx-trigger=[\"'][^\"']*\[", "htmx filter; evaluating is off"),
    ])


def look():
    """Templates name no colour and no size"""
    for path, n, line in lines("templates/**/*.cs"):
        plain = re.sub(r"(?:hx-[\w-]+|href|data-\w+)=([\"']).*?\1", "",
                       line)
        plain = re.sub(r"&#\w+;", "", plain)
        if COLOUR.search(plain):
            yield path, n, "colour; it belongs in static/css/tokens.css"
        if re.search(r"\d(?:px|rem|em|vh|vw)\b", plain):
            yield path, n, "size; it belongs in a class"


def icons():
    """Every icon that pages, scripts and features name is in the sprite"""
    known = {line.split()[0] for line in
             text("static/img/icons.txt").split("\n")
             if line and not line.startswith("#")}
    known |= set(re.findall(r'id="([^"]+)"', text("static/img/marks.svg")))
    uses = [("templates/**/*.cs", r'call:icon\("([^"]+)"\)'),
            ("templates/**/*.cs", r"icons\.svg[^\"]*#([\w-]+)\""),
            ("static/js/*.js", r"\bicon\('([\w-]+)'\s*[,)]"),
            ("src/**/*.c", r'\.icon\s*=\s*"([^"]+)"')]
    for pattern, what in uses:
        for path, n, line in lines(pattern):
            for name in re.findall(what, line):
                if name not in known and not name.endswith("-"):
                    yield path, n, "%s is not in static/img/icons.txt" % name


def colours():
    """Only tokens.css names a colour"""
    for path, n, line in lines("static/css/*.css"):
        if not path.endswith("tokens.css") and COLOUR.search(line):
            yield path, n, "colour; give it a name in tokens.css"


def old_browser():
    """Styles use nothing that Chrome 109 does not know"""
    yield from search("static/css/*.css", BANNED_CSS)


def tokens():
    """Every token that is used is defined"""
    defined = set()
    for _, _, line in lines("static/css/*.css"):
        defined |= set(re.findall(r"(--[\w-]+)\s*:", line))
    for path, n, line in lines("static/css/*.css"):
        for name in re.findall(r"var\((--[\w-]+)\)", line):
            if name not in defined and not name.startswith("--tblr-"):
                yield path, n, "%s is not defined" % name


def classes():
    """Every class that templates and scripts give is styled somewhere"""
    styles = "".join(line + "\n" for _, _, line in lines("static/css/*.css"))
    vendor = os.path.join(ROOT, "static/vendor/tabler.min.css")
    if not os.path.exists(vendor):
        return  # before the assets are fetched only half of it is known
    with open(vendor, encoding="utf-8") as f:
        styles += f.read()
    known = set(re.findall(r"\.(-?[A-Za-z_][\w-]*)", styles))
    for path, n, line in lines("templates/**/*.cs"):
        plain = re.sub(r"<\?cs.*?\?>", "\x00", line)
        for value in re.findall(r'\bclass="([^"]*)"', plain):
            for name in value.split():
                if "\x00" not in name and name not in known:
                    yield path, n, "class %s is styled nowhere" % name


def luminance(colour):
    parts = [int(colour[k:k + 2], 16) / 255 for k in (1, 3, 5)]
    parts = [c / 12.92 if c <= .03928 else ((c + .055) / 1.055) ** 2.4
             for c in parts]
    return .2126 * parts[0] + .7152 * parts[1] + .0722 * parts[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + .05) / (low + .05)


def readable():
    """Text tokens reach 4.5:1 and shapes 3:1 on what they stand on"""
    sheet = text("static/css/tokens.css")
    light, dark = sheet.split('[data-bs-theme="dark"]')
    values = [dict(re.findall(r"(--[\w-]+):\s*(#[0-9a-f]{6})\b", part))
              for part in (light, dark)]
    states = "idle charging occupied fault offline reserved".split()
    pairs = [("--" + s, on, 4.5) for s in states
             for on in ("--surface", "--%s-soft" % s)]
    pairs += [("--%s-fill" % s, "--surface", 3) for s in states]
    pairs += [(ink, on, 4.5) for ink in ("--ink", "--ink-2", "--ink-3")
              for on in ("--bg", "--surface", "--surface-2", "--surface-3")]
    pairs += [("--accent", "--surface", 4.5), ("--line-ctl", "--surface", 3),
              ("--accent", "--accent-soft", 4.5)]
    pairs += [("--on-fill", fill, 4.5) for fill in (
        "--accent-fill", "--danger-fill", "--tag-sharp", "--tag-peak",
        "--tag-flat", "--tag-valley")]
    for theme, own in zip(("light", "dark"), values):
        both = {**values[0], **own}
        for ink, on, least in pairs:
            got = contrast(both[ink], both[on])
            if got < least:
                yield ("static/css/tokens.css", 1,
                       "%s: %s on %s is %.2f, below %s"
                       % (theme, ink, on, got, least))


def scripts():
    """Scripts make no markup from text and leave nothing behind"""
    yield from search("static/js/*.js", BANNED_JS)


def words():
    """The console says 你, and shouts at nobody"""
    for pattern in ("templates/**/*.cs", "static/js/*.js", "src/**/*.[ch]"):
        for path, n, line in lines(pattern):
            for word, why in BANNED_WORDS:
                if word in line:
                    yield path, n, "%s: %s" % (word, why)


def packages():
    """Packages are pinned and come from no private registry"""
    wanted = json.loads(text("package.json"))
    for kind in ("dependencies", "devDependencies"):
        for name, version in wanted.get(kind, {}).items():
            if not re.fullmatch(r"(?:npm:[@\w/.-]+@)?\d+\.\d+\.\d+", version):
                yield "package.json", 1, "%s is not one version" % name
    lock = json.loads(text("package-lock.json"))
    for name, entry in lock["packages"].items():
        where = entry.get("resolved", "https://registry.npmjs.org/")
        if not where.startswith("https://registry.npmjs.org/"):
            yield "package-lock.json", 1, "%s comes from elsewhere" % name
        if name and "integrity" not in entry:
            yield "package-lock.json", 1, "%s has no check sum" % name


RULES = [policy, look, icons, colours, old_browser, tokens,
         classes, readable, scripts, words, packages]


def main():
    failed = False
    print("1..%d" % len(RULES))
    for number, rule in enumerate(RULES, 1):
        found = list(rule())
        failed = failed or bool(found)
        print("%s %d - %s" % ("not ok" if found else "ok", number,
                              rule.__doc__))
        for path, n, what in found:
            print("# %s:%d: %s" % (path, n, what))
    sys.exit(1 if failed else 0)


main()
