/*
 * A small harness around a real Chromium: tests register with test(), run one
 * after the other against a running demo, and print TAP. Whatever the browser
 * complains about (script errors, refused resources, server errors) fails the
 * test that caused it.
 *
 *   import { test, run } from './harness.mjs';
 *   test('sign in with a wrong password', async (t) => { ... });
 *   await run();
 *
 * t.page      a page at 1366x768, signed out
 * t.env       the endpoints file of the demo (t.env.HTTP_URL, ...)
 * t.signIn(login, password), t.shot(name), t.allow(pattern), t.sql(text)
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = path.dirname(fileURLToPath(import.meta.url));
const home = process.env.PILEHUB_HOME;
const shots = process.env.PILEHUB_SHOTS || path.join(here, 'shots');
const tests = [];

export const env = Object.fromEntries(
  fs.readFileSync(path.join(home, 'endpoints'), 'utf8').trim().split('\n')
    .map((line) => [line.slice(0, line.indexOf('=')),
      line.slice(line.indexOf('=') + 1)]));

export function test(name, body) {
  tests.push({ name, body });
}

/* Statements of a test that looks at the database; root's password is in a
   file that only the owner reads. */
export function sql(text) {
  return execFileSync('mariadb', [
    `--defaults-file=${home}/etc/root.cnf`, '--batch', '--skip-column-names',
    env.DB_NAME, '-e', text], { encoding: 'utf8', cwd: home }).trim();
}

/* Everybody here is at one address and some sign in again and again: tries and
   limits are forgotten, so that tests do not stand in each other's way. */
export function forgetLimits() {
  sql('DELETE FROM guard');
}

/* Until what is asked for is true; the answer. */
export async function until(what, ask, seconds = 10) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((wake) => setTimeout(wake, 100));
  }
}

export function assert(condition, what) {
  if (!condition) throw new Error(what);
}

export function equal(got, want, what) {
  if (got !== want) throw new Error(`${what}: ${got} instead of ${want}`);
}

class Attempt {
  constructor(browser, name) {
    this.browser = browser;
    this.name = name;
    this.env = env;
    this.sql = sql;
    this.complaints = [];
    this.allowed = [];
  }

  async open(options = {}) {
    this.context = await this.browser.newContext({
      viewport: { width: 1366, height: 768 }, locale: 'zh-CN',
      timezoneId: 'Asia/Shanghai', ...options });
    this.context.setDefaultTimeout(10000);
    this.page = await this.context.newPage();
    this.listen(this.page);
    this.context.on('page', (page) => this.listen(page));
  }

  listen(page) {
    page.on('pageerror', (error) => this.complaints.push(`script: ${error}`));
    page.on('console', (message) => {
      if (message.type() === 'error')
        this.complaints.push(`console: ${message.text()}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400)
        this.complaints.push(`${response.status()} ${response.url()}`);
    });
    page.on('requestfailed', (request) => {
      const why = request.failure().errorText;
      /* The browser itself breaks off what it no longer needs. */
      if (!why.includes('ERR_ABORTED'))
        this.complaints.push(`${why} ${request.url()}`);
    });
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(env.HTTP_URL) && !/^(data|blob|about):/.test(url))
        this.complaints.push(`another host: ${url}`);
    });
  }

  /* What this test provokes on purpose. */
  allow(pattern) {
    this.allowed.push(pattern);
  }

  /* A way that the page before still goes, behind a form just sent, aborts this
     one: then once more, when it has arrived. */
  async goto(where) {
    const go = () => this.page.goto(env.HTTP_URL + where, { waitUntil: 'load' });

    try {
      return await go();
    } catch (e) {
      if (!/ERR_ABORTED|interrupted by another navigation/.test(e.message)) throw e;
      await this.page.waitForLoadState();
      return go();
    }
  }

  async signIn(login, password) {
    let status;

    forgetLimits();
    do {
      await this.goto('/login');
      await this.page.fill('[name=phone]', login);
      await this.page.fill('[name=password]', password);
      const [answer] = await Promise.all([
        this.page.waitForResponse((r) => r.request().method() === 'POST'
          && new URL(r.url()).pathname === '/login'),
        this.page.press('[name=password]', 'Enter')]);
      status = answer.status();
      /* So many tests sign in a minute that the limit is met. */
      if (status === 429) {
        this.allow(/429/);
        await this.page.waitForTimeout(10000);
      }
    } while (status === 429);
    await this.page.waitForURL((url) => url.pathname.startsWith('/console'));
  }

  async shot(name) {
    fs.mkdirSync(shots, { recursive: true });
    await this.page.screenshot({ path: path.join(shots, name + '.png') });
  }

  /* Nothing sticks out to the right, which would make the page scroll. */
  async fits() {
    const over = await this.page.evaluate(() =>
      document.documentElement.scrollWidth - window.innerWidth);
    assert(over <= 0, `the page is ${over} px too wide`);
  }

  verdict() {
    const left = this.complaints.filter(
      (text) => !this.allowed.some((pattern) => pattern.test(text)));
    if (left.length > 0) throw new Error([...new Set(left)].join('; '));
  }
}

/* What never ends must not keep the whole run waiting. */
function within(seconds, what, promise) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${seconds} s`)),
      seconds * 1000);
  });

  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

export async function run() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-proxy-server', '--disable-dev-shm-usage',
      ...(process.getuid() === 0 ? ['--no-sandbox'] : [])] });
  const only = process.argv[2];
  let number = 0;
  let failed = 0;
  for (const { name, body } of tests) {
    if (only && !name.includes(only)) continue;
    const attempt = new Attempt(browser, name);
    number += 1;
    try {
      await attempt.open();
      await within(300, 'the test', body(attempt));
      attempt.verdict();
      console.log(`ok ${number} - ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`not ok ${number} - ${name}`);
      for (const line of String(error.message).split('\n').slice(0, 12))
        console.log(`# ${line}`);
      for (const text of attempt.complaints) console.log(`# saw ${text}`);
      await within(20, 'picture', attempt.shot(`failed-${number}`))
        .catch(() => {});
    }
    /* Chromium has been seen to keep a context whose page was just going
       somewhere; the next test has one of its own. */
    await within(20, 'closing', attempt.context.close())
      .catch((error) => console.log(`# ${error.message}`));
  }
  console.log(`1..${number}`);
  await within(20, 'closing', browser.close()).catch(() => {});
  process.exit(failed > 0 ? 1 : 0);
}
