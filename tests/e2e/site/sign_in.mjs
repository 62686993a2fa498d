/* Signing in and out, and what a stranger sees. */
import { test, run, assert, equal, env } from './harness.mjs';

test('a stranger is sent to the sign-in page', async (t) => {
  await t.goto('/console/pile');
  equal(new URL(t.page.url()).pathname, '/login', 'path');
  await t.fits();
  await t.shot('login');
});

test('a wrong password says so and does not sign in', async (t) => {
  t.allow(/4[0-9][0-9]/);
  await t.goto('/login');
  await t.page.fill('[name=phone]', env.MERCHANT2_LOGIN);
  await t.page.fill('[name=password]', 'Wrong-password-1');
  await t.page.press('[name=password]', 'Enter');
  await t.page.waitForLoadState();
  assert(await t.page.getByText(/手机号或密码/).first().isVisible(),
    'no message');
  const cookies = await t.context.cookies();
  await t.goto('/console');
  equal(new URL(t.page.url()).pathname, '/login', 'path');
  assert(cookies.every((c) => c.httpOnly || c.name.startsWith('theme')),
    'a cookie that scripts can read');
});

test('the administrator signs in, and out again', async (t) => {
  await t.signIn(env.ADMIN_LOGIN, env.ADMIN_PASSWORD);
  await t.fits();
  await t.shot('home');
  const cookie = (await t.context.cookies()).find((c) => c.httpOnly);
  equal(cookie.sameSite, 'Lax', 'SameSite');
  await t.page.evaluate(() => {
    document.querySelector('form[action="/logout"]').requestSubmit();
  });
  await t.page.waitForURL(/\/login/);
  await t.goto('/console');
  equal(new URL(t.page.url()).pathname, '/login', 'path');
});

test('an old session cookie is worth nothing after signing out', async (t) => {
  await t.signIn(env.PROVIDER_LOGIN, env.PROVIDER_PASSWORD);
  const cookies = await t.context.cookies();
  await t.page.evaluate(() => {
    document.querySelector('form[action="/logout"]').requestSubmit();
  });
  await t.page.waitForURL(/\/login/);
  await t.context.addCookies(cookies);
  await t.goto('/console');
  equal(new URL(t.page.url()).pathname, '/login', 'path');
});

await run();
