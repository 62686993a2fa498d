/*
 * What all pages of the console share: toasts, dialogs, menus, search, keys,
 * preferences, and how the answers of htmx are shown. Everything is bound by
 * data attributes (listed in templates/README.md) and by htmx events, so that
 * swapped fragments work. Nothing here knows a page.
 *
 * The other scripts build on window.pilehub:
 *   onNew(selector, run)    run(el) once for each such element, now and later
 *   onClick(selector, run)  run(el, event) for a click inside; the first that
 *                           fits takes it, unless run returns false
 *   onKey(keys, run)        single keys outside of inputs; run(event) tells
 *                           whether it did something
 *   onEscape(run)           Esc when nothing is left to close; the same
 */
(function () {
  'use strict';

  const $ = (selector, from) => (from || document).querySelector(selector);
  const $$ = (selector, from) => [...(from || document).querySelectorAll(selector)];

  function make(tag, className, text) {
    const el = document.createElement(tag);
    if (className) el.className = className;
    if (text !== undefined) el.textContent = text;
    return el;
  }

  const sprite = () => {
    const use = $('.i use, .st use, .logo use');
    return use ? use.getAttribute('href').split('#')[0] : '/static/img/icons.svg';
  };

  function icon(name, className) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
    svg.setAttribute('class', className || 'i');
    svg.setAttribute('aria-hidden', 'true');
    use.setAttribute('href', sprite() + '#' + name);
    svg.append(use);
    return svg;
  }

  /* Preferences that the server must know to draw the page. */
  function remember(name, value) {
    document.cookie = name + '=' + value +
      ';path=/;max-age=31536000;samesite=lax' + (location.protocol === 'https:' ? ';secure' : '');
  }

  /* ---- who wants what ---------------------------------------------------- */

  const news = [], clicks = [], keys = new Map(), escapes = [];

  function prepare(scope) {
    news.forEach(({ selector, run, seen }) => {
      $$(selector, scope).concat(scope.matches(selector) ? [scope] : []).forEach((el) => {
        if (seen.has(el)) return;
        seen.add(el);
        run(el);
      });
    });
  }

  function onNew(selector, run) {
    news.push({ selector, run, seen: new WeakSet() });
    prepare(document.body);
  }
  const onClick = (selector, run) => { clicks.push({ selector, run }); };
  const onKey = (list, run) => list.split(' ').forEach((key) => keys.set(key, run));
  const onEscape = (run) => { escapes.push(run); };

  document.addEventListener('click', (e) => clicks.some(({ selector, run }) => {
    const el = e.target.closest(selector);
    return el && run(el, e) !== false;
  }));

  /* ---- toasts ------------------------------------------------------------ */

  const TOAST_MS = 4000;

  function arrange(box) {
    if (box.dataset.ready) return;
    const kind = box.dataset.kind || 'ok';
    const body = make('div', 'toast-text');
    const close = make('button', 'act');
    body.append(...box.childNodes);
    close.type = 'button';
    close.setAttribute('aria-label', '关闭提示');
    close.append(icon('x'));
    close.addEventListener('click', () => box.remove());
    box.append(icon('st-' + kind, 'toast-mark st-' + kind), body, close);
    box.dataset.ready = '1';
    if (kind === 'fault') box.setAttribute('role', 'alert');
    else setTimeout(() => box.remove(), TOAST_MS);
  }

  function toast(kind, text) {
    const box = make('div', 'toastx', text);
    box.dataset.kind = kind;
    $('#toasts').append(box);
    arrange(box);
  }

  onNew('.toastx', arrange);
  onClick('[data-dismiss]', (el) => el.closest('.toastx').remove());

  /* ---- dialogs and drawer ------------------------------------------------ */

  /* Open ones, the topmost last. Everything below the topmost is inert, which
     keeps focus inside without a trap. */
  const open = [];
  const scrim = make('div', 'scrim');
  scrim.hidden = true;
  scrim.addEventListener('click', () => closeTop());

  function below() {
    const shell = $('#shell');
    if (shell) shell.inert = open.length > 0;
    open.forEach((d, k) => { d.dialog.inert = k < open.length - 1; });
    scrim.hidden = open.length === 0;
    if (!open.length) return;
    const { dialog } = open[open.length - 1];
    scrim.classList.toggle('scrim-top', dialog.id !== 'drawer');
    dialog.before(scrim);
  }

  function openDialog(dialog) {
    const fresh = !dialog.open; /* show() takes whatever comes first */
    if (fresh) {
      open.push({ dialog, back: document.activeElement });
      dialog.show();
      below();
    }
    const first = $('[autofocus]:not([disabled])', dialog) ||
      $('.field.bad .in, input:not([type=hidden]), select, textarea', dialog) ||
      $('button, a[href]', dialog);
    if (first && (fresh || !dialog.contains(document.activeElement))) first.focus();
  }

  /* Who listens for "leave" may keep it open. */
  function closeDialog(dialog) {
    const k = open.findIndex((d) => d.dialog === dialog);
    if (k < 0) return;
    if (!dialog.dispatchEvent(new CustomEvent('leave', { cancelable: true, bubbles: true }))) return;
    const [{ back }] = open.splice(k, 1);
    dialog.close();
    if (dialog.id === 'drawer' || dialog.id === 'ask') dialog.replaceChildren();
    below();
    if (back && back.isConnected) back.focus();
  }

  function closeTop() {
    if (!open.length) return false;
    const { dialog } = open[open.length - 1];
    const safe = $('[data-close]', dialog);
    if (safe) safe.click(); else closeDialog(dialog);
    return true;
  }

  /* Asks with the words of the element; then is called with the answer yes. */
  function ask(words, then) {
    const dialog = $('#ask');
    const title = make('h2', '', words.confirm);
    const text = make('p', '', words.confirmText || '');
    const foot = make('footer');
    const no = make('button', 'btn', words.confirmNo || '取消');
    const yes = make('button', 'btn ' + ('danger' in words ? 'btn-danger' : 'btn-primary'),
      words.confirmYes || '继续');
    title.id = 'ask-title';
    text.id = 'ask-text';
    no.type = yes.type = 'button';
    no.dataset.close = '';
    no.setAttribute('autofocus', '');
    yes.addEventListener('click', () => { closeDialog(dialog); then(); });
    foot.append(no, yes);
    dialog.replaceChildren(title, text, foot);
    openDialog(dialog);
  }

  document.body.append(scrim);
  onClick('[data-dialog]', (el) => openDialog(document.getElementById(el.dataset.dialog)));
  onClick('[data-close]', (el, e) => {
    const dialog = el.closest('dialog');
    if (!dialog) return false;
    e.preventDefault();
    closeDialog(dialog);
    return true;
  });

  /* ---- menus ------------------------------------------------------------- */

  let menu = null; /* { button, list } of the open one */

  /* What it belongs to has moved away from below it. */
  document.addEventListener('scroll', (e) => {
    if (menu && menu.list.classList.contains('pop-fixed') && !menu.list.contains(e.target)) closeMenu(false);
  }, true);

  function closeMenu(refocus) {
    if (!menu) return false;
    menu.list.hidden = true;
    menu.button.setAttribute('aria-expanded', 'false');
    if (refocus) menu.button.focus();
    menu = null;
    return true;
  }

  function openMenu(button) {
    const list = document.getElementById(button.dataset.menu);
    const again = menu && menu.list === list;
    closeMenu(false);
    if (again || !list) return;
    list.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    menu = { button, list };
    place(button, list);
    const first = $('[role^=menuitem], a[href], button, input:not([type=hidden])', list);
    if (first) first.focus();
  }

  /* A menu inside something that scrolls is laid over the page instead. */
  function place(button, list) {
    if (!button.closest('.twrap')) return;
    const at = button.getBoundingClientRect();
    list.classList.add('pop-fixed');
    const up = at.bottom + list.offsetHeight + 8 > innerHeight;
    list.style.top = (up ? at.top - list.offsetHeight - 2 : at.bottom + 2) + 'px';
    list.style.left = Math.max(8, at.right - list.offsetWidth) + 'px';
  }

  function moveInMenu(step) {
    const items = $$('[role^=menuitem], a[href], button, input:not([type=hidden])', menu.list)
      .filter((el) => !el.disabled && el.getClientRects().length);
    if (!items.length) return;
    const at = items.indexOf(document.activeElement);
    items[(at + step + items.length) % items.length].focus();
  }

  document.addEventListener('click', (e) => {
    if (!menu || menu.button.contains(e.target)) return;
    if (!menu.list.contains(e.target) || e.target.closest('[role=menuitem]')) closeMenu(false);
  });
  onClick('[data-menu]', openMenu);

  /* ---- tabs -------------------------------------------------------------- */

  function chooseTab(tab) {
    $$('[role=tab]', tab.closest('[data-tabs]')).forEach((t) => {
      const on = t === tab, panel = document.getElementById(t.getAttribute('aria-controls'));
      t.setAttribute('aria-selected', String(on));
      t.classList.toggle('on', on);
      t.tabIndex = on ? 0 : -1;
      if (panel) panel.hidden = !on;
    });
    tab.focus();
  }

  function moveTab(tab, step) {
    const tabs = $$('[role=tab]', tab.closest('[data-tabs]'));
    chooseTab(tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length]);
  }

  onClick('[data-tabs] [role=tab]', (el, e) => { e.preventDefault(); chooseTab(el); });

  /* ---- search ------------------------------------------------------------ */

  let findTurn = 0;

  function found(entry) {
    const li = make('li', 'it');
    const a = make('a', '', entry.title);
    li.setAttribute('role', 'option');
    a.href = entry.path;
    a.tabIndex = -1;
    li.append(a, make('span', 'muted fs12 ms-auto', entry.kind));
    return li;
  }

  async function find(input) {
    const turn = ++findTurn, q = input.value.trim().toLowerCase(), list = $('#finder-list');
    const menus = $$('.menu a').map((a) => ({ title: $('span', a).textContent, path: a.getAttribute('href'), kind: '菜单' }))
      .filter((m) => !q || m.title.toLowerCase().includes(q)).slice(0, 8);
    const show = (more) => {
      list.replaceChildren(...menus.concat(more).map(found));
      if (!list.firstChild) list.append(make('li', 'hd', '没有符合「' + input.value.trim() + '」的菜单、订单或电桩'));
      else list.firstChild.setAttribute('aria-selected', 'true');
    };
    show([]);
    if (q.length < 2 || !input.dataset.url) return;
    try {
      const answer = await fetch(input.dataset.url + '?q=' + encodeURIComponent(input.value.trim()),
        { headers: { Accept: 'application/json' } });
      if (answer.ok && turn === findTurn) show(await answer.json());
    } catch (e) { /* the menus stay */ }
  }

  function moveFound(step) {
    const all = $$('#finder-list [role=option]');
    if (!all.length) return;
    const at = all.findIndex((li) => li.getAttribute('aria-selected') === 'true');
    if (at >= 0) all[at].setAttribute('aria-selected', 'false');
    const next = all[(at + step + all.length) % all.length];
    next.setAttribute('aria-selected', 'true');
    next.scrollIntoView({ block: 'nearest' });
  }

  document.addEventListener('input', (e) => { if (e.target.closest('#finder')) find(e.target); });

  /* ---- acts -------------------------------------------------------------- */

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch (e) { /* plain http: no clipboard interface */
      const area = make('textarea', 'sr', text);
      document.body.append(area);
      area.select();
      const done = document.execCommand('copy');
      area.remove();
      if (!done) { toast('fault', '没能复制，选中文字后按 Ctrl C。'); return; }
    }
    toast('ok', '已复制。');
  }

  /* A window too narrow for the words of the menu folds it, unasked. */
  const narrow = matchMedia('(max-width: 900px)');
  const foldNarrow = () => {
    const shell = $('#shell');
    if (!shell) return;
    shell.classList.toggle('fold', narrow.matches || document.cookie.includes('fold=1'));
  };
  narrow.addEventListener('change', foldNarrow);
  foldNarrow();

  /* Who never chose a theme gets that of the system. */
  if (!/(^|; )theme=/.test(document.cookie) && matchMedia('(prefers-color-scheme: dark)').matches) {
    document.documentElement.setAttribute('data-bs-theme', 'dark');
    remember('theme', 'dark');
  }

  const acts = {
    theme() {
      const root = document.documentElement;
      const theme = root.getAttribute('data-bs-theme') === 'dark' ? 'light' : 'dark';
      root.setAttribute('data-bs-theme', theme);
      remember('theme', theme);
      document.dispatchEvent(new CustomEvent('themechange'));
    },
    fold() {
      const folded = $('#shell').classList.toggle('fold');
      if (!narrow.matches) remember('fold', folded ? '1' : '0');
      dispatchEvent(new Event('resize'));
    },
    keys() { openDialog($('#keys')); },
    find() {
      const dialog = $('#finder');
      if (!dialog) return;
      openDialog(dialog);
      $('input', dialog).select();
      find($('input', dialog));
    },
    print() { window.print(); },
    reload() { location.reload(); },
    back() { history.back(); },
  };

  onClick('[data-act]', (el) => (acts[el.dataset.act] ? acts[el.dataset.act]() : false));
  onClick('[data-copy]', (el) => { copy(el.dataset.copy); });
  onClick('[data-group]', (el) => {
    const folded = $('#shell').classList.contains('fold');
    if (folded) acts.fold();
    el.setAttribute('aria-expanded', String(el.classList.toggle('open', folded || undefined)));
  });
  onClick('[data-toggle]', (el) => {
    const what = document.getElementById(el.dataset.toggle);
    what.hidden = !what.hidden;
    el.setAttribute('aria-expanded', String(!what.hidden));
  });
  /* Back to the list as it was left, if that is where one came from. */
  onClick('[data-back]', (el, e) => {
    if (!document.referrer.startsWith(location.origin + new URL(el.href).pathname)) return false;
    e.preventDefault();
    history.back();
    return true;
  });

  /* ---- keys -------------------------------------------------------------- */

  const GO_MS = 1500; /* between g and the letter of the place */
  const PLACES = { h: '/console/', w: '/console/wall', o: '/console/order', p: '/console/pile' };
  const singleKeys = () => localStorage.getItem('keys') !== 'off';
  let goUntil = 0;

  function press(key) {
    const el = $('[data-key="' + key + '"]') ||
      (key === '/' && $('.filters input:not([type=hidden]), .filters select'));
    if (!el) return false;
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(el.tagName)) el.focus(); else el.click();
    return true;
  }

  onKey('g', () => { goUntil = Date.now() + GO_MS; return true; });
  onKey('[', () => { acts.fold(); return true; });
  onKey('r', () => { acts.reload(); return true; });
  onKey('?', () => { acts.keys(); return true; });
  onKey('/ n e', (e) => press(e.key));

  /* Ctrl with a letter, whatever has the focus. */
  function withControl(e) {
    const key = e.key.toLowerCase();
    if (key === 'k') {
      acts.find();
    } else if (key === 's') {
      const form = $('dialog[open] form') || $('form[data-guard]');
      if (!form) return;
      form.requestSubmit();
    } else {
      return;
    }
    e.preventDefault();
  }

  /* Arrows and Enter inside of what is open; whether the key was for it. */
  function inside(e) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key], side = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (menu && step) moveInMenu(step);
    else if (side && e.target.matches('[role=tab]')) moveTab(e.target, side);
    else if (step && e.target.closest('#finder')) moveFound(step);
    else if (e.key === 'Enter' && e.target.closest('#finder')) {
      const found = $('#finder-list [aria-selected=true] a');
      if (found) found.click();
    } else return false;
    e.preventDefault();
    return true;
  }

  document.addEventListener('keydown', (e) => {
    if (e.isComposing || e.altKey) return;
    if (e.ctrlKey || e.metaKey) { withControl(e); return; }
    if (e.key === 'Escape') {
      if (closeMenu(true) || closeTop() || escapes.some((run) => run())) e.preventDefault();
      return;
    }
    if (inside(e) || menu || open.length || !singleKeys()) return;
    if (e.target.closest('input:not([type=checkbox]):not([type=radio]), select, textarea')) return;
    if (Date.now() < goUntil && PLACES[e.key]) { location.href = PLACES[e.key]; return; }
    const run = keys.get(e.key);
    if (run && run(e)) e.preventDefault();
  });

  onNew('[data-act="keys-on"]', (el) => {
    el.checked = singleKeys();
    el.addEventListener('change', () => localStorage.setItem('keys', el.checked ? 'on' : 'off'));
  });
  onNew('[data-focus]', (el) => el.focus());

  /* ---- htmx -------------------------------------------------------------- */

  const WAIT_MS = 300; /* before anything says that one waits */
  const on = (name, run) => document.body.addEventListener(name, run);
  const isPoll = (e) => e.detail.requestConfig && e.detail.requestConfig.headers['X-Poll'];

  on('htmx:load', (e) => prepare(e.detail.elt));
  on('htmx:oobAfterSwap', () => prepare(document.body));
  on('htmx:confirm', (e) => {
    if (!e.target.dataset || !e.target.dataset.confirm) return;
    e.preventDefault();
    ask(e.target.dataset, () => e.detail.issueRequest(true));
  });
  on('htmx:beforeRequest', (e) => {
    const { target } = e.detail;
    if (isPoll(e) || !target.querySelector('.t')) return;
    target.waiting = setTimeout(() => target.setAttribute('aria-busy', 'true'), WAIT_MS);
  });
  on('htmx:afterRequest', (e) => {
    clearTimeout(e.detail.target.waiting);
    e.detail.target.removeAttribute('aria-busy');
  });
  /* An empty answer closes what it was for. */
  on('htmx:afterSwap', (e) => {
    const { target } = e.detail;
    if (menu && menu.list === target) { place(menu.button, menu.list); moveInMenu(1); }
    if (target.id !== 'drawer' && target.id !== 'ask') return;
    if (target.textContent.trim() === '') closeDialog(target); else openDialog(target);
  });
  on('htmx:sendError', (e) => { if (!isPoll(e)) toast('fault', '网络中断，操作没有送达。检查网络后重试。'); });
  on('htmx:timeout', (e) => { if (!isPoll(e)) toast('fault', '服务器没有及时应答，操作可能已经生效，刷新后确认。'); });
  on('htmx:responseError', (e) => {
    const { status, responseText } = e.detail.xhr;
    if (status === 401) {
      location.href = '/login?next=' + encodeURIComponent(location.pathname + location.search);
      return;
    }
    if (isPoll(e) || e.detail.xhr.getResponseHeader('HX-Trigger')) return; // it brought its own words
    const page = new DOMParser().parseFromString(responseText, 'text/html');
    const words = ['h1', '.blank p', '.code'].map((s) => (page.querySelector(s) || {}).textContent || '').filter(Boolean);
    toast('fault', words.join(' ') || '没能完成（' + status + '）。');
  });
  on('toast', (e) => toast(e.detail.kind || 'ok', e.detail.text || e.detail.value));

  window.pilehub = { $, $$, make, icon, toast, ask, remember, openMenu, closeDialog, onNew, onClick, onKey, onEscape };
}());
