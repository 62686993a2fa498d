/*
 * Rows about stations, areas, piles, connectors and merchants, as a person
 * does them in the console: each test begins with the id of its row.
 */
import { test, run, assert, equal, until, env, sql, forgetLimits } from './harness.mjs';
import { Driver } from './driver.mjs';

/* One session for all: signing in for each test would meet its limit. */
let session;
async function asAdmin(t, where) {
  if (session) {
    await t.context.addCookies(session);
  } else {
    await t.signIn(env.ADMIN_LOGIN, env.ADMIN_PASSWORD);
    session = await t.context.cookies();
  }
  if (where) await t.goto(where);
}

const rows = (t) => t.page.$$eval('main table tbody tr', (list) =>
  list.map((tr) => tr.innerText));

/* Types into a filter of a list and presses Enter; the rows that are left. */
async function find(t, list, name, text) {
  await t.goto(`/console/${list}`);
  const box = t.page.locator(`#filters [name=${name}]`);
  if (!await box.isVisible()) await t.page.locator('[data-toggle=adv]').click();
  if (await box.evaluate((el) => el.tagName === 'SELECT')) {
    await Promise.all([t.page.waitForURL(new RegExp(`${name}=`)),
      box.selectOption({ label: text })
        .then(() => t.page.locator('#filters button[type=submit]').click()
          .catch(() => {}))]);
  } else {
    await box.fill(text);
    await box.press('Enter');
    await t.page.waitForURL(new RegExp(`${name}=`));
  }
  return rows(t);
}

async function all(t, list, name, text, shown = text) {
  const found = await find(t, list, name, text);
  assert(found.length > 0, `${list} by ${name}: no rows`);
  assert(found.every((row) => row.includes(shown)),
    `${list} by ${name}: others too`);
}

async function tab(t, list, word) {
  await t.goto(`/console/${list}`);
  await t.page.locator('.tabs a', { hasText: word }).click();
  await t.page.waitForURL(/=/);
  return rows(t);
}

async function reset(t, list) {
  await t.goto(`/console/${list}?q=nothing-has-this-name`);
  equal(await t.page.locator('main table tbody tr').count(), 0, 'rows');
  await t.page.locator('.filters a', { hasText: '重置' }).click();
  await t.page.waitForURL((url) => url.search === '');
  assert((await rows(t)).length > 0, 'still filtered');
}

/* Picks from a picker of the form. */
async function pick(t, name, text) {
  const box = t.page.locator(`form .picker:has(input[name=${name}])`).last();
  // Once the picker listens: a drawer's form is there a moment before.
  await box.locator('input.in[role=combobox]').fill(text);
  await box.locator('[role=option]', { hasText: text }).first().click();
}

const fill = async (t, values) => {
  for (const [name, value] of Object.entries(values))
    await t.page.locator(`form [name=${name}]:visible`).last().fill(value);
};
const save = (t) => t.page.locator('button[type=submit]:visible',
  { hasText: /^保存(Ctrl S)?$|^发布/ }).last().click();

/* Saves, and waits until the form is gone. */
async function saved(t) {
  await save(t);
  await t.page.locator('form[data-guard]').waitFor({ state: 'detached' });
}

/* An act of a row's page: in the head, or behind 更多. */
async function act(t, where, word) {
  await t.goto(where);
  const found = t.page.locator('.phead button, .phead a')
    .filter({ hasText: new RegExp(`^${word}$`) }).first();
  if (!await found.isVisible())
    await t.page.locator('.phead button', { hasText: '更多' }).click();
  await found.click();
  const ask = t.page.locator('#ask button[type=submit]');
  await Promise.race([ask.waitFor(), t.page.locator('.toast').first().waitFor()])
    .catch(() => {});
  if (await ask.isVisible()) await ask.click();
}

/* What a new pile needs; it logs in from wherever it comes first. */
async function fillPile(t, no, name) {
  await fill(t, { no, name, guns: '2', power_w: '60' });
  await t.page.locator('form [name=login_policy]:visible').last()
    .selectOption({ label: '首次登录绑定地址' });
}

const value = (t, title) => t.page.locator('dt', { hasText: title }).first()
  .locator('xpath=following-sibling::dd[1]').innerText();

const mark = String(Date.now()).slice(-6);
const station = { name: `新站${mark}` };

/* A station with an area that nothing else uses. */
async function ownStation(t) {
  if (station.id) return station;
  const merchant = sql("SELECT name FROM org WHERE kind = 3 ORDER BY id LIMIT 1");
  await t.goto('/console/station/new');
  await pick(t, 'merchant_id', merchant);
  await fill(t, { name: station.name, hours: '06:00-23:00', contact: '王站长',
    phone: '13512345678', hotline: '4001234567', max_power_w: '800',
    load_w: '500', province: '广东省', city: '广州市', district: '天河区',
    address: '中山大道 1 号', lng: '113.36', lat: '23.13',
    intro: '新开的站', parking_note: '前两小时免费' });
  await t.page.locator('form [name=nature]:visible').last()
    .selectOption({ label: '联营' });
  await saved(t);
  await t.page.waitForURL((url) => !url.pathname.endsWith('/new'));
  station.id = sql(`SELECT id FROM station WHERE name = '${station.name}'`);
  assert(station.id, 'no station was made');
  return station;
}

async function refused(t, words) {
  t.allow(/422/);
  await save(t);
  await t.page.getByText(words).first().waitFor();
}

/* ---- stations ---------------------------------------------------------- */

test('S3.2.1.00 the list of stations: basic data, operation, address', async (t) => {
  await asAdmin(t, '/console/station');
  const head = await t.page.locator('main table thead').innerText();
  for (const word of ['电站名称', '状态', '所属商户', '运营性质', '最大功率', '城市'])
    assert(head.includes(word), word);
});

test('S3.2.1.01 stations by name, review and state', async (t) => {
  await asAdmin(t);
  const name = sql('SELECT name FROM station ORDER BY id LIMIT 1');
  await all(t, 'station', 'q', name.slice(0, 4));
  const passed = await find(t, 'station', 'review', '已通过');
  equal(passed.length, Math.min(20, Number(sql(
    'SELECT COUNT(*) FROM station WHERE review = 2'))), 'reviewed');
  const off = await tab(t, 'station', '停用');
  equal(off.length, Number(sql('SELECT COUNT(*) FROM station WHERE status = 2')),
    'disabled');
});

test('S3.2.1.02 the conditions are taken back', async (t) => {
  await asAdmin(t);
  await reset(t, 'station');
});

test('S3.2.1.03 a station is added with all its data', async (t) => {
  await asAdmin(t);
  const { id, name } = await ownStation(t);
  equal(sql(`SELECT CONCAT_WS('|', contact, phone, hotline, intro, hours,
    max_power_w, load_w, province, city, district, address, lng_e6, lat_e6)
    FROM station WHERE id = ${id}`), '王站长|13512345678|4001234567|新开的站|'
    + '06:00-23:00|800000|500000|广东省|广州市|天河区|中山大道 1 号|113360000|23130000',
  name);
});

test('S3.2.1.04 a station is changed', async (t) => {
  await asAdmin(t);
  const { id } = await ownStation(t);
  await t.goto(`/console/station/${id}/edit`);
  await fill(t, { contact: '李站长', hours: '00:00-24:00', max_power_w: '900' });
  await saved(t);
  await until('saved', () => sql(`SELECT CONCAT(contact, hours, max_power_w)
    FROM station WHERE id = ${id}`) === '李站长00:00-24:00900000');
});

test('S3.2.1.09 a disabled station is hidden from drivers and takes nothing new', async (t) => {
  await asAdmin(t);
  const { id, name } = await ownStation(t);
  await act(t, `/console/station/${id}`, '停用');
  await until('disabled', () =>
    sql(`SELECT status FROM station WHERE id = ${id}`) === '2');
  const driver = new Driver();
  await driver.signIn();
  const { stations } = await driver.call('GET', '/stations?city=广州市');
  assert(!stations.some((s) => s.name === name), 'drivers see it');
  await t.goto('/console/area');
  await t.page.locator('.phead a', { hasText: '新增' }).click();
  await pick(t, 'station_id', name);
  await fill(t, { name: '三区' });
  await refused(t, /已停用，启用后才能添加/);
  await t.goto('/console/pile/new');
  await pick(t, 'station_id', name);
  await pick(t, 'area_id', '默认');
  await fillPile(t, `9${mark}0000001`, 'A01');
  await refused(t, /已停用，启用后才能添加/);
  await t.goto('/console/tariff/new');
  await pick(t, 'station_id', name);
  await fill(t, { name: '价' });
  await t.page.locator('label', { hasText: '统一计价' }).click();
  await fill(t, { all_elec: '1', all_service: '0.5' });
  await refused(t, /已停用，启用后才能添加/);
});

test('S3.2.1.08 an enabled station is in use', async (t) => {
  await asAdmin(t);
  const { id, name } = await ownStation(t);
  if (sql(`SELECT status FROM station WHERE id = ${id}`) !== '2')
    await act(t, `/console/station/${id}`, '停用');
  await act(t, `/console/station/${id}`, '启用');
  await until('enabled', () =>
    sql(`SELECT status FROM station WHERE id = ${id}`) === '1');
  const driver = new Driver();
  await driver.signIn();
  await until('drivers see it', async () => (await driver.call('GET',
    `/stations?q=${encodeURIComponent(name)}`)).stations
    .some((s) => s.name === name));
});

test('S3.2.1.10 all of a station: data, counts, review, changes', async (t) => {
  await asAdmin(t);
  const { id, name } = await ownStation(t);
  await t.goto(`/console/station/${id}`);
  const text = await t.page.locator('main').innerText();
  for (const word of [name, '联营', '4001234567', '新开的站', '广东省', '广州市',
    '天河区', '中山大道 1 号', '前两小时免费', '审核状态', '修改时间'])
    assert(text.includes(word), word);
  for (const word of ['区域', '电桩', '电枪', '车位'])
    assert(await t.page.locator('.hero .l', { hasText: word }).count() > 0, word);
});

/* ---- areas ------------------------------------------------------------- */

test('S3.2.2.00 the list of areas with their stations', async (t) => {
  await asAdmin(t, '/console/area');
  equal((await rows(t)).length, Math.min(20, Number(sql(
    'SELECT COUNT(*) FROM area'))), 'areas');
  assert((await t.page.locator('main table thead').innerText())
    .includes('所属电站'), 'station');
});

test('S3.2.2.01 areas by station, code, name and state, alone and together', async (t) => {
  await asAdmin(t);
  const [no, name, at, place] = sql(`SELECT a.no, a.name, s.id, s.name FROM area a
    JOIN station s ON s.id = a.station_id ORDER BY a.id LIMIT 1`).split('\t');
  await all(t, 'area', 'q', no);
  await all(t, 'area', 'q', name);
  await t.goto(`/console/area?station=${at}&q=${no}&status=enabled`);
  const found = await rows(t);
  equal(found.length, 1, 'together');
  assert(found[0].includes(place), 'station');
});

test('S3.2.2.02 the conditions are taken back', async (t) => {
  await asAdmin(t);
  await reset(t, 'area');
});

test('S3.2.2.03 a new station has an area; more are added', async (t) => {
  await asAdmin(t);
  const { id, name } = await ownStation(t);
  equal(sql(`SELECT COUNT(*) FROM area WHERE station_id = ${id} AND is_default = 1`),
    '1', 'default areas');
  await t.goto('/console/area');
  await t.page.locator('.phead a', { hasText: '新增' }).click();
  await pick(t, 'station_id', name);
  await fill(t, { name: '二区', phone: '02012345678', power_w: '300' });
  await saved(t);
  await until('added', () => sql(`SELECT CONCAT(phone, power_w) FROM area
    WHERE station_id = ${id} AND name = '二区'`) === '02012345678300000');
});

const ownArea = async (t) => {
  await ownStation(t);
  return sql(`SELECT MAX(id) FROM area WHERE station_id = ${station.id}`);
};

test('S3.2.2.04 name, telephone and power of an area are changed', async (t) => {
  await asAdmin(t);
  const id = await ownArea(t);
  await t.goto(`/console/area/${id}/edit`);
  await fill(t, { name: '改名区', phone: '02087654321', power_w: '310' });
  await saved(t);
  await until('saved', () => sql(`SELECT CONCAT(name, phone, power_w) FROM area
    WHERE id = ${id}`) === '改名区02087654321310000');
});

test('S3.2.2.06 a disabled area takes no pile and no tariff, and drivers see none of its piles', async (t) => {
  await asAdmin(t);
  const id = await ownArea(t);
  const name = sql(`SELECT name FROM area WHERE id = ${id}`);
  await t.goto('/console/pile/new');
  await pick(t, 'station_id', station.name);
  await pick(t, 'area_id', name);
  await fillPile(t, `9${mark}0000004`, 'B01');
  await saved(t);
  await until('the pile', () => sql(`SELECT COUNT(*) FROM pile WHERE
    area_id = ${id}`) === '1');
  await act(t, `/console/area/${id}`, '停用');
  await until('disabled', () =>
    sql(`SELECT status FROM area WHERE id = ${id}`) === '2');
  const driver = new Driver();
  await driver.signIn();
  const seen = await driver.call('GET', `/stations/${station.id}`);
  assert(seen.connectors.every((c) => !c.name.startsWith('B01')),
    'drivers see a pile of the area');
  await t.goto('/console/pile/new');
  await pick(t, 'station_id', station.name);
  await pick(t, 'area_id', name);
  await fillPile(t, `9${mark}0000002`, 'A02');
  await refused(t, /已停用，不能添加电桩/);
  await t.goto('/console/tariff/new');
  await pick(t, 'station_id', station.name);
  await pick(t, 'area_id', name);
  await fill(t, { name: '价' });
  await t.page.locator('label', { hasText: '统一计价' }).click();
  await fill(t, { all_elec: '1', all_service: '0.5' });
  await refused(t, /已停用，不能添加计费规则/);
});

test('S3.2.2.05 an enabled area is in use', async (t) => {
  await asAdmin(t);
  const id = await ownArea(t);
  if (sql(`SELECT status FROM area WHERE id = ${id}`) !== '2')
    await act(t, `/console/area/${id}`, '停用');
  await act(t, `/console/area/${id}`, '启用');
  await until('enabled', () =>
    sql(`SELECT status FROM area WHERE id = ${id}`) === '1');
});

test('S3.2.2.07 all of an area', async (t) => {
  await asAdmin(t);
  const id = await ownArea(t);
  await t.goto(`/console/area/${id}`);
  const text = await t.page.locator('main').innerText();
  for (const word of ['区域编号', '区域名称', '所属电站', '联系电话', '区域功率', '车位数量',
    '电桩数量', '电枪数量', '创建时间', '修改时间']) assert(text.includes(word), word);
});

/* ---- piles ------------------------------------------------------------- */

const somePile = () => {
  const [id, no, name, factory, area, place] = sql(`SELECT p.id, p.no, p.name,
    p.factory_no, a.name, s.name FROM pile p JOIN station s ON s.id = p.station_id
    JOIN area a ON a.id = p.area_id WHERE p.online = 1 ORDER BY p.id DESC
    LIMIT 1`).split('\t');
  return { id, no, name, factory, area, place };
};

test('S3.2.5.00 the list of piles with their stations', async (t) => {
  await asAdmin(t, '/console/pile');
  equal((await rows(t)).length, 20, 'piles');
  assert((await t.page.locator('main table thead').innerText())
    .includes('所属电站'), 'station');
});

test('S3.2.5.01 piles by station, area, code, maker code, name, speed and state', async (t) => {
  await asAdmin(t);
  const p = somePile();
  await all(t, 'pile', 'station_name', p.place);
  equal((await find(t, 'pile', 'area', p.area)).length, Math.min(20, Number(sql(
    `SELECT COUNT(*) FROM pile p JOIN area a ON a.id = p.area_id WHERE
    p.deleted_at IS NULL AND INSTR(a.name, '${p.area}') > 0`))), 'area');
  equal((await find(t, 'pile', 'q', p.no)).length, 1, 'code');
  equal((await find(t, 'pile', 'q', p.factory)).length, 1, 'maker code');
  assert((await find(t, 'pile', 'q', p.name)).every((row) =>
    row.includes(p.name)), 'name');
  const fast = Number(sql('SELECT COUNT(*) FROM pile WHERE speed = 3'));
  equal((await find(t, 'pile', 'speed', '超充')).length, Math.min(20, fast),
    'speed');
  equal((await tab(t, 'pile', '停用')).length, Number(sql(
    'SELECT COUNT(*) FROM pile WHERE status = 2 AND deleted_at IS NULL')), 'state');
});

test('S3.2.5.02 the conditions are taken back', async (t) => {
  await asAdmin(t);
  await reset(t, 'pile');
});

/* Sends a command and waits for the answer of the pile. */
async function command(t, word, event) {
  const p = somePile();
  const before = Number(sql(`SELECT COALESCE(MAX(id), 0) FROM pile_command
    WHERE pile_id = ${p.id}`));
  await asAdmin(t);
  await act(t, `/console/pile/${p.id}`, word);
  await until(`${word} is answered`, () => sql(`SELECT COUNT(*) FROM pile_command
    WHERE pile_id = ${p.id} AND id > ${before} AND state = 3`) !== '0', 40);
  assert(sql(`SELECT COUNT(*) FROM audit WHERE event = '${event}'
    AND object_id = ${p.id}`) !== '0', 'not audited');
  return p;
}

test('S3.2.5.09 the clock of a pile is set', async (t) => {
  await command(t, '同步时钟', 'pile.clock');
});

test('S3.2.5.10 the code that a pile shows is set', async (t) => {
  await command(t, '同步二维码', 'pile.qr');
});

test('S3.2.5.11 the newest tariff is sent to a pile', async (t) => {
  await command(t, '下发计费规则', 'pile.tariff');
});

test('S3.2.5.08 a pile is rebooted, and comes back', async (t) => {
  const loginOf = (id) => sql(`SELECT login_at FROM pile WHERE id = ${id}
    AND online = 1`);
  const before = loginOf(somePile().id);
  const p = await command(t, '重启', 'pile.reboot');
  /* It answers first and goes then: online is not yet back. */
  await until('back', () =>
    loginOf(p.id) !== '' && loginOf(p.id) !== before, 60);
});

test('S3.2.5.15 all of a pile', async (t) => {
  await asAdmin(t, `/console/pile/${somePile().id}`);
  const text = await t.page.locator('main').innerText();
  for (const word of ['桩编号', '站内名称', '所属电站', '区域', '出厂标识', '设备型号', '设备版本',
    '电枪数量', 'SIM 卡号', '运营性质', '占位收费', '预约充电', '输出电流', '额定功率', '输出电压',
    '充电类型', '充电速度', '安装方式', '防护等级', '通讯方式', '创建时间', '修改时间'])
    assert(text.includes(word), word);
});

test('S3.2.5.14 the newest state of a pile is asked for', async (t) => {
  await command(t, '刷新状态', 'pile.read');
});

/* A free gun, as the driver of the app sees it. */
const gunOf = async (d, qr) => (await d.call('GET', `/connectors/${qr}`));

test('S3.2.5.06 a disabled pile is 停用 for drivers and gets no guns', async (t) => {
  const d = new Driver();
  await d.signIn();
  const { qr_no } = await d.freeConnector();
  const id = sql(`SELECT pile_id FROM connector WHERE qr_no = '${qr_no}'`);
  await asAdmin(t);
  await act(t, `/console/pile/${id}`, '停用');
  await until('disabled', () =>
    sql(`SELECT status FROM pile WHERE id = ${id}`) === '2');
  try {
    const gun = JSON.stringify(await gunOf(d, qr_no));
    assert(gun.includes('"停用"'), gun);
    let code = 0;
    await d.topUp(10000);
    await d.start(qr_no).catch((error) => { code = error.code; });
    assert(code !== 0, 'a charge was started');
    const guns = Number(sql(`SELECT guns FROM pile WHERE id = ${id}`));
    await t.goto(`/console/pile/${id}/edit`);
    await fill(t, { guns: String(guns + 1) });
    await refused(t, /已停用，不能添加电枪/);
    equal(sql(`SELECT COUNT(*) FROM connector WHERE pile_id = ${id}`),
      String(guns), 'guns');
  } finally {
    sql(`UPDATE pile SET status = 1 WHERE id = ${id}`);
  }
});

test('S3.2.5.05 an enabled pile is in use', async (t) => {
  const d = new Driver();
  await d.signIn();
  await d.topUp(10000);
  const { qr_no } = await d.freeConnector();
  const id = sql(`SELECT pile_id FROM connector WHERE qr_no = '${qr_no}'`);
  sql(`UPDATE pile SET status = 2 WHERE id = ${id}`);
  await asAdmin(t);
  await act(t, `/console/pile/${id}`, '启用');
  await until('enabled', () =>
    sql(`SELECT status FROM pile WHERE id = ${id}`) === '1');
  const { order_no } = await d.start(qr_no);
  await d.orderIs(order_no, 'charging', 40);
  await d.call('POST', `/orders/${order_no}/stop`);
});

test('S3.2.5.16 what a pile charges, on its page', async (t) => {
  const p = somePile();
  const [tariff, version, mode] = sql(`SELECT t.name, v.version_no, t.mode
    FROM tariff t JOIN tariff_version v ON v.tariff_id = t.id
    JOIN pile p ON p.station_id = t.station_id
    WHERE p.id = ${p.id} AND t.status = 1 AND v.starts_at <= NOW()
      AND (t.area_id = p.area_id OR t.area_id IS NULL OR t.area_id = 0)
    ORDER BY t.area_id = p.area_id DESC, v.starts_at DESC LIMIT 1`).split('\t');
  await asAdmin(t, `/console/pile/${p.id}`);
  const card = t.page.locator('section.card', { hasText: '计费详情' });
  const text = await card.innerText();
  for (const word of [p.place, p.area, tariff, `第 ${version} 版`,
    mode === '1' ? '统一计价' : '峰平谷计价', '生效时间', '规则描述'])
    assert(text.includes(word), `${word} is missing`);
  const spans = await card.locator('tbody tr td:first-child').allInnerTexts();
  assert(spans[0].includes('00:00') && spans.at(-1).includes('24:00'), spans.join());
});

test('P120 a pile: what it is, its state, its prices', async (t) => {
  const p = somePile();
  await asAdmin(t, `/console/pile/${p.id}`);
  equal(await value(t, '桩编号'), p.no, 'code');
  await t.page.locator('.phead .pill').waitFor();
  const guns = await t.page.locator('section.card', { hasText: '枪口号' })
    .locator('tbody tr').allInnerTexts();
  equal(guns.length, Number(sql(`SELECT guns FROM pile WHERE id = ${p.id}`)), 'guns');
  assert(guns.every((row) => /空闲|充电中|占用|故障|离线/.test(row)), guns.join());
  const rows = await t.page.locator('section.card', { hasText: '计费详情' })
    .locator('tbody tr').allInnerTexts();
  assert(rows.length > 0 && rows.every((row) => /\d\.\d{4}/.test(row)), rows.join());
  equal(rows.filter((row) => row.includes('现在')).length, 1, 'the price now');
});

test('P122 code, power and factory code of a pile are changed', async (t) => {
  await asAdmin(t);
  await ownStation(t);
  const [no, other] = [`9${mark}0000008`, `9${mark}0000009`];
  await t.goto('/console/pile/new');
  await pick(t, 'station_id', station.name);
  await pick(t, 'area_id', '默认');
  await fillPile(t, no, 'A08');
  await saved(t);
  const id = await until('the pile', () =>
    sql(`SELECT id FROM pile WHERE no = '${no}'`));
  await t.goto(`/console/pile/${id}/edit`);
  await fill(t, { no: other, power_w: '90', factory_no: 'F-0009' });
  await saved(t);
  await until('changed', () => sql(`SELECT CONCAT(no, ' ', power_w, ' ',
    factory_no) FROM pile WHERE id = ${id}`) === `${other} 90000 F-0009`);
  await t.goto(`/console/pile/${id}`);
  equal(await value(t, '桩编号'), other, 'code');
  equal(await value(t, '出厂标识'), 'F-0009', 'factory code');
  assert((await value(t, '额定功率')).startsWith('90.0'), 'power');
});

test('P119 an export holds the columns that were chosen', async (t) => {
  await asAdmin(t, '/console/area');
  const box = t.page.locator('#columns input[name="show.phone"]');
  await t.page.locator('[data-menu=columns]').click();
  await box.uncheck();
  await t.page.locator('#columns button', { hasText: '应用' }).click();
  await t.page.waitForLoadState();
  await t.page.locator('[data-menu=exports]').click();
  const [file] = await Promise.all([t.page.waitForEvent('download'),
    t.page.locator('#exports button', { hasText: 'CSV' }).click()]);
  const text = await (await import('node:fs')).promises.readFile(
    await file.path(), 'utf8');
  const head = text.split('\n')[0];
  assert(head.includes('区域名称') && !head.includes('联系电话'), head);
  await t.page.locator('[data-menu=columns]').click();
  await Promise.all([t.page.waitForEvent('load'),
    t.page.locator('#columns button', { hasText: '恢复默认' }).click()]);
});

/* ---- connectors -------------------------------------------------------- */

test('S3.2.6.00 the list of connectors with their piles', async (t) => {
  await asAdmin(t, '/console/connector');
  equal((await rows(t)).length, 20, 'connectors');
  assert((await t.page.locator('main table thead').innerText())
    .includes('桩编号'), 'pile');
});

test('S3.2.6.01 connectors by station, area, pile, maker code and state', async (t) => {
  await asAdmin(t);
  const p = somePile();
  const at = sql(`SELECT station_id FROM pile WHERE id = ${p.id}`);
  await t.goto(`/console/connector?station=${at}`);
  assert((await rows(t)).every((row) => row.includes(p.place)), 'station');
  assert((await find(t, 'connector', 'area', p.area)).length > 0, 'area');
  const guns = Number(sql(`SELECT guns FROM pile WHERE id = ${p.id}`));
  equal((await find(t, 'connector', 'q', p.no)).length, guns, 'pile');
  equal((await find(t, 'connector', 'q', p.factory)).length, guns, 'maker code');
  assert((await tab(t, 'connector', '空闲')).every((row) => row.includes('空闲')),
    'state');
});

test('S3.2.6.02 the conditions are taken back', async (t) => {
  await asAdmin(t);
  await reset(t, 'connector');
});

const someGun = () => sql(`SELECT c.id FROM connector c JOIN connector_live l
  ON l.connector_id = c.id WHERE l.state = 2 AND c.status = 1
  ORDER BY c.id DESC LIMIT 1`);

test('S3.2.6.03 a connector is seen and edited', async (t) => {
  const id = someGun();
  await asAdmin(t, `/console/connector/${id}/edit`);
  await fill(t, { parking_no: `P${mark}` });
  await saved(t);
  await until('saved', () =>
    sql(`SELECT parking_no FROM connector WHERE id = ${id}`) === `P${mark}`);
  await t.goto(`/console/connector/${id}`);
  equal(await value(t, '车位'), `P${mark}`, 'parking place');
});

test('S3.2.6.04 S3.2.6.05 a disabled connector is out of use for drivers, an enabled one in use', async (t) => {
  const id = someGun();
  const qr = sql(`SELECT qr_no FROM connector WHERE id = ${id}`);
  const driver = new Driver();
  await asAdmin(t);
  await driver.signIn();
  await driver.topUp(10000);
  await act(t, `/console/connector/${id}`, '停用');
  await until('disabled', () =>
    sql(`SELECT status FROM connector WHERE id = ${id}`) === '2');
  const why = await driver.start(qr).then(() => '', (e) => e.message);
  assert(/停用/.test(why), `started, or refused for another reason: ${why}`);
  await act(t, `/console/connector/${id}`, '启用');
  await until('enabled', () =>
    sql(`SELECT status FROM connector WHERE id = ${id}`) === '1');
  const order = await driver.start(qr);
  assert(order.order_no, 'no order');
  await driver.orderIs(order.order_no, 'charging', 60);
  await driver.call('POST', `/orders/${order.order_no}/stop`);
});

/* ---- merchants --------------------------------------------------------- */

test('P064 merchants by name and kind, how many, and who manages them', async (t) => {
  await asAdmin(t);
  const [name, parent] = sql(`SELECT o.name, up.name FROM org o JOIN org up ON
    up.id = o.parent_id WHERE o.kind = 3 ORDER BY o.id LIMIT 1`).split('\t');
  const found = await find(t, 'org', 'q', name);
  assert(found.length > 0 && found[0].includes(parent), 'who manages it');
  await all(t, 'org', 'merchant_kind', '自营');
  await t.goto('/console/org');
  equal((await t.page.locator('.tabs a', { hasText: '商户' }).innerText())
    .replace(/\D/g, ''), sql('SELECT COUNT(*) FROM org WHERE kind = 3'), 'count');
});

const merchant = `新商户${mark}`;
async function ownMerchant(t) {
  const found = () => sql(`SELECT id FROM org WHERE name = '${merchant}'`);
  if (found()) return found();
  await t.goto('/console/org');
  await t.page.locator('.phead a', { hasText: '新增' }).click();
  await pick(t, 'parent_id', sql('SELECT name FROM org WHERE kind = 2 LIMIT 1'));
  await t.page.locator('form [name=merchant_kind]:visible').last()
    .selectOption({ label: '加盟' });
  await fill(t, { name: merchant, contact: '赵经理' });
  await saved(t);
  return until('the merchant', found);
}

test('P065 a merchant is added and edited', async (t) => {
  await asAdmin(t);
  const id = await ownMerchant(t);
  await t.goto(`/console/org/${id}/edit`);
  await fill(t, { contact: '钱经理' });
  await saved(t);
  await until('saved', () =>
    sql(`SELECT contact FROM org WHERE id = ${id}`) === '钱经理');
});

test('P066 P067 a disabled merchant cannot sign in, an activated one can', async (t) => {
  const id = sql("SELECT id FROM org WHERE name = '鹏程直营事业部'");
  await asAdmin(t);
  await act(t, `/console/org/${id}`, '停用');
  await until('disabled', () =>
    sql(`SELECT status FROM org WHERE id = ${id}`) === '2');
  await t.context.clearCookies();
  t.allow(/4\d\d/);
  forgetLimits();
  await t.goto('/login');
  await t.page.fill('#phone', env.MERCHANT2_LOGIN);
  await t.page.fill('#password', env.MERCHANT2_PASSWORD);
  await t.page.press('#password', 'Enter');
  await t.page.waitForLoadState();
  assert(!t.page.url().includes('/console'), 'signed in');
  await asAdmin(t);
  await act(t, `/console/org/${id}`, '启用');
  await until('enabled', () =>
    sql(`SELECT status FROM org WHERE id = ${id}`) === '1');
  await t.context.clearCookies();
  await t.signIn(env.MERCHANT2_LOGIN, env.MERCHANT2_PASSWORD);
});

/* ---- logs, drivers, home ----------------------------------------------- */

test('P242 the log by kind, by act and by word', async (t) => {
  await asAdmin(t);
  await all(t, 'audit', 'event', '登录');
  await all(t, 'audit', 'kind', '账号');
  await all(t, 'audit', 'text', '密码');
});

test('P244 sign-ins with their time, of one account', async (t) => {
  const name = sql('SELECT name FROM account ORDER BY id LIMIT 1');
  await asAdmin(t, `/console/audit?event=account.sign_in&actor=${name}`);
  const found = await rows(t);
  assert(found.length > 0 && found.every((row) =>
    row.includes(name) && /\d\d-\d\d \d\d:\d\d:\d\d/.test(row)), 'sign-ins');
});

test('X010 a driver: who they are, and what they paid and charged', async (t) => {
  const id = sql('SELECT driver_id FROM charge_order GROUP BY driver_id '
    + 'ORDER BY COUNT(*) DESC LIMIT 1');
  await asAdmin(t, `/console/driver/${id}`);
  for (const word of ['手机号', '称呼', '车牌', '注册时间'])
    assert(await t.page.locator('dt', { hasText: word }).count() > 0, word);
  for (const [label, table] of [['充值余额', 'payment'], ['充电订单', 'charge_order']]) {
    await t.goto(`/console/driver/${id}`);
    await t.page.locator('.hero > div', { hasText: label }).locator('a').click();
    await t.page.waitForURL(/driver=/);
    equal((await rows(t)).length, Math.min(20, Number(sql(
      `SELECT COUNT(*) FROM ${table} WHERE driver_id = ${id}`))), label);
  }
});

test('X007 a pile that is scrapped is deleted', async (t) => {
  await asAdmin(t);
  await ownStation(t);
  const no = `9${mark}0000003`;
  await t.goto('/console/pile/new');
  await pick(t, 'station_id', station.name);
  await pick(t, 'area_id', '默认');
  await fillPile(t, no, 'A03');
  await saved(t);
  const id = await until('the pile', () =>
    sql(`SELECT id FROM pile WHERE no = '${no}'`));
  await act(t, `/console/pile/${id}`, '删除');
  await t.page.waitForURL((url) => url.pathname === '/console/pile');
  await until('deleted', () => sql(`SELECT COUNT(*) FROM pile WHERE id = ${id}
    AND deleted_at IS NULL`) === '0');
  equal((await find(t, 'pile', 'q', no)).length, 0, 'still listed');
});

await run();
