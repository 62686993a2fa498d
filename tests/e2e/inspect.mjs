/*
 * What every page must hold, asked of a page in the browser: run with
 * tab.evaluate(inspect), gives a list of what is wrong.
 */
export function inspect() {
  const found = [];
  const say = (what, el) => found.push(
    what + (el ? ': ' + el.outerHTML.slice(0, 100).replace(/\s+/g, ' ') : ''));
  const visible = (el) => el.getClientRects().length > 0 &&
    getComputedStyle(el).visibility !== 'hidden';
  const all = (selector) => [...document.querySelectorAll(selector)];

  /* ---- structure ------------------------------------------------------ */

  if (document.documentElement.lang !== 'zh-CN') say('language is not zh-CN');
  const heads = all('h1').filter(visible).length;
  if (heads !== 1) say(heads + ' h1 on the page');
  if (all('main').length !== 1) say('not one main');
  const ids = new Map();
  all('[id]').forEach((el) => ids.set(el.id, (ids.get(el.id) || 0) + 1));
  ids.forEach((n, id) => { if (n > 1) say('id ' + id + ' stands ' + n + ' times'); });
  if (/\bundefined\b|\bNaN\b|\bnull\b|<\?cs/.test(document.body.innerText)) {
    say('undefined, NaN, null or template code is shown');
  }

  /* ---- names ---------------------------------------------------------- */

  const textOf = (id) => (document.getElementById(id) || {}).textContent;
  const nameOf = (el) => (el.getAttribute('aria-label') ||
    textOf(el.getAttribute('aria-labelledby')) ||
    (el.labels && el.labels.length && el.labels[0].textContent) ||
    el.textContent || el.title || el.alt || '').trim();
  all('a[href], button, input:not([type=hidden]), select, textarea, [role=button], img')
    .filter(visible).forEach((el) => { if (!nameOf(el)) say('no name', el); });
  const target = (el, id) => {
    if (id && !el.closest('dialog:not([open])') && !document.getElementById(id)) say('points at nothing (' + id + ')', el);
  };
  all('label[for]').forEach((el) => target(el, el.htmlFor));
  for (const attribute of ['aria-describedby', 'aria-controls', 'aria-labelledby', 'data-menu', 'data-source']) {
    all('[' + attribute + ']').forEach((el) => {
      el.getAttribute(attribute).split(' ').forEach((id) => target(el, id));
    });
  }
  for (const attribute of ['hx-target', 'href']) {
    all('[' + attribute + '^="#"]').forEach((el) => target(el, el.getAttribute(attribute).slice(1)));
  }

  /* ---- room ----------------------------------------------------------- */

  const main = document.querySelector('main');
  if (document.documentElement.scrollWidth > innerWidth) say('the window scrolls sideways');
  if (main && main.scrollWidth > main.clientWidth + 1) say('main scrolls sideways');
  all('.btn, .pill, .tag, .tabs a, .seg > *, h1, h2, .kpi .v, .kpi .l, .figs dd, .st').filter(visible).forEach((el) => {
    const own = getComputedStyle(el), card = el.closest('.card, .gun, .drawer, .pop');
    if (el.scrollWidth > el.clientWidth + 1 && own.overflow !== 'hidden' && own.display !== 'inline') {
      say('text runs out', el);
    }
    if (card && !el.closest('.twrap, .frames, .decw') &&
        el.getBoundingClientRect().right > card.getBoundingClientRect().right + 1) {
      say('leaves its card', el);
    }
  });

  /* ---- contrast ------------------------------------------------------- */

  const colour = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const mix = (top, under, k) => top[k] * top.a + under[k] * (1 - top.a);
  const over = (top, under) => ({ r: mix(top, under, 'r'), g: mix(top, under, 'g'), b: mix(top, under, 'b'), a: 1 });
  const light = (c) => [c.r, c.g, c.b].map((v) => v / 255)
    .map((v) => (v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4))
    .reduce((sum, v, k) => sum + v * [.2126, .7152, .0722][k], 0);
  const ground = (el) => {
    const layers = [];
    for (let e = el; e; e = e.parentElement) {
      const c = colour(getComputedStyle(e).backgroundColor);
      if (c.a > 0) layers.push(c);
      if (c.a === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), { r: 255, g: 255, b: 255, a: 1 });
  };
  const told = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const el = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !visible(el)) continue;
    if (el.closest('svg, script, .leaflet-container, :disabled, option, pre, .stop')) continue;
    const own = getComputedStyle(el), size = parseFloat(own.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(own.fontWeight) >= 600);
    const under = ground(el), ink = over(colour(own.color), under);
    const [a, b] = [light(ink), light(under)].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05), key = own.color + JSON.stringify(under) + large;
    if (ratio >= (large ? 3 : 4.5) || told.has(key)) continue;
    told.add(key);
    say('contrast ' + ratio.toFixed(2), el);
  }
  return found;
}
