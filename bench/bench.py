#!/usr/bin/env python3
"""Measures pilehub beside its baselines in one run: bench.py [PART ...]

Every figure stands beside the baseline of the same run, because the machine's
speed drifts; a rate without its baseline means nothing. Rounds alternate
between the contenders and the median counts.
"""
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOME = os.environ.get("BENCH_HOME", os.path.join(SOURCE, "var-bench"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "6"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
HTTP_PORT, PILE_PORT, BENCH_PORT = 18780, 18781, 18782
BUILD = os.path.join(SOURCE, "build")
WORKERS = 4

rows = []       # part, what, value, unit, baseline, ratio, goal
children = []


def say(text):
    print(text, flush=True)


def result(part, what, value, unit, against=None, base=None, goal=None):
    ratio = value / base if base else None
    rows.append((part, what, value, unit, against, base, ratio, goal))
    note = "" if ratio is None else "  %.2f of %s (%.0f)" % (ratio, against, base)
    if goal:
        note += "  goal " + goal
    say("%-10s %-44s %12.1f %-10s%s" % (part, what, value, unit, note))


def run(*argv, **kw):
    return subprocess.run(argv, check=True, text=True, capture_output=True, **kw).stdout


def start(*argv, **kw):
    p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True, **kw)
    children.append(p)
    return p


def stop_children():
    for p in reversed(children):
        try:
            os.killpg(p.pid, 15)
            p.wait(10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass
    children.clear()


def wait_for(path, seconds=10):
    end = time.time() + seconds
    while not os.path.exists(path):
        if time.time() > end:
            raise SystemExit("%s did not appear" % path)
        time.sleep(0.05)


# ---- the product under test --------------------------------------------------

def endpoints():
    with open(os.path.join(HOME, "endpoints"), encoding="utf-8") as f:
        return dict(l.rstrip("\n").split("=", 1) for l in f if "=" in l)


def start_product():
    env = dict(os.environ, PILEHUB_HOME=HOME, PILEHUB_HTTP_PORT=str(HTTP_PORT),
               PILEHUB_PILE_PORT=str(PILE_PORT))
    say("Starting pilehub with its demo in " + HOME)
    subprocess.run([os.path.join(SOURCE, "scripts/run"), "--detach"], check=True, env=env,
                   stdout=subprocess.DEVNULL)
    return endpoints()


def stop_product():
    subprocess.run([os.path.join(SOURCE, "scripts/stop")], check=False,
                   env=dict(os.environ, PILEHUB_HOME=HOME), stdout=subprocess.DEVNULL)


def secret(name):
    with open(os.path.join(HOME, "secret", name), encoding="utf-8") as f:
        return f.read().strip()


def sql(text, database="pilehub"):
    return run("mariadb", "--no-defaults", "--default-character-set=utf8mb4", "-S",
               HOME + "/run/db.sock", "-uroot", "-N", "-e", text, database,
               env=dict(os.environ, MYSQL_PWD=secret("db_root"))).strip()


def call(url, body=None, headers=None):
    q = urllib.request.Request(url, data=None if body is None else json.dumps(body).encode(),
                               headers=dict({"Content-Type": "application/json"}, **(headers or {})))
    with urllib.request.urlopen(q, timeout=10) as a:
        return a.read().decode()


def console_cookie(e):
    """Signs in as the administrator, as a browser does."""
    jar = os.path.join(HOME, "bench.cookies")
    if os.path.exists(jar):
        os.unlink(jar)
    page = run("curl", "-s", "-c", jar, e["HTTP_URL"] + "/login")
    csrf = re.search(r'name="_csrf" value="([^"]+)"', page).group(1)
    run("curl", "-s", "-b", jar, "-c", jar, "-o", os.devnull, e["HTTP_URL"] + "/login",
        "-H", "Origin: " + e["HTTP_URL"], "--data-urlencode", "_csrf=" + csrf,
        "--data-urlencode", "phone=" + e["ADMIN_LOGIN"],
        "--data-urlencode", "password=" + e["ADMIN_PASSWORD"])
    with open(jar, encoding="utf-8") as f:
        cookies = [l.split("\t") for l in f.read().splitlines() if l.count("\t") == 6]
    return "; ".join("%s=%s" % (c[5], c[6]) for c in cookies)


def driver_token(e):
    api = e["HTTP_URL"] + "/api/driver/v1/"
    call(api + "sms-codes", {"phone": e["DRIVER_LOGIN"]})
    inbox = call(e["SMS_INBOX_URL"] + "?phone=" + e["DRIVER_LOGIN"])
    code = re.findall(r"\b(\d{6})\b", inbox)[-1]
    answer = json.loads(call(api + "sessions", {"phone": e["DRIVER_LOGIN"], "code": code}))
    return answer["data"]["token"]


# ---- load -----------------------------------------------------------------------

def probe(url, headers, stop, out):
    """Single requests beside the load: starvation shows here, not in wrk."""
    while not stop.is_set():
        began = time.time()
        try:
            q = urllib.request.Request(url, headers=headers)
            with urllib.request.urlopen(q, timeout=1) as a:
                a.read()
            out.append(time.time() - began)
        except OSError:
            out.append(None)
        stop.wait(0.2)


def wrk(url, headers, connections=64):
    stop, seen = threading.Event(), []
    t = threading.Thread(target=probe, args=(url, headers, stop, seen))
    t.start()
    argv = ["wrk", "-t1", "-c%d" % connections, "-d%ds" % SECONDS, "--latency"]
    for k, v in headers.items():
        argv += ["-H", "%s: %s" % (k, v)]
    text = run(*argv, url)
    stop.set()
    t.join()
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    if bad:
        raise SystemExit("%s: %s answers were not 2xx" % (url, bad.group(1)))

    def ms(name):
        v, unit = re.search(name + r"\s+([\d.]+)(us|ms|s)", text).groups()
        return float(v) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)),
            "p50": ms("50%"), "p99": ms("99%"), "lost": seen.count(None),
            "slowest": max([s for s in seen if s is not None] or [0]) * 1000}


def rounds(contenders):
    """name -> (url, headers); alternating, medians."""
    runs = {name: [] for name in contenders}
    for url, headers in contenders.values():
        call(url, headers=headers)
    for _ in range(ROUNDS):
        for name, (url, headers) in contenders.items():
            runs[name].append(wrk(url, headers))
    return {name: {k: statistics.median(r[k] for r in list_) for k in list_[0]}
            for name, list_ in runs.items()}


NGINX = """
%(user)s
daemon off;
worker_processes 2;
pid %(dir)s/nginx.pid;
error_log %(dir)s/error.log warn;
events { worker_connections 2048; }
http {
    access_log off;
    default_type text/html;
    client_body_temp_path %(dir)s/t1; fastcgi_temp_path %(dir)s/t2; proxy_temp_path %(dir)s/t3;
    scgi_temp_path %(dir)s/t4; uwsgi_temp_path %(dir)s/t5;
    upstream web { server unix:%(run)s/web.sock; }
    upstream hello { server unix:%(dir)s/hello.sock; }
    upstream php { server unix:%(dir)s/php.sock; }
    upstream node { server unix:%(dir)s/node.sock; keepalive 32; }
    server {
        listen 127.0.0.1:%(port)d backlog=4096;
        fastcgi_buffer_size 16k; fastcgi_buffers 16 16k;
        location / {
            include %(home)s/nginx/fastcgi.conf;
            fastcgi_pass web;
        }
        location = /bench/hello { include /etc/nginx/fastcgi_params; fastcgi_pass hello; }
        location = /bench/static { alias %(dir)s/static.html; }
        location = /bench/php/list { include /etc/nginx/fastcgi_params;
            fastcgi_param SCRIPT_FILENAME %(source)s/bench/php/list.php;
            fastcgi_param BENCH_CONFIG %(dir)s/config.ini; fastcgi_pass php; }
        location = /bench/php/json { include /etc/nginx/fastcgi_params;
            fastcgi_param SCRIPT_FILENAME %(source)s/bench/php/json.php;
            fastcgi_param BENCH_CONFIG %(dir)s/config.ini; fastcgi_pass php; }
        location /bench/node/ { proxy_pass http://node/; proxy_http_version 1.1;
            proxy_set_header Connection ""; }
    }
}
"""

PHP_FPM = """
[global]
error_log = %(dir)s/php.log
daemonize = no
[bench]
%(user)s
listen = %(dir)s/php.sock
listen.mode = 0666
pm = static
pm.max_children = %(workers)d
php_admin_value[opcache.enable] = 1
php_admin_value[opcache.validate_timestamps] = 0
clear_env = no
"""


def cut_page(page, where):
    """Head and foot of the list page, around the rows, for the others."""
    start_, end = page.index("<tbody"), page.index("</tbody>")
    start_ = page.index(">", start_) + 1
    for name, text in (("head", page[:start_]), ("foot", page[end:])):
        with open(os.path.join(where, name + ".html"), "w", encoding="utf-8") as f:
            f.write(text)


def part_web(e):
    d = os.path.join(HOME, "bench")
    shutil.rmtree(d, ignore_errors=True)
    os.makedirs(d)
    os.chmod(HOME, 0o755)
    cookie, token = console_cookie(e), driver_token(e)
    console = {"Cookie": cookie}
    page = call(e["HTTP_URL"] + "/console/order", headers=console)
    cut_page(page, d)
    with open(d + "/static.html", "w", encoding="utf-8") as f:
        f.write(page)
    with open(d + "/config.ini", "w", encoding="utf-8") as f:
        f.write("socket=%s/run/db.sock\nuser=root\npassword=%s\nname=pilehub\nsql=%s\nhead=%s\nfoot=%s\n" %
                (HOME, secret("db_root"), SOURCE + "/bench/order_list.sql", d + "/head.html", d + "/foot.html"))
    root = os.getuid() == 0
    places = {"dir": d, "run": HOME + "/run", "home": HOME, "source": SOURCE, "port": BENCH_PORT,
              "workers": WORKERS, "user": "user root;" if root else ""}
    with open(d + "/nginx.conf", "w", encoding="utf-8") as f:
        f.write(NGINX % places)
    places["user"] = "user = root\ngroup = root" if root else ""
    with open(d + "/php.conf", "w", encoding="utf-8") as f:
        f.write(PHP_FPM % places)
    start(BUILD + "/bench/hello", d + "/hello.sock", str(WORKERS))
    fpm = sorted(p for p in os.listdir("/usr/sbin") if p.startswith("php-fpm"))[-1]
    start("/usr/sbin/" + fpm, "-y", d + "/php.conf", *(["-R"] if root else []), stderr=subprocess.DEVNULL)
    start("node", SOURCE + "/bench/node/server.mjs", d + "/node.sock", d + "/config.ini",
          env=dict(os.environ, NODE_ENV="production"))
    for sock in ("hello.sock", "php.sock", "node.sock"):
        wait_for(os.path.join(d, sock))
    os.chmod(d + "/hello.sock", 0o666)
    start("nginx", "-p", d + "/", "-e", d + "/error.log", "-c", d + "/nginx.conf")
    wait_for(d + "/nginx.pid")
    base = "http://127.0.0.1:%d" % BENCH_PORT
    bearer = {"Authorization": "Bearer " + token}
    r = rounds({
        "static": (base + "/bench/static", {}),
        "hello": (base + "/bench/hello", {}),
        "json": (base + "/api/driver/v1/me", bearer),
        "orders": (base + "/api/driver/v1/orders", bearer),
        "php json": (base + "/bench/php/json", {}),
        "node json": (base + "/bench/node/json", {}),
        "list": (base + "/console/order", console),
        "php list": (base + "/bench/php/list", {}),
        "node list": (base + "/bench/node/list", {}),
        "home": (base + "/console/", console),
    })
    hello = r["hello"]["rate"]
    result("web", "nginx, the list page as a file", r["static"]["rate"], "req/s")
    result("web", "FastCGI hello", hello, "req/s", "static", r["static"]["rate"])
    result("web", "JSON (me)", r["json"]["rate"], "req/s", "hello", hello, "0.50")
    result("web", "JSON against php-fpm", r["json"]["rate"], "req/s", "php", r["php json"]["rate"])
    result("web", "JSON against Express", r["json"]["rate"], "req/s", "Express", r["node json"]["rate"])
    result("web", "JSON (my orders, from the database)", r["orders"]["rate"], "req/s", "hello", hello)
    result("web", "list page against php-fpm", r["list"]["rate"], "req/s", "php", r["php list"]["rate"], "1.50")
    result("web", "list page against Express", r["list"]["rate"], "req/s", "Express", r["node list"]["rate"], "3.00")
    result("web", "home page", r["home"]["rate"], "req/s", "hello", hello)
    say("           bytes: page %d, PHP %d, Express %d" % (
        len(page.encode()), len(call(base + "/bench/php/list").encode()),
        len(call(base + "/bench/node/list").encode())))
    for name, x in r.items():
        say("           %-10s p50 %6.1f ms  p99 %6.1f ms  probes: slowest %6.1f ms, lost %d" %
            (name, x["p50"], x["p99"], x["slowest"], x["lost"]))
    stop_children()


def grow_orders(count):
    """Copies of the orders there are, each time as a further span of days, until there are so many."""
    columns = sql("SELECT GROUP_CONCAT(column_name ORDER BY ordinal_position) FROM information_schema.columns"
                  " WHERE table_schema = 'pilehub' AND table_name = 'charge_order'"
                  " AND column_name NOT IN ('id', 'order_no', 'trade_no', 'created_at')")
    while True:
        have, days = map(int, sql("SELECT COUNT(*), DATEDIFF(MAX(created_at), MIN(created_at)) + 1"
                                  " FROM charge_order").split("\t"))
        if have >= count:
            break
        sql("INSERT INTO charge_order (order_no, trade_no, created_at, %s)"
            " SELECT CONCAT('B', LPAD(UUID_SHORT(), 20, '0')), LPAD(UUID_SHORT(), 32, '9'),"
            " created_at + INTERVAL %d DAY, %s FROM charge_order ORDER BY id LIMIT %d"
            % (columns, days, columns, min(have, count - have)))
    sql("ANALYZE TABLE charge_order")


# What is found becomes a hundred times as many orders, too: more rows on the page and more to count.
GROWING = ("orders of a driver", "orders of a plate", "orders of a city's plates")


def order_views():
    """Ways to look at the order list, for the newest order and for one in the middle."""
    find = ("SELECT o.station_id, d.phone, o.order_no, o.plate, DATE(o.created_at) FROM charge_order o"
            " JOIN driver d ON d.id = o.driver_id WHERE o.state = 10 AND o.plate <> '' AND o.id >= %s"
            " ORDER BY o.id LIMIT 1")
    middle = sql("SELECT FLOOR((MIN(id) + MAX(id)) / 2) FROM charge_order")
    station, phone, no, plate, day = sql(find % middle).split("\t")
    return {
        "order list": "",
        "order list, done": "?state=settled",
        "order list, waiting for review": "?state=review",
        "a day of the past": "?created_from=%s&created_to=%s" % (day, day),
        "a station's day of the past": "?station=%s&created_from=%s&created_to=%s" % (station, day, day),
        "orders of a driver": "?phone=" + phone,
        "an order by its number": "?q=" + no,
        "orders of a plate": "?q=" + urllib.parse.quote(plate),
        "orders of a city's plates": "?q=" + urllib.parse.quote(plate[:2]),
        "started by VIN (none)": "?start=vin",
    }


def rest_database():
    """Waits until the server has written and purged what it was given: that is not what a page costs."""
    sql("SET GLOBAL innodb_max_dirty_pages_pct = 0")
    quiet, end = 0, time.time() + 300
    while quiet < 3:
        if time.time() > end:
            raise SystemExit("the database does not come to rest")
        time.sleep(1)
        dirty, purge = map(int, sql(
            "SELECT variable_value FROM information_schema.global_status WHERE variable_name IN"
            " ('Innodb_buffer_pool_pages_dirty', 'Innodb_history_list_length') ORDER BY variable_name").split())
        quiet = quiet + 1 if dirty < 300 and purge < 300 else 0
    sql("SET GLOBAL innodb_max_dirty_pages_pct = DEFAULT")


def part_history(e):
    """The order list with 10^4 and with 10^6 orders."""
    cookie = {"Cookie": console_cookie(e)}

    def latencies():
        """Medians of rounds over all views. Counts are kept for a second: each call comes later than that."""
        views, times = order_views(), {}
        for turn in range(10):
            for name, query in views.items():
                time.sleep(1.05)
                began = time.time()
                call(e["HTTP_URL"] + "/console/order" + query, headers=cookie)
                if turn:  # the first one warms up
                    times.setdefault(name, []).append((time.time() - began) * 1000)
        return {name: statistics.median(of) for name, of in times.items()}

    sql("DELETE FROM charge_order WHERE id <= (SELECT id FROM (SELECT id FROM charge_order"
        " ORDER BY id DESC LIMIT 1 OFFSET 10000) x)")
    sql("ANALYZE TABLE charge_order")
    rest_database()
    small = latencies()
    say("           growing the orders to 10^6")
    grow_orders(1000000)
    rest_database()
    for name, ms in latencies().items():
        result("history", name + ", 10^6 orders", ms, "ms", "10^4 orders", small[name],
               None if name in GROWING else "at most 1.50")


def sim(*words):
    """One load of the simulator: the figures that it prints first."""
    out = subprocess.run((BUILD + "/pilehub-sim",) + words, text=True,
                         stdout=subprocess.PIPE, check=False).stdout
    return json.loads(out.split("\n")[0])


def rest_fleet():
    """Takes the demo's piles off the net: their codes are wanted here."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(endpoints()["SIM_CONTROL"])
        s.sendall(b"drop all 86400\n")
        if s.recv(16) != b"ok\n":
            raise SystemExit("the simulator does not let its piles rest")
    time.sleep(2)


def part_records(e):
    """Trade records stored and acknowledged, beside single inserts."""
    rest_fleet()
    inserts = float(run(BUILD + "/bench/inserts", HOME + "/run/db.sock", "root", secret("db_root"),
                        "pilehub", str(SECONDS)))
    result("records", "autocommit inserts, one connection", inserts, "rows/s")
    acked = sim("--port", str(PILE_PORT), "--file", HOME + "/sim.piles",
                "--bench-records", "64", str(SECONDS), "4")["per_second"]
    result("records", "trade records acknowledged", acked, "rec/s", "inserts", inserts, "above 1.00")


def add_piles(count):
    """So many more piles, like the first one, with codes in a row."""
    first = 99000000000000
    columns = sql("SELECT GROUP_CONCAT(column_name) FROM information_schema.columns"
                  " WHERE table_schema = 'pilehub' AND table_name = 'pile'"
                  " AND column_name NOT IN ('id', 'no', 'name', 'used_name', 'gateway_id', 'online', 'updated_at')")
    sql("INSERT IGNORE INTO pile (no, name, online, updated_at, %s) SELECT %d + seq, seq, 0, NOW(3), %s"
        " FROM seq_1_to_%d JOIN pile p ON p.id = (SELECT MIN(id) FROM pile)"
        % (columns, first, ", ".join("p." + c for c in columns.split(",")), count))
    return str(first + 1)


def gateway_kib():
    with open(HOME + "/run/gateway.pid", encoding="utf-8") as f:
        pid = f.read().strip()
    with open("/proc/%s/status" % pid, encoding="utf-8") as f:
        return int(re.search(r"VmRSS:\s*(\d+)", f.read()).group(1))


def part_gateway(e):
    """Heartbeats beside a bare responder, a login storm, memory of idle piles."""
    del e
    piles, port = 18000, str(PILE_PORT)
    rest_fleet()
    first = add_piles(piles)
    time.sleep(15)  # until the gateway knows them
    start(BUILD + "/bench/responder", str(BENCH_PORT), str(os.cpu_count()))
    for in_flight in ("1", "16"):
        rates = {"gateway": [], "bare": []}
        for _ in range(ROUNDS):
            rates["gateway"].append(sim("--port", port, "--first", first, "--bench-heartbeat", "200",
                                        str(SECONDS), in_flight)["per_second"])
            rates["bare"].append(sim("--port", str(BENCH_PORT), "--skip-login", "--bench-heartbeat", "200",
                                     str(SECONDS), in_flight)["per_second"])
        result("gateway", "heartbeats, 200 piles, %s in flight" % in_flight,
               statistics.median(rates["gateway"]), "trips/s", "bare responder",
               statistics.median(rates["bare"]), "at least 0.65")
    bare = sim("--port", str(BENCH_PORT), "--skip-login", "--storm", str(piles))
    time.sleep(3)
    before = gateway_kib()
    p = subprocess.Popen([BUILD + "/pilehub-sim", "--port", port, "--first", first, "--storm", str(piles), "20"],
                         text=True, stdout=subprocess.PIPE)
    storm = json.loads(p.stdout.readline())
    time.sleep(5)
    idle = (gateway_kib() - before) / piles
    still = json.loads(p.stdout.readline())["still_there"]
    p.wait()
    result("gateway", "logins at once, %d of %d accepted" % (storm["logged_in"], piles), storm["seconds"], "s",
           "connecting to the bare responder", bare["seconds"], "below 5 s")
    result("gateway", "connections held after 20 s", still, "piles", goal="%d" % piles)
    result("gateway", "memory of an idle pile, user space", idle, "KiB", goal="at most 2.0")


def part_settle(e):
    """Orders settled from their records, beside single inserts; a server of its own."""
    del e
    place = os.path.join(HOME, "settle")
    os.makedirs(place)
    start("bash", "-c", '. scripts/lib/common.sh; . scripts/lib/db.sh; db_create "$1";'
          ' db_command "$1" "$1/db.sock" --innodb-buffer-pool-size=512M; exec "${db_argv[@]}"',
          "bash", place, cwd=SOURCE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(place + "/db.sock", 60)
    time.sleep(1)
    line = run(BUILD + "/bench/settle", "3000",
               env=dict(os.environ, PILEHUB_TEST_SOCKET=place + "/db.sock", PILEHUB_SOURCE=SOURCE))
    got = dict(re.findall(r"(\w+)=([\d.]+)", line))
    result("settle", "orders settled", float(got["per_second"]), "orders/s", "autocommit inserts",
           float(got["inserts_per_second"]))
    result("settle", "half of its transactions take at most", int(got["tx_p50_us"]) / 1000, "ms")
    result("settle", "99 of 100 of them take at most", int(got["tx_p99_us"]) / 1000, "ms", goal="at most 50")
    stop_children()


PARTS = {"web": part_web, "gateway": part_gateway, "records": part_records, "settle": part_settle,
         "history": part_history}


def table():
    say("\n| part | what | value | baseline | ratio | goal |")
    say("|---|---|---|---|---|---|")
    for part, what, value, unit, against, base, ratio, goal in rows:
        say("| %s | %s | %.1f %s | %s | %s | %s |" % (
            part, what, value, unit, "%s: %.1f" % (against, base) if base else "",
            "%.2f" % ratio if ratio is not None else "", goal or ""))


def main():
    if sys.argv[1:] == ["--list"]:
        print(" ".join(PARTS))
        return
    parts = sys.argv[1:] or list(PARTS)
    shutil.rmtree(HOME, ignore_errors=True)
    os.makedirs(HOME)
    e = start_product()
    try:
        for name in parts:
            PARTS[name](e)
    finally:
        stop_children()
        stop_product()
        table()


if __name__ == "__main__":
    main()
