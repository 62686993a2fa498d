#!/usr/bin/env python3
"""Kills programs at random while simulated piles charge, then asks the books.

kill_loop.py [KILLS [SEED]]: starts the small demo with short sessions, sends
SIGKILL to web workers, their master, the gateway, the jobs and the database,
one every few seconds, while a driver starts and stops charges through the API
with idempotency keys. At the end every session is over. Then:

  - every trade record that a pile was told is stored, is stored
  - no order was settled twice, none of two orders for one key
  - the books balance: pilehub ledger verify, pilehub audit verify

Prints TAP. PILEHUB_KILL_HOME: where the demo lives (a temporary directory).
PILEHUB_KILL_WHO: the victims, of worker, gateway, jobs, db, web; a word that
stands there twice dies twice as often. 1,000 of one kind take half an hour:

  PILEHUB_KILL_WHO=worker tests/load/kill_loop.py 1000
"""
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("PILEHUB_BUILD", os.path.join(SOURCE, "build"))
KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 50
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1
HTTP_PORT, PILE_PORT = 18680, 18681
# Sessions of 6 to 20 seconds, a new car every second, timers five times as fast.
CARS = "--arrivals 9000 --begin 20 --stay-min-s 6 --stay-max-s 20 --haste 5 --auto-plug-s 1 --quiet"
# Workers and the gateway more often than the rest.
WHO = os.environ.get("PILEHUB_KILL_WHO", "worker " * 4 + "gateway " * 3 + "jobs " * 3 + "db " * 2 + "web").split()
SETTLE_S = 90   # for the last record to be sent again and settled

results = []


def check(name, good, text=""):
    results.append(good)
    print("%s %d - %s%s" % ("ok" if good else "not ok", len(results), name, "" if good else "  # " + text),
          flush=True)


class Driver(threading.Thread):
    """An app: starts, waits, stops; repeats a call that got no answer with
    the same key, as an app does."""

    def __init__(self, e, guns):
        super().__init__(daemon=True)
        self.e, self.guns = e, guns
        self.rng = random.Random(SEED)
        self.token = None
        self.answers = {}    # key -> order numbers that were answered
        self.over = threading.Event()

    def call(self, method, path, body=None, key=None):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        if key:
            headers["Idempotency-Key"] = key
        q = urllib.request.Request(self.e["HTTP_URL"] + "/api/driver/v1/" + path, method=method, headers=headers,
                                   data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(q, timeout=15) as a:
                return a.status, json.loads(a.read())
        except urllib.error.HTTPError as x:
            try:
                return x.code, json.loads(x.read())
            except ValueError:
                return x.code, {}
        except OSError:
            return 0, {}

    def until_answered(self, method, path, body, key):
        """No answer, or an answer that says "later": the same again."""
        while not self.over.is_set():
            status, answer = self.call(method, path, body, key)
            if status == 200:
                number = answer["data"].get("order_no")
                self.answers.setdefault(key, set()).add(number)
            if status not in (0, 429, 500, 502, 503, 504):
                return status, answer
            time.sleep(0.3)
        return 0, {}

    def sign_in(self):
        phone = self.e["DRIVER_LOGIN"]
        self.call("POST", "sms-codes", {"phone": phone})
        with urllib.request.urlopen(self.e["SMS_INBOX_URL"] + "?phone=" + phone, timeout=5) as a:
            code = re.findall(r"\b(\d{6})\b", a.read().decode())[-1]
        self.token = self.call("POST", "sessions", {"phone": phone, "code": code})[1]["data"]["token"]

    def run(self):
        n = 0
        while not self.over.is_set():
            n += 1
            key = "kill-%d-%d" % (SEED, n)
            status, answer = self.until_answered("POST", "orders", {
                "qr_no": self.rng.choice(self.guns), "limit_fen": 500, "plug_later": True}, key)
            if status != 200:
                time.sleep(0.5)
                continue
            # The same key once more must give the same order.
            self.until_answered("POST", "orders", {
                "qr_no": answer["data"].get("qr_no", ""), "limit_fen": 500, "plug_later": True}, key + "x")
            time.sleep(self.rng.uniform(3, 8))
            self.until_answered("POST", "orders/%s/stop" % answer["data"]["order_no"], {}, key + "-stop")
            time.sleep(1)


class Demo:
    def __init__(self):
        self.made = "PILEHUB_KILL_HOME" not in os.environ
        self.home = os.environ.get("PILEHUB_KILL_HOME") or tempfile.mkdtemp(prefix="pilehub-kill-")
        self.env = dict(os.environ, PILEHUB_HOME=self.home, PILEHUB_HTTP_PORT=str(HTTP_PORT),
                        PILEHUB_PILE_PORT=str(PILE_PORT), PILEHUB_SIM_WORDS=CARS)

    def start(self):
        subprocess.run([SOURCE + "/scripts/run", "--detach", "--small"], check=True, env=self.env,
                       stdout=subprocess.DEVNULL)
        with open(self.home + "/endpoints", encoding="utf-8") as f:
            return dict(l.rstrip("\n").split("=", 1) for l in f if "=" in l)

    def stop(self):
        subprocess.run([SOURCE + "/scripts/stop"], check=False, env=self.env, stdout=subprocess.DEVNULL)
        if self.made:
            shutil.rmtree(self.home, ignore_errors=True)

    def pid(self, name):
        try:
            with open("%s/run/%s.pid" % (self.home, name), encoding="utf-8") as f:
                return int(f.read())
        except (OSError, ValueError):
            return None

    def children(self, pid):
        try:
            with open("/proc/%d/task/%d/children" % (pid, pid), encoding="utf-8") as f:
                return [int(x) for x in f.read().split()]
        except OSError:
            return []

    def kill(self, rng):
        """One victim of those that are wanted."""
        name = rng.choice(WHO)
        pid = self.pid("web" if name == "worker" else name)
        if pid is None:
            return None
        if name == "worker":
            workers = self.children(pid)
            if not workers:
                return None
            pid = rng.choice(workers)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return None
        return name

    def sql(self, text):
        with open(self.home + "/secret/db_root", encoding="utf-8") as f:
            password = f.read().strip()
        for _ in range(100):
            r = subprocess.run(["mariadb", "--no-defaults", "-S", self.home + "/run/db.sock", "-uroot", "-N", "-e",
                                text, "pilehub"], text=True, capture_output=True,
                               env=dict(os.environ, MYSQL_PWD=password), check=False)
            if r.returncode == 0:
                return r.stdout.strip()
            time.sleep(0.3)
        raise SystemExit(r.stderr)

    def pilehub(self, *words):
        return subprocess.run([BUILD + "/pilehub", "-c", self.home + "/etc/root.conf", *words],
                              text=True, capture_output=True, check=False, cwd=self.home)

    def quiet_cars(self):
        """The cars go home: the running sessions end as a power cut ends
        them, and their records are owed."""
        pid, loop = self.pid("sim"), None
        with open(self.home + "/run/sim.loop", encoding="utf-8") as f:
            loop = int(f.read())
        os.kill(loop, signal.SIGTERM)
        while os.path.exists("/proc/%d" % loop) or (pid and os.path.exists("/proc/%d" % pid)):
            time.sleep(0.1)
        shutil.copy(self.home + "/run/sim.state", self.home + "/run/sim.state.before")
        return subprocess.Popen([BUILD + "/pilehub-sim", "--port", str(PILE_PORT), "--file", "sim.piles",
                                 "--state", "run/sim.state", "--haste", "5", "--quiet"], cwd=self.home,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def confirmed(self):
        """Trade numbers that some pile was told are stored."""
        with open(self.home + "/run/sim.state.before", encoding="utf-8") as f:
            return set(l.split()[1] for l in f if l.startswith("done "))


def settle(demo):
    open_ones = "SELECT COUNT(*) FROM charge_order WHERE state IN (4, 5, 6, 8) AND created_at >= '%s'" % demo.began
    end = time.time() + SETTLE_S
    while time.time() < end:
        waiting = demo.sql("SELECT COUNT(*) FROM trade_record WHERE state = 1")
        if demo.sql(open_ones) == "0" and waiting == "0":
            return True
        time.sleep(1)
    return False


def verify(demo, driver):
    stored = set(demo.sql("SELECT trade_no FROM trade_record WHERE received_at >= '%s'" % demo.began).split())
    told = demo.confirmed()
    lost = sorted(told - stored)
    check("all %d records that were acknowledged are stored" % len(told), not lost and len(told) > 0,
          "lost: " + " ".join(lost[:5]))
    twice = demo.sql("SELECT ref_id, COUNT(*) FROM ledger_tx WHERE kind = 'order.settle' GROUP BY ref_id"
                     " HAVING COUNT(*) > 1")
    check("no order was settled twice", twice == "", twice)
    unsettled = demo.sql("SELECT COUNT(*) FROM trade_record r WHERE r.state IN (2, 5) AND NOT EXISTS"
                         " (SELECT 1 FROM charge_order o WHERE o.trade_no = r.trade_no AND o.state IN (7, 9, 10))")
    check("every settled record has its order", unsettled == "0", unsettled)
    many = [k for k, v in driver.answers.items() if len(v - {None}) > 1]
    check("%d keys of the app gave one order each" % len(driver.answers), not many and len(driver.answers) > 0,
          " ".join(many))
    books = demo.pilehub("ledger", "verify")
    check("the books balance: pilehub ledger verify", books.returncode == 0, books.stdout[-400:] + books.stderr[-200:])
    seals = demo.pilehub("audit", "verify")
    check("the audit is whole: pilehub audit verify", seals.returncode == 0, seals.stdout[-300:] + seals.stderr[-200:])


def main():
    rng = random.Random(SEED)
    demo = Demo()
    quiet = None
    try:
        e = demo.start()
        demo.began = demo.sql("SELECT NOW()")
        guns = demo.sql("SELECT qr_no FROM connector ORDER BY id").split()
        driver = Driver(e, guns)
        driver.sign_in()
        driver.start()
        time.sleep(5)
        killed = {}
        while sum(killed.values()) < KILLS:
            name = demo.kill(rng)
            if name:
                killed[name] = killed.get(name, 0) + 1
            time.sleep(rng.uniform(0.8, 2.5))
        print("# killed: " + ", ".join("%s %d" % x for x in sorted(killed.items())), flush=True)
        time.sleep(5)
        driver.over.set()
        driver.join(30)
        quiet = demo.quiet_cars()
        check("every session is over and settled", settle(demo), demo.sql(
            "SELECT GROUP_CONCAT(CONCAT(order_no, ':', state)) FROM charge_order WHERE state IN (4, 5, 6, 8)"
            " AND created_at >= '%s'" % demo.began))
        print("# orders since the start, by state: " + demo.sql(
            "SELECT GROUP_CONCAT(CONCAT(s, ':', n)) FROM (SELECT state s, COUNT(*) n FROM charge_order"
            " WHERE created_at >= '%s' GROUP BY state) t" % demo.began), flush=True)
        verify(demo, driver)
    finally:
        if quiet:
            quiet.terminate()
        demo.stop()
    print("1..%d" % len(results))
    sys.exit(0 if all(results) else 1)


main()
