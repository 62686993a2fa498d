/* What nginx lets through, and what it does not. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { test, run, assert, equal, env, sql, until } from './harness.mjs';
import { Driver } from './driver.mjs';

const home = process.env.PILEHUB_HOME;

const { hostname, port } = new URL(env.HTTP_URL);

/* One request as it is given; { status, headers, body }. */
function ask(method, path, headers = {}, body = null) {
  return new Promise((done, failed) => {
    const request = http.request({ hostname, port, method, path,
      headers: { Connection: 'close', ...headers } }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => done({ status: answer.statusCode,
        headers: answer.headers, body: Buffer.concat(parts).toString() }));
    });
    request.on('error', failed);
    if (body) request.write(body);
    request.end();
  });
}

test('only GET, HEAD and POST', async () => {
  for (const method of ['PUT', 'DELETE', 'TRACE', 'OPTIONS', 'PATCH'])
    equal((await ask(method, '/login')).status, 405, method);
  equal((await ask('HEAD', '/login')).status, 200, 'HEAD');
});

test('the server does not say what it is', async () => {
  for (const path of ['/login', '/static/css/console.css', '/nothing']) {
    const { headers } = await ask('GET', path);
    equal(headers.server, 'nginx', path);
    assert(!headers['x-powered-by'], path);
  }
});

test('pages carry the security headers', async () => {
  const { headers } = await ask('GET', '/login');
  const policy = headers['content-security-policy'];
  for (const part of ["default-src 'self'", "object-src 'none'",
    "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"])
    assert(policy.includes(part), part);
  assert(!policy.includes('unsafe'), policy);
  equal(headers['x-content-type-options'], 'nosniff', 'nosniff');
  equal(headers['cache-control'], 'no-store', 'Cache-Control');
  assert(/charset=utf-8/i.test(headers['content-type']), 'charset');
});

test('files have their type, a cache time, and stay in their place', async () => {
  const css = await ask('GET', '/static/css/console.css?v=1');
  equal(css.status, 200, 'css');
  equal(css.headers['content-type'], 'text/css', 'type');
  assert(css.headers['cache-control'].includes('immutable'), 'cache');
  equal(css.headers['x-content-type-options'], 'nosniff', 'nosniff');
  for (const path of ['/static/vendor/.stamp', '/static/', '/static/css/',
    '/static/../schema/0001_base.sql', '/static/%2e%2e/README.md',
    '/static/css/..%2f..%2fREADME.md', '/schema/0001_base.sql',
    '/.git/config', '/etc/root.conf'])
    assert([301, 303, 400, 403, 404].includes((await ask('GET', path)).status),
      path);
});

test('a body that is too large is refused before it is read', async () => {
  const { status } = await ask('POST', '/login',
    { 'Content-Length': 5_000_000,
      'Content-Type': 'application/x-www-form-urlencoded' });
  equal(status, 413, 'status');
});

test('a header that is too large is refused', async () => {
  const { status } = await ask('GET', '/login', { 'X-Long': 'a'.repeat(9000) });
  equal(status, 400, 'status');
  equal((await ask('GET', '/' + 'a'.repeat(9000))).status, 414, 'line');
});

/* Who a client is comes from the connection: what it says is ignored. */
test('an address that the client claims is not believed', async () => {
  const driver = new Driver();
  await ask('POST', '/api/driver/v1/sms-codes', {
    'Content-Type': 'application/json', 'X-Forwarded-For': '203.0.113.9',
    'X-Real-IP': '203.0.113.9' }, JSON.stringify({ phone: driver.phone }));
  await driver.signIn().catch(() => {});
  for (const name of ['web', 'slow']) {
    const log = fs.readFileSync(`${home}/log/${name}.log`,
      'utf8');
    assert(!log.includes('203.0.113.9'), `${name}.log`);
  }
  equal(sql("SELECT COUNT(*) FROM guard WHERE subject LIKE '%203.0.113.9%'"),
    '0', 'limits');
});

/* A peer that sends a byte now and then does not hold up anybody. */
test('slow senders are cut off and hold up nobody', async () => {
  const peers = [];
  for (let i = 0; i < 40; i += 1) {
    const peer = net.connect(Number(port), hostname);
    peer.on('error', () => {});
    peer.write('POST /login HTTP/1.1\r\nHost: x\r\n');
    peers.push(peer);
  }
  const from = Date.now();
  equal((await ask('GET', '/login')).status, 200, 'others');
  assert(Date.now() - from < 2000, 'others wait');
  await until('they are cut off', async () =>
    peers.every((peer) => peer.destroyed || peer.readableEnded
      || peer.readyState !== 'open'), 25);
});

test('counters are for this machine only, health for everybody', async () => {
  equal((await ask('GET', '/healthz')).status, 200, 'healthz');
  const { status, body } = await ask('GET', '/metrics');
  equal(status, 200, 'metrics');
  assert(body.includes('pilehub_requests_total'), 'no counters');
});

const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));
const masterOf = (name) =>
  Number(fs.readFileSync(`${home}/run/${name}.pid`, 'utf8'));
const workersOf = (master) =>
  fs.readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').trim()
    .split(' ').map(Number);

/* W8: below the limits of nginx, so that each answer is the program's. */
test('reloads of pool and nginx lose no request', async () => {
  const statuses = {};
  let going = true;
  const client = async () => {
    while (going) {
      const { status } = await ask('GET', '/login');
      statuses[status] = (statuses[status] || 0) + 1;
      await pause(150);
    }
  };
  const clients = Array.from({ length: 6 }, client);
  const web = masterOf('web');
  for (let i = 0; i < 4; i += 1) {
    await pause(500);
    const before = workersOf(web);
    process.kill(web, 'SIGHUP');
    process.kill(masterOf('nginx'), 'SIGHUP');
    await until('all workers are new', () =>
      !workersOf(web).some((pid) => before.includes(pid)), 20);
  }
  going = false;
  await Promise.all(clients);
  assert(statuses[200] > 20, JSON.stringify(statuses));
  equal(Object.keys(statuses).join(), '200', 'statuses');
});

/* W5: the worker has read the request and waits for a row when it dies. */
test('a POST whose worker dies is not sent to another', async () => {
  const driver = new Driver();
  await driver.signIn();
  await driver.topUp(10000);
  const gun = await driver.freeConnector();
  const key = randomUUID();
  const lostPosts = () => fs.readFileSync(`${home}/log/access.log`, 'utf8')
    .split('\n')
    .filter((line) => line.includes(' POST /api/driver/v1/orders 502 '));
  const before = lostPosts().length;
  const holder = spawn('mariadb', [`--defaults-file=${home}/etc/root.cnf`,
    env.DB_NAME, '--unbuffered', '-e', `START TRANSACTION;
      SELECT COUNT(*) FROM ledger_account a JOIN driver d ON d.id = a.owner_id
      WHERE d.phone = '${driver.phone}' FOR UPDATE; SELECT SLEEP(60)`],
  { cwd: home, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((locked) => { holder.stdout.once('data', locked); });
  const lost = driver.start(gun.qr_no, 5000, key)
    .then(() => 'done', (error) => error.status);
  await until('it waits for the row', () => sql(`SELECT COUNT(*)
    FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'
      AND trx_query LIKE '%ledger_account%'`) !== '0');
  for (const pid of workersOf(masterOf('web'))) process.kill(pid, 'SIGKILL');
  equal(await lost, 502, 'answer');
  holder.kill('SIGKILL');
  await until('its transaction is undone', () => sql(`SELECT COUNT(*)
    FROM information_schema.processlist WHERE info LIKE '%SLEEP(60)%'
    AND id <> CONNECTION_ID()`) === '0', 20);
  const lines = await until('it is in the log', () =>
    lostPosts().length > before && lostPosts());
  equal(lines.length, before + 1, 'lines');
  assert(/ 502 \d+ [\d.]+s 502 [\d.]+ /.test(lines[before]), lines[before]);
  equal((await driver.call('GET', '/orders')).orders.length, 0, 'orders');
  /* The phone asks again with its key: one effect. */
  const order = await until('a repeat is served', () =>
    driver.start(gun.qr_no, 5000, key).catch(() => null), 20);
  equal((await driver.start(gun.qr_no, 5000, key)).order_no, order.order_no,
    'order');
  equal((await driver.call('GET', '/orders')).orders.length, 1, 'orders');
});

await run();
