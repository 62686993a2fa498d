/*
 * Every sample of tests/templates, drawn in Chromium under the product's
 * content policy with the real styles and scripts, and the behaviour that
 * pages share. Needs no server but the small one below.
 *
 *   node samples.mjs SOURCE_DIRECTORY RENDER_PROGRAM [SHOTS_DIRECTORY]
 *
 * Prints TAP. With a third argument each page is also stored as a picture,
 * light and dark, to be looked at.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { inspect } from './inspect.mjs';

const [source, render, shots] = process.argv.slice(2);
const POLICY = "default-src 'self'; style-src 'self'; img-src 'self' data:";
const TYPES = {
  '.css': 'text/css', '.js': 'text/javascript', '.svg': 'image/svg+xml',
  '.json': 'application/json', '.png': 'image/png',
};
const ANSWER_MS = 300, SETTLE_MS = 100;
/* One dark dot, for pictures that C makes. */
const DOT = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42' +
  'mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=', 'base64');
const STATIONS = [{ id: '1', text: '广州南站东广场' }, { id: '3', text: '琶洲会展中心' }];
const MAP = {
  stations: [{ id: '1', name: '广州南站东广场', lng: 113.269, lat: 22.988, key: 'fault', free: 3, all: 20, piles: 12,
    district: '番禺区', power: '654.8', parts: [12, 3, 4, 0, 1, 0] }],
  clusters: [{ lng: 113.327, lat: 23.124, n: 6, piles: 90, parts: [58, 41, 9, 0, 1, 3] }],
  total: 7,
};
/* Paths that samples ask for, and the sample that answers. */
const ANSWERS = {
  '/console/': 'home', '/console/wall': 'wall', '/console/wall/12': 'gun', '/console/wall/12/stop': 'stop',
  '/console/map/1': 'map_station', '/console/tariff/calc': 'tariff_calc', '/login/captcha': 'captcha',
  '/console/pile/new': 'form-drawer',
};

/* ---- the server ------------------------------------------------------- */

const seen = []; /* requests, newest last */
let failing = false; /* pages that refresh themselves get an error */

const page = (name) => execFileSync(render, [source, name], { maxBuffer: 1 << 24 });

function answer(request, response) {
  const url = new URL(request.url, 'http://localhost'), poll = request.headers['x-poll'] === '1';
  const send = (status, type, body) => {
    response.writeHead(status, { 'Content-Type': type, 'Content-Security-Policy': POLICY, 'Cache-Control': 'no-store' });
    response.end(body);
  };
  const html = (name) => send(200, 'text/html; charset=utf-8', page(name));
  seen.push({ path: url.pathname + url.search, method: request.method, poll, csrf: request.headers['x-csrf-token'] });
  if (url.pathname.startsWith('/static/')) {
    const file = path.join(source, path.normalize(url.pathname));
    if (fs.existsSync(file)) send(200, TYPES[path.extname(file)] || 'text/plain', fs.readFileSync(file));
    else send(404, 'text/plain', '');
  } else if (poll && failing) send(500, 'text/html', '<h1>页面没能打开</h1>');
  else if (url.pathname.startsWith('/sample/')) html(path.basename(url.pathname));
  else if (ANSWERS[url.pathname]) html(ANSWERS[url.pathname]);
  else if (url.pathname === '/console/station/pick') send(200, 'application/json', JSON.stringify(STATIONS));
  else if (url.pathname === '/console/map/data') send(200, 'application/json', JSON.stringify(MAP));
  else if (url.pathname === '/login/captcha.png') send(200, 'image/png', DOT);
  else send(404, 'text/plain', '');
}

const server = http.createServer(answer);
await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
const baseURL = 'http://127.0.0.1:' + server.address().port;
const browser = await chromium.launch({
  executablePath: process.env.PILEHUB_CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'],
});

/* ---- cases ------------------------------------------------------------ */

let count = 0, failures = 0;

/* run gives a list of what is wrong, or undefined. */
async function test(title, run) {
  let wrong;
  try {
    wrong = (await run()) || [];
  } catch (e) {
    wrong = [e.message.split('\n')[0]];
  }
  count++;
  if (wrong.length) failures++;
  console.log((wrong.length ? 'not ok ' : 'ok ') + count + ' - ' + title);
  wrong.forEach((w) => console.log('# ' + w));
}

const same = (what, got, wanted) =>
  (got === wanted ? [] : [what + ': ' + JSON.stringify(got) + ', not ' + JSON.stringify(wanted)]);

/* A tab showing a sample; clock: time stands still until tab.pass(ms). */
async function open(name, clock) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: 'zh-CN', baseURL,
    reducedMotion: 'reduce' });
  const tab = await context.newPage();
  tab.troubles = [];
  tab.on('console', (m) => { if (m.type() === 'error') tab.troubles.push(m.text()); });
  tab.on('pageerror', (e) => tab.troubles.push(e.message));
  if (clock) await tab.clock.install();
  await tab.goto('/sample/' + name);
  /* What was asked for meanwhile is answered in real time, and drawn after. */
  tab.pass = async (ms) => {
    await tab.clock.runFor(ms);
    await tab.waitForTimeout(ANSWER_MS);
    await tab.clock.runFor(SETTLE_MS);
  };
  tab.end = () => context.close();
  tab.cookie = async (cookie) => ((await context.cookies()).find((c) => c.name === cookie) || {}).value;
  tab.focused = () => tab.evaluate(() => document.activeElement.id || document.activeElement.textContent.trim());
  return tab;
}

async function looksRight(name) {
  const tab = await open(name), found = [];
  for (const theme of ['light', 'dark']) {
    await tab.evaluate((t) => {
      document.documentElement.setAttribute('data-bs-theme', t);
      document.dispatchEvent(new CustomEvent('themechange'));
    }, theme);
    found.push(...(await tab.evaluate(inspect)).map((p) => theme + ': ' + p));
    if (shots) await tab.screenshot({ path: path.join(shots, name + '-' + theme + '.png') });
  }
  await tab.end();
  return [...new Set(found.concat(tab.troubles))];
}

const folder = path.join(source, 'tests/templates');
const samples = fs.readdirSync(folder)
  .filter((f) => f.endsWith('.hdf') && f !== 'frame.hdf' &&
    !/^Sample\.layout = part/m.test(fs.readFileSync(path.join(folder, f), 'utf8')))
  .map((f) => f.slice(0, -4));
for (const name of samples) await test(name + ' looks right', () => looksRight(name));

await test('the drawer opens, asks, closes by Esc and gives the focus back', async () => {
  const tab = await open('wall');
  await tab.click('#gun-12 [data-open]');
  await tab.waitForSelector('#drawer[open]');
  await tab.click('#drawer .btn-danger');
  await tab.waitForSelector('#ask[open]');
  const safe = await tab.focused();
  const inert = await tab.evaluate(() => document.getElementById('shell').inert && document.getElementById('drawer').inert);
  await tab.keyboard.press('Escape');
  const still = await tab.evaluate(() => document.getElementById('drawer').open);
  await tab.keyboard.press('Escape');
  const back = await tab.focused();
  await tab.end();
  return [...same('focus', safe, '继续充电'), ...same('what is below is inert', inert, true),
    ...same('drawer after one Esc', still, true), ...same('focus after', back, 'A01-2'), ...tab.troubles];
});

await test('keys move rows, open them, search, fold and list themselves', async () => {
  const tab = await open('wall'), found = [];
  await tab.keyboard.press('j');
  await tab.keyboard.press('j');
  found.push(...same('row', await tab.focused(), 'gun-12'));
  await tab.keyboard.press('Enter');
  await tab.waitForSelector('#drawer[open]');
  await tab.keyboard.press('Escape');
  await tab.keyboard.press('Control+k');
  await tab.keyboard.type('待核');
  found.push(...same('found', await tab.textContent('#finder-list li:first-child a'), '待核订单'));
  await tab.keyboard.press('Escape');
  await tab.keyboard.press('?');
  found.push(...same('keys', await tab.isVisible('#keys'), true));
  await tab.keyboard.press('Escape');
  await tab.keyboard.press('[');
  found.push(...same('folded', await tab.cookie('fold'), '1'));
  await tab.keyboard.press('/');
  found.push(...same('first filter', await tab.evaluate(() => document.activeElement.name), 'q'));
  await tab.keyboard.press('j');
  found.push(...same('letters are typed in fields', await tab.inputValue('[name=q]'), 'j'));
  await tab.end();
  return found.concat(tab.troubles);
});

await test('the theme is kept in a cookie, and charts follow it', async () => {
  const tab = await open('home');
  const ink = () => tab.evaluate(() => document.querySelector('[data-chart=tou] svg text').getAttribute('fill'));
  const before = await ink();
  await tab.click('[data-act=theme]');
  const after = await ink(), cookie = await tab.cookie('theme');
  await tab.end();
  return [...same('cookie', cookie, 'dark'), ...same('charts redrawn', before !== after, true)];
});

await test('a chart gives its figures as a table', async () => {
  const tab = await open('home');
  await tab.click('.s8 [aria-label=查看数据]');
  const rows = await tab.locator('.chart-data:visible tbody tr').count();
  const cell = await tab.textContent('.chart-data:visible tbody tr:first-child td:nth-child(2)');
  await tab.end();
  return [...same('rows', rows, 30), ...same('first figure', cell, '53,400.00')];
});

await test('live pages refresh, and say when the data is old', async () => {
  const tab = await open('wall', true);
  await tab.pass(2000);
  seen.length = 0;
  await tab.pass(6000);
  const polls = seen.filter((r) => r.poll).length;
  failing = true;
  await tab.pass(7000);
  await tab.pass(9000);
  const old = await tab.isVisible('.live-old');
  failing = false;
  await tab.pass(6000);
  const fresh = await tab.isVisible('.live-now');
  await tab.end();
  return [...same('refreshes in 6 s', polls, 1), ...same('old after missed refreshes', old, true),
    ...same('fresh again', fresh, true)];
});

await test('a refresh keeps the focus', async () => {
  const tab = await open('wall', true);
  await tab.pass(2000);
  await tab.focus('#gun-13');
  await tab.evaluate(() => { document.getElementById('gun-13').dataset.old = '1'; });
  await tab.pass(6000);
  const got = await tab.evaluate(() => [document.activeElement.id, 'old' in document.getElementById('gun-13').dataset]);
  await tab.end();
  return [...same('focus', got[0], 'gun-13'), ...same('the old card stands', got[1], false)];
});

await test('the picker offers, chooses by keyboard and submits', async () => {
  const tab = await open('wall');
  await tab.click('.wallbar .picker .in');
  await tab.waitForSelector('.picker-list [role=option]');
  await tab.keyboard.press('ArrowDown');
  await tab.keyboard.press('ArrowDown');
  await tab.keyboard.press('Enter');
  await tab.waitForURL('**/console/wall?*');
  const sent = new URL(tab.url()).searchParams.get('station');
  await tab.end();
  return same('station', sent, '3');
});

await test('rows are ticked one by one, in ranges, and all', async () => {
  const tab = await open('list'), found = [];
  const count = () => tab.textContent('#bulk [data-count]');
  found.push(...same('bar before', await tab.isVisible('#bulk'), false));
  await tab.click('tbody tr:nth-child(1) .cb');
  await tab.click('tbody tr:nth-child(2) .cb', { modifiers: ['Shift'] });
  found.push(...same('ticked', await count(), '2'), ...same('head', await tab.isChecked('[data-all]'), true));
  await tab.click('[data-bulk-all]');
  found.push(...same('everything', await tab.inputValue('#bulk input[name=all]'), '1'));
  await tab.keyboard.press('Escape');
  found.push(...same('bar after Esc', await tab.isVisible('#bulk'), false));
  await tab.keyboard.press('j');
  await tab.keyboard.press('x');
  found.push(...same('by key', await count(), '1'));
  await tab.click('[data-toggle=adv]');
  found.push(...same('more filters', await tab.isVisible('#adv'), true));
  await tab.click('[data-menu=columns]');
  await tab.click('[data-height=tight]');
  found.push(...same('row height', await tab.cookie('rows'), 'tight'));
  await tab.keyboard.press('Escape');
  found.push(...same('menu after Esc', await tab.isVisible('#columns'), false));
  await tab.end();
  return found.concat(tab.troubles);
});

await test('a drawer with changes asks before it closes', async () => {
  const tab = await open('list');
  await tab.click('[data-key=n]');
  await tab.waitForSelector('#drawer[open] form');
  await tab.fill('#f-note', '新');
  await tab.keyboard.press('Escape');
  const asked = await tab.textContent('#ask h2');
  await tab.keyboard.press('Escape');
  const kept = await tab.inputValue('#f-note');
  await tab.keyboard.press('Escape');
  await tab.click('#ask .btn-danger');
  const open_ = await tab.evaluate(() => document.getElementById('drawer').open);
  await tab.end();
  return [...same('question', asked, '放弃未保存的修改？'), ...same('kept', kept, '新'), ...same('drawer', open_, false), ...tab.troubles];
});

await test('half hours are painted by mouse and by keyboard', async () => {
  const tab = await open('tariff');
  await tab.focus('.c48:nth-child(17)');
  await tab.keyboard.press('1');
  await tab.keyboard.press('Shift+ArrowRight');
  await tab.keyboard.press('Shift+ArrowRight');
  await tab.keyboard.press('4');
  const byKeys = await tab.inputValue('#slots');
  const [from, to] = [await tab.locator('.c48').nth(30).boundingBox(), await tab.locator('.c48').nth(33).boundingBox()];
  await tab.mouse.move(from.x + 3, from.y + 3);
  await tab.mouse.down();
  await tab.mouse.move(to.x + 3, to.y + 3, { steps: 12 });
  await tab.mouse.up();
  const byMouse = await tab.inputValue('#slots'), dirty = await tab.isVisible('[data-dirty]');
  await tab.end();
  return [...same('keys', byKeys, '333333333333333333321100222211111111112222222222'),
    ...same('mouse', byMouse.slice(28, 36), '11333311'), ...same('says that it is not saved', dirty, true)];
});

await test('the trial calculation sends the form as it is typed', async () => {
  const tab = await open('tariff');
  seen.length = 0;
  await tab.fill('#calc_kwh', '30');
  await tab.keyboard.press('Enter');
  await tab.waitForSelector('#calc .calcsum');
  const post = seen.find((r) => r.method === 'POST') || {};
  await tab.end();
  return [...same('path', post.path, '/console/tariff/calc'), ...same('token', post.csrf, 'c2FtcGxlLXRva2Vu'), ...tab.troubles];
});

await test('a field of a frame and its bytes are marked together', async () => {
  const tab = await open('order-evidence');
  await tab.click('[data-fields] tr:nth-child(6)');
  const bytes = await tab.locator('[data-hex] .mark').allTextContents();
  await tab.click('[data-hex] i >> nth=22');
  const field = await tab.textContent('[data-fields] tr.on td:nth-child(2)');
  await tab.end();
  return [...same('bytes', bytes.join(' '), '48 A1 02 00'), ...same('field', field, '桩编号')];
});

await test('forms ask before they act, and say that they work', async () => {
  const tab = await open('me');
  await tab.click('form[data-confirm] button');
  const words = await tab.textContent('#ask h2');
  await tab.keyboard.press('Escape');
  for (const id of ['#old', '#password', '#again']) await tab.fill(id, 'a');
  await tab.evaluate(() => document.addEventListener('submit', (e) => e.preventDefault())); /* no answer yet */
  await tab.click('form.stack button');
  await tab.waitForSelector('form.stack button:disabled');
  const word = await tab.textContent('form.stack button');
  await tab.end();
  return [...same('question', words, '结束这台设备的登录？'), ...same('word', word, '保存中…')];
});

await test('a field says what is wrong when it is left, and takes it back', async () => {
  const tab = await open('tariff');
  await tab.fill('#sharp_elec', '1.x');
  await tab.press('#sharp_elec', 'Tab');
  const said = await tab.textContent('#sharp_elec-err');
  await tab.fill('#sharp_elec', '1.2');
  const left = await tab.locator('#sharp_elec-err').count();
  await tab.fill('#name', '');
  await tab.press('#name', 'Tab');
  const empty = await tab.textContent('#name-err');
  await tab.end();
  return [...same('number', said, '应为数字。'), ...same('taken back', left, 0), ...same('empty', empty, '不能为空。')];
});

await test('the code button counts down', async () => {
  const tab = await open('login-first', true);
  const button = 'button[form=again-form]', at = await tab.textContent(button);
  await tab.clock.runFor(60000);
  const later = await tab.textContent(button), can = await tab.isEnabled(button);
  await tab.end();
  return [...same('waiting', at, '重新获取（48 秒）'), ...same('then', later, '重新获取'), ...same('enabled', can, true)];
});

await test('paper is white, without the frame, in either theme', async () => {
  const tab = await open('order');
  await tab.emulateMedia({ media: 'print' });
  await tab.evaluate(() => document.documentElement.setAttribute('data-bs-theme', 'dark'));
  const style = (selector, what) => tab.evaluate(([s, w]) => getComputedStyle(document.querySelector(s))[w], [selector, what]);
  const found = [...same('menu', await style('.side', 'display'), 'none'),
    ...same('head', await style('.printhead', 'display'), 'flex'),
    ...same('paper', await style('body', 'backgroundColor'), 'rgb(255, 255, 255)'),
    ...same('ink', await style('body', 'color'), 'rgb(23, 28, 38)')];
  if (shots) await tab.pdf({ path: path.join(shots, 'order.pdf'), format: 'A4' });
  await tab.end();
  return found;
});

await browser.close();
server.close();
console.log('1..' + count);
process.exitCode = failures ? 1 : 0;
