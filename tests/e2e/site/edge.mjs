/* What nginx lets through, and what it does not. */
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { test, run, assert, equal, env, sql, until } from './harness.mjs';
import { Driver } from './driver.mjs';

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
    const log = fs.readFileSync(`${process.env.PILEHUB_HOME}/log/${name}.log`,
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

await run();
