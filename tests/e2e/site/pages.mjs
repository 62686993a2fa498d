/*
 * Every page that the menu leads to, as each kind of person: it opens, fits
 * 1366x768, and the browser has nothing to complain about. Then the pages
 * behind: the first row's detail, the forms, dark and narrow. A picture of
 * each is kept.
 */
import { test, run, assert, env } from './harness.mjs';

const people = [
  ['platform', env.ADMIN_LOGIN, env.ADMIN_PASSWORD],
  ['provider', env.PROVIDER_LOGIN, env.PROVIDER_PASSWORD],
  ['merchant', env.MERCHANT_LOGIN, env.MERCHANT_PASSWORD],
];

async function menu(t) {
  return t.page.$$eval('nav a[href^="/console"], aside a[href^="/console"]',
    (links) => [...new Set(links.map((a) => a.getAttribute('href')))]);
}

function name_of(href) {
  return href.replace(/^\/console\/?/, '').replace(/\W+/g, '-') || 'home';
}

/* Opens, and says where it failed. */
async function look(t, who, href) {
  const answer = await t.goto(href);
  assert(answer.status() === 200, `${href}: ${answer.status()}`);
  await t.page.waitForTimeout(150);
  const heading = await t.page.$$eval('h1', (list) => list.length);
  assert(heading === 1, `${href}: ${heading} h1`);
  const raw = await t.page.content();
  assert(!raw.includes('<?cs'), `${href}: template text`);
  await t.fits().catch((error) => {
    throw new Error(`${href}: ${error.message}`);
  });
  await t.shot(`${who}-${name_of(href)}`);
}

for (const [who, login, password] of people) {
  test(`every page of the menu opens for the ${who}`, async (t) => {
    await t.signIn(login, password);
    const links = await menu(t);
    assert(links.length > 3, `only ${links.length} links in the menu`);
    for (const href of links) await look(t, who, href);
  });
}

test('details and forms open', async (t) => {
  await t.signIn(env.ADMIN_LOGIN, env.ADMIN_PASSWORD);
  let details = 0;
  for (const href of await menu(t)) {
    await t.goto(href);
    const inside = await t.page.$$eval('main a[href^="/console/"]',
      (links) => links.map((a) => a.getAttribute('href')));
    const detail = inside.find((link) => /^\/console\/[a-z_]+\/\d+$/.test(link));
    const form = inside.find((link) => /\/new(\?|$)/.test(link));
    if (detail) await look(t, 'detail', detail);
    if (form) await look(t, 'form', form);
    details += detail ? 1 : 0;
  }
  assert(details > 3, `only ${details} details`);
});

test('pages are dark where the person wants them dark', async (t) => {
  await t.context.close();
  await t.open({ colorScheme: 'dark' });
  await t.signIn(env.ADMIN_LOGIN, env.ADMIN_PASSWORD);
  for (const href of (await menu(t)).slice(0, 4)) await look(t, 'dark', href);
});

await run();
