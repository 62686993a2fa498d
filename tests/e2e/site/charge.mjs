/* The first charge, end to end: a pile, a driver's phone, and the console. */
import { test, run, assert, equal, until, env } from './harness.mjs';
import { Driver } from './driver.mjs';

async function charging() {
  const driver = new Driver();
  await driver.signIn();
  await driver.topUp(10000);
  const connector = await driver.freeConnector();
  const order = await driver.start(connector.qr_no);
  await driver.orderIs(order.order_no, 'charging', 40);
  await until('energy flows', async () =>
    (await driver.order(order.order_no)).energy_e4kwh > 0, 60);
  return { driver, connector, order };
}

let first;

test('a driver starts a charge and sees energy flow', async () => {
  first = await charging();
  const now = await first.driver.order(first.order.order_no);
  assert(now.live.power_w > 0, 'no power');
  assert(now.cost_fen >= 0, 'no cost');
  equal(now.hold_fen, 5000, 'reserved');
});

test('the console shows it live and refreshes by itself', async (t) => {
  await t.signIn(env.ADMIN_LOGIN, env.ADMIN_PASSWORD);
  await t.goto(`/console/wall?q=${first.connector.pile_no}`);
  const card = t.page.locator('.gun', { has: t.page.locator('.soc') }).first();
  await card.waitFor();
  const before = await card.innerText();
  await until('figures change', async () =>
    (await card.innerText()) !== before, 30);
  await t.shot('charge-wall');
  await card.locator('[data-open]').first().click();
  await t.page.locator('#drawer', { hasText: first.order.order_no }).waitFor();
  await t.shot('charge-drawer');
  await t.fits();
});

test('an operator stops it, and the bill is settled', async (t) => {
  await t.signIn(env.ADMIN_LOGIN, env.ADMIN_PASSWORD);
  await t.goto(`/console/wall?q=${first.connector.pile_no}`);
  await t.page.locator('.gun button.stop').first().click();
  const ask = t.page.locator('#ask');
  await ask.locator('form').waitFor();
  await t.shot('charge-stop');
  await ask.locator('button[type=submit], button.btn-danger').last().click();
  const settled = await first.driver.orderIs(first.order.order_no, 'settled',
    60);
  equal(settled.stop_by, 'console', 'stopped by');
  equal(settled.cost_fen, settled.elec_fen + settled.service_fen, 'total');
  equal(settled.bill.reduce((sum, b) => sum + b.elec_fen + b.service_fen, 0),
    settled.cost_fen, 'parts');
  const wallet = await first.driver.call('GET', '/wallet');
  equal(wallet.held_fen, 0, 'still reserved');
  equal(wallet.available_fen, 10000 - settled.cost_fen, 'left');
});

test('the order page shows the bill, curves, postings and frames', async (t) => {
  const id = t.sql('SELECT id FROM charge_order WHERE order_no = '
    + `'${first.order.order_no}'`);
  await t.signIn(env.ADMIN_LOGIN, env.ADMIN_PASSWORD);
  await t.goto(`/console/order/${id}`);
  await t.page.getByText(first.order.order_no).first().waitFor();
  await t.shot('order');
  const tabs = await t.page.$$eval('.tabs a',
    (links) => links.map((a) => [a.innerText.trim(), a.href]));
  equal(tabs.length, 4, 'tabs');
  for (const [title, href] of tabs) {
    const answer = await t.page.goto(href);
    equal(answer.status(), 200, title);
    await t.fits();
    await t.shot(`order-tab-${tabs.findIndex((tab) => tab[1] === href)}`);
  }
  const text = await t.page.content();
  assert(!/\bNaN\b|undefined/.test(text), 'NaN or undefined');
});

test('another organisation does not find the order', async (t) => {
  t.allow(/404/);
  const [id, provider] = t.sql('SELECT id, provider_id FROM charge_order '
    + `WHERE order_no = '${first.order.order_no}'`).split('\t');
  const other = t.sql(`SELECT provider_id FROM org o JOIN account a ON
    a.org_id = o.id WHERE a.phone = '${env.PROVIDER_LOGIN}'`) === provider
    ? 'PROVIDER2' : 'PROVIDER';
  await t.signIn(env[`${other}_LOGIN`], env[`${other}_PASSWORD`]);
  const answer = await t.goto(`/console/order/${id}`);
  equal(answer.status(), 404, 'status');
  await t.goto(`/console/order?q=${first.order.order_no}`);
  equal(await t.page.locator(`a[href="/console/order/${id}"]`).count(), 0,
    'listed');
});

test('the driver stops by phone; the same start twice is one order', async () => {
  const driver = new Driver();
  await driver.signIn();
  await driver.topUp(5000);
  const connector = await driver.freeConnector();
  const key = '3f0f6f0e-0d2f-4a51-9d53-' + String(Date.now()).slice(-12);
  const [one, two] = await Promise.all([
    driver.start(connector.qr_no, 3000, key),
    driver.start(connector.qr_no, 3000, key)]);
  equal(one.order_no, two.order_no, 'orders');
  await driver.orderIs(one.order_no, 'charging', 40);
  await driver.call('POST', `/orders/${one.order_no}/stop`, {});
  const settled = await driver.orderIs(one.order_no, 'settled', 60);
  equal(settled.stop_by, 'driver', 'stopped by');
});

test('without money nothing starts', async () => {
  const driver = new Driver();
  await driver.signIn();
  const connector = await driver.freeConnector();
  let refused;
  await driver.start(connector.qr_no).catch((error) => { refused = error; });
  equal(refused && refused.code, 40902, 'code');
  const { orders } = await driver.call('GET', '/orders/current');
  equal(orders.length, 0, 'orders');
});

await run();
