/*
 * Behaviour of every page of the console. Bound by data attributes (listed in
 * templates/README.md) and by htmx events, so that swapped fragments work.
 * Nothing here knows a page.
 */
(function () {
  'use strict';

  const root = document.documentElement;
  const $ = (selector, from) => (from || document).querySelector(selector);
  const $$ = (selector, from) => [...(from || document).querySelectorAll(selector)];
  const sprite = () => {
    const use = $('.i use, .st use');
    return use ? use.getAttribute('href').split('#')[0] : '/static/img/icons.svg';
  };

  function make(tag, className, text) {
    const el = document.createElement(tag);
    if (className) el.className = className;
    if (text !== undefined) el.textContent = text;
    return el;
  }

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

  /* ---- toasts ---------------------------------------------------------- */

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

  /* ---- dialogs and drawer ---------------------------------------------- */

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
    if (!dialog.open) {
      open.push({ dialog, back: document.activeElement });
      dialog.show();
      below();
    }
    const first = $('[autofocus]:not([disabled])', dialog) ||
      $('.field.bad .in, input:not([type=hidden]), select, textarea', dialog) ||
      $('button, a[href]', dialog);
    if (first && !dialog.contains(document.activeElement)) first.focus();
  }

  function closeDialog(dialog) {
    const k = open.findIndex((d) => d.dialog === dialog);
    if (k < 0) return;
    if (dialog.id === 'drawer' && !mayLeave(dialog)) return;
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

  /* ---- menus ----------------------------------------------------------- */

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
    const first = $('[role^=menuitem], a[href], button, input', list);
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
    const items = $$('[role^=menuitem], a[href], button, input', menu.list)
      .filter((el) => !el.disabled && el.getClientRects().length);
    if (!items.length) return;
    const at = items.indexOf(document.activeElement);
    items[(at + step + items.length) % items.length].focus();
  }

  /* ---- forms ----------------------------------------------------------- */

  const values = (form) => new URLSearchParams(
    [...new FormData(form)].filter(([name, v]) => typeof v === 'string' && name !== '_form')).toString();
  const guards = () => $$('form[data-guard]').filter((form) => form.guarded !== undefined);
  const changed = (form) => values(form) !== form.guarded;

  function mayLeave(scope) {
    const dirty = guards().find((form) => scope.contains(form) && changed(form));
    if (!dirty) return true;
    ask({ confirm: '放弃未保存的修改？', confirmText: '关闭后，这次填写的内容不会保留。',
      confirmYes: '放弃修改', confirmNo: '继续填写', danger: '' }, () => {
      dirty.guarded = values(dirty);
      closeDialog(scope);
    });
    return false;
  }

  function guard(form) {
    form.guarded = values(form);
    const show = () => $$('[data-dirty]', form).forEach((el) => { el.hidden = !changed(form); });
    form.addEventListener('input', show);
    form.addEventListener('change', show);
    form.addEventListener('submit', () => { form.guarded = undefined; });
  }

  /* The button keeps its width and says that it works. */
  function busy(form, on) {
    $$('button[type=submit], button:not([type])', form).forEach((b) => {
      if (on) {
        if (b.word) return;
        b.word = [...b.childNodes];
        b.style.minWidth = b.offsetWidth + 'px';
        b.textContent = form.dataset.once || '保存中…';
        b.disabled = true;
      } else if (b.word) {
        b.replaceChildren(...b.word);
        b.word = null;
        b.disabled = false;
      }
    });
  }

  function tick(button) {
    let left = Number(button.dataset.tick);
    const word = button.textContent;
    const show = () => {
      if (!button.isConnected) return;
      button.disabled = left > 0;
      button.textContent = left > 0 ? button.dataset.ticking.replace('%s', left) : word;
      if (left-- > 0) setTimeout(show, 1000);
    };
    show();
  }

  /* What can be seen without the server is said when a field is left; what is
     typed next takes it back. The server's word is final. */
  const wrongOf = (el) => {
    const value = el.value.trim();
    if (el.required && !value) return '不能为空。';
    if (el.inputMode === 'decimal' && value && !/^-?\d+(\.\d*)?$/.test(value.replace(/,/g, ''))) return '应为数字。';
    return '';
  };

  function check(el) {
    const field = el.closest('form[novalidate] .field'), text = field && wrongOf(el);
    if (!field || (field.classList.contains('bad') && !field.ours)) return;
    const id = (el.id || el.name) + '-err', old = document.getElementById(id);
    field.ours = !!text;
    field.classList.toggle('bad', !!text);
    el.toggleAttribute('aria-invalid', !!text);
    if (old) old.remove();
    if (!text) { el.removeAttribute('aria-describedby'); return; }
    const err = make('div', 'err');
    err.id = id;
    err.append(icon('st-fault', 'st-fault'), text);
    el.setAttribute('aria-describedby', id);
    field.append(err);
  }
  document.addEventListener('focusout', (e) => {
    const el = e.target;
    if (!el.matches('.field .in') || el.closest('.picker') || el.readOnly) return;
    /* Leaving by the mouse to a button must not move it away. */
    if (e.relatedTarget && e.relatedTarget.closest('button, a')) return;
    if (el.value.trim() || el.closest('form.touched')) check(el);
  });
  document.addEventListener('input', (e) => {
    const field = e.target.closest('.field');
    const form = e.target.closest('form[novalidate]');
    if (form) form.classList.add('touched');
    if (field && field.ours && !wrongOf(e.target)) check(e.target);
  });

  function submitOf(el) {
    const form = el.closest('form');
    if (form) form.requestSubmit();
  }

  /* ---- reference picker ------------------------------------------------- */

  const PICK_WAIT_MS = 200;

  function picker(box) {
    const hidden = $('input[type=hidden]', box);
    const text = $('.in', box);
    const many = 'many' in box.dataset;
    const list = make('ul', 'pop picker-list');
    let wait = 0, asked = 0, shown = text.value, at = -1;

    list.id = 'pick-' + (hidden.name || 'x') + '-' + Math.random().toString(36).slice(2, 7);
    list.hidden = true;
    list.setAttribute('role', 'listbox');
    text.setAttribute('role', 'combobox');
    text.setAttribute('aria-autocomplete', 'list');
    text.setAttribute('aria-expanded', 'false');
    text.setAttribute('aria-controls', list.id);
    text.autocomplete = 'off';
    box.append(list);
    box.classList.add('ready');

    const clear = make('button', 'act picker-x');
    clear.type = 'button';
    clear.setAttribute('aria-label', '清除');
    clear.append(icon('x'));
    clear.addEventListener('click', () => { set('', ''); text.focus(); });
    box.append(clear);
    const mark = () => { clear.hidden = many || !hidden.value || text.readOnly; };

    function hide() {
      list.hidden = true;
      text.setAttribute('aria-expanded', 'false');
      text.removeAttribute('aria-activedescendant');
      at = -1;
    }

    function set(id, word) {
      if (many) {
        if (id) addOne(id, word);
        text.value = '';
      } else {
        hidden.value = id;
        text.value = shown = word;
      }
      hide();
      mark();
      hidden.dispatchEvent(new Event('change', { bubbles: true }));
      if ('submit' in box.dataset) submitOf(box);
    }

    /* Several: the hidden input holds "1,2,3", each shown as a chip. */
    function addOne(id, word) {
      const ids = hidden.value ? hidden.value.split(',') : [];
      if (ids.includes(id)) return;
      hidden.value = ids.concat(id).join(',');
      chip(id, word);
    }

    function chip(id, word) {
      const el = make('span', 'chip', word);
      const off = make('button');
      off.type = 'button';
      off.setAttribute('aria-label', '移除 ' + word);
      off.append(icon('x'));
      off.addEventListener('click', () => {
        hidden.value = hidden.value.split(',').filter((v) => v !== id).join(',');
        el.remove();
        hidden.dispatchEvent(new Event('change', { bubbles: true }));
      });
      el.append(off);
      box.insertBefore(el, text);
    }

    function option(item, k) {
      const li = make('li', 'it', item.text);
      li.id = list.id + '-' + k;
      li.setAttribute('role', 'option');
      li.dataset.id = item.id;
      if (item.note) li.append(make('span', 'muted fs12 ms-auto', item.note));
      li.addEventListener('mousedown', (e) => { e.preventDefault(); set(String(item.id), item.text); });
      return li;
    }

    async function look() {
      const turn = ++asked;
      const url = new URL(box.dataset.picker, location.href);
      url.searchParams.set('q', text.value === shown && hidden.value ? '' : text.value.trim());
      if (box.dataset.within) {
        const field = box.closest('form').elements[box.dataset.within];
        url.searchParams.set(box.dataset.within, field ? field.value : '');
      }
      let items = [];
      try {
        const answer = await fetch(url, { headers: { Accept: 'application/json' } });
        if (!answer.ok) throw new Error(String(answer.status));
        const body = await answer.json();
        items = Array.isArray(body) ? body : body.items || body.data || [];
      } catch (e) {
        if (turn === asked) list.replaceChildren(make('li', 'hd', '没能取到选项，再试一次。'));
        return;
      }
      if (turn !== asked) return;
      list.replaceChildren(...items.map(option));
      if (!items.length) list.append(make('li', 'hd', '没有符合「' + text.value.trim() + '」的选项'));
      list.hidden = false;
      text.setAttribute('aria-expanded', 'true');
      at = -1;
    }

    function move(step) {
      const options = $$('[role=option]', list);
      if (!options.length) return;
      if (at >= 0) options[at].setAttribute('aria-selected', 'false');
      at = (at + step + options.length) % options.length;
      options[at].setAttribute('aria-selected', 'true');
      options[at].scrollIntoView({ block: 'nearest' });
      text.setAttribute('aria-activedescendant', options[at].id);
    }

    text.addEventListener('input', () => { clearTimeout(wait); wait = setTimeout(look, PICK_WAIT_MS); });
    text.addEventListener('focus', () => { text.select(); });
    text.addEventListener('click', () => { if (list.hidden && !text.readOnly) look(); });
    text.addEventListener('blur', () => {
      if (!many && text.value.trim() === '' && hidden.value) set('', '');
      else if (!many) text.value = shown;
      hide();
    });
    text.addEventListener('keydown', (e) => {
      if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
        e.preventDefault();
        if (list.hidden) look(); else move(e.key === 'ArrowDown' ? 1 : -1);
      } else if (e.key === 'Enter' && !list.hidden) {
        const options = $$('[role=option]', list);
        const li = options[at] || options[0];
        e.preventDefault();
        if (li) set(li.dataset.id, li.firstChild.textContent);
      } else if (e.key === 'Enter' && text.value.trim() === '' && hidden.value) {
        e.preventDefault();
        set('', '');
      } else if (e.key === 'Escape' && !list.hidden) {
        e.stopPropagation();
        text.value = many ? '' : shown;
        hide();
      }
    });
    if (many && box.dataset.words) {
      hidden.value.split(',').filter(Boolean)
        .forEach((id, k) => chip(id, box.dataset.words.split('|')[k] || id));
    }
    mark();
  }

  /* What a chosen reference limits is chosen anew. */
  function dependents(e) {
    const form = e.target.form;
    if (!form || !e.target.name) return;
    $$('.picker[data-within="' + CSS.escape(e.target.name) + '"]', form).forEach((box) => {
      const hidden = $('input[type=hidden]', box);
      if (hidden === e.target) return;
      hidden.value = '';
      $('.in', box).value = '';
    });
  }

  /* ---- lists: rows, ticks, dragging ------------------------------------- */

  let lastTick = null;

  const ticks = (scope) => $$('input.cb[data-row], input.cb[name=ids]', scope);
  const tickOf = (row) => row && $('input.cb[data-row], input.cb[name=ids]', row);

  function showTicks(scope) {
    const all = ticks(scope), on = all.filter((c) => c.checked);
    const bar = document.getElementById(scope.dataset.bulk);
    const head = $('input.cb[data-all]', scope);
    all.forEach((c) => c.closest('tr, li, article').classList.toggle('sel', c.checked));
    if (head) {
      head.checked = on.length > 0 && on.length === all.length;
      head.indeterminate = on.length > 0 && on.length < all.length;
    }
    if (!bar) return;
    bar.hidden = on.length === 0;
    $$('[data-count]', bar).forEach((el) => { el.textContent = on.length; });
    if (on.length < all.length) everything(scope, false);
  }

  /* All rows of the filter, not only those of this page. */
  function everything(scope, on) {
    const bar = document.getElementById(scope.dataset.bulk);
    const flag = $('input[name=all]', scope) || (bar && $('input[name=all]', bar));
    if (!flag) return;
    flag.value = on ? '1' : '';
    flag.disabled = !on;
    $$('[data-bulk-page]', bar).forEach((el) => { el.hidden = on; });
    $$('[data-bulk-every]', bar).forEach((el) => { el.hidden = !on; });
  }

  function tickRange(scope, box) {
    const all = ticks(scope), from = all.indexOf(lastTick), to = all.indexOf(box);
    if (from < 0) return;
    all.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((c) => { c.checked = box.checked; });
  }

  function clearTicks() {
    let any = false;
    $$('[data-bulk]').forEach((scope) => {
      ticks(scope).filter((c) => c.checked).forEach((c) => { c.checked = false; any = true; });
      showTicks(scope);
    });
    lastTick = null;
    return any;
  }

  const rowsOf = (list) => $$('tr, article, li', list)
    .filter((row) => row.closest('[data-rows]') === list && row.offsetParent);
  const allRows = () => $$('[data-rows]').flatMap(rowsOf);
  const currentRow = () => allRows().find((row) => row.contains(document.activeElement));

  function moveRow(step) {
    const rows = allRows();
    if (!rows.length) return false;
    const at = rows.indexOf(currentRow());
    const row = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1)
      : Math.min(rows.length - 1, Math.max(0, at + step))];
    if (!row.hasAttribute('tabindex')) row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: 'nearest' });
    return true;
  }

  function openRow(row) {
    const link = $('a[data-open]', row) || $('a[href]', row);
    if (link) link.click();
  }

  /* Children can be moved with the mouse and with Alt and the arrows. */
  function draggable(list) {
    let held = null;
    list.addEventListener('dragstart', (e) => {
      held = e.target.closest('[draggable]');
      e.dataTransfer.effectAllowed = 'move';
      held.classList.add('held');
    });
    list.addEventListener('dragover', (e) => {
      const over = e.target.closest('[draggable]');
      if (!held || !over || over === held || !list.contains(over)) return;
      e.preventDefault();
      const at = over.getBoundingClientRect();
      over[e.clientY > at.top + at.height / 2 ? 'after' : 'before'](held);
    });
    list.addEventListener('dragend', () => { if (held) held.classList.remove('held'); held = null; });
    list.addEventListener('drop', (e) => e.preventDefault());
    list.addEventListener('keydown', (e) => {
      const item = e.altKey && e.target.closest('[draggable]');
      const other = item && (e.key === 'ArrowUp' ? item.previousElementSibling
        : e.key === 'ArrowDown' ? item.nextElementSibling : null);
      if (!other) return;
      e.preventDefault();
      other[e.key === 'ArrowUp' ? 'before' : 'after'](item);
      e.target.focus();
    });
  }

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

  /* ---- evidence: a field and its bytes -------------------------------------- */

  function markField(row) {
    const scope = row.closest('.fdet'), bytes = $$('[data-hex] i', scope);
    $$('[data-fields] tr', scope).forEach((r) => r.classList.toggle('on', r === row));
    const from = Number(row.dataset.from), to = from + Number(row.dataset.size);
    bytes.forEach((b, k) => b.classList.toggle('mark', k >= from && k < to));
    if (bytes[from]) bytes[from].scrollIntoView({ block: 'nearest' });
  }

  function fieldOfByte(byte) {
    const scope = byte.closest('.fdet'), k = $$('[data-hex] i', scope).indexOf(byte);
    return $$('[data-fields] tr', scope).find((r) =>
      k >= Number(r.dataset.from) && k < Number(r.dataset.from) + Number(r.dataset.size));
  }

  function greenCheckSum(fields) {
    const bytes = $$('[data-hex] i', fields.closest('.fdet'));
    $$('tr[data-crc]', fields).forEach((r) => {
      const from = Number(r.dataset.from);
      bytes.slice(from, from + Number(r.dataset.size)).forEach((b) => b.classList.add('crc'));
    });
  }

  /* ---- live data --------------------------------------------------------------- */

  const asked = new WeakMap(); /* element -> when it was last refreshed */

  function poll(now) {
    $$('[data-poll]').forEach((el) => {
      if (!asked.has(el)) { asked.set(el, now); return; }
      if (now - asked.get(el) < Number(el.dataset.poll) * 1000) return;
      asked.set(el, now);
      htmx.trigger(el, 'poll');
    });
    $$('.live[data-stale]').forEach((el) => {
      if (!asked.has(el)) asked.set(el, now);
      el.classList.toggle('stale', now - asked.get(el) > (Number(el.dataset.stale) * 2 + 2) * 1000);
    });
  }

  /* A tab that is looked at again is refreshed at once. */
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    $$('[data-poll]').forEach((el) => asked.set(el, 0));
    $$('.live[data-stale]').forEach((el) => asked.set(el, Date.now()));
    poll(Date.now());
  });

  /* ---- search ------------------------------------------------------------------- */

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

  /* ---- acts and keys -------------------------------------------------------------- */

  const acts = {
    theme() {
      const theme = root.getAttribute('data-bs-theme') === 'dark' ? 'light' : 'dark';
      root.setAttribute('data-bs-theme', theme);
      remember('theme', theme);
      document.dispatchEvent(new CustomEvent('themechange'));
    },
    fold() {
      const folded = $('#shell').classList.toggle('fold');
      remember('fold', folded ? '1' : '0');
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

  const singleKeys = () => localStorage.getItem('keys') !== 'off';
  const places = { h: '/console/', w: '/console/wall', o: '/console/order', p: '/console/pile' };
  let goUntil = 0;

  function press(key) {
    const el = $('[data-key="' + key + '"]');
    if (!el) return false;
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(el.tagName)) el.focus(); else el.click();
    return true;
  }

  /* One record, the next or the one before. */
  function step(which) {
    const link = $('[data-step="' + which + '"]');
    if (link) link.click();
    return !!link;
  }

  function single(e) {
    const row = currentRow(), inMap = e.target.closest('.leaflet-container, .strip');
    if (Date.now() < goUntil && places[e.key]) { location.href = places[e.key]; return true; }
    switch (e.key) {
      case 'g': goUntil = Date.now() + 1500; return true;
      case 'j': case 'J': return step('next') || moveRow(1);
      case 'k': case 'K': return step('prev') || moveRow(-1);
      case 'ArrowDown': return !inMap && row && moveRow(1);
      case 'ArrowUp': return !inMap && row && moveRow(-1);
      case 'Enter': if (row && e.target === row) { openRow(row); return true; } return false;
      case 'x': case 'X': return tickRow(row, e.shiftKey);
      case '.': return row && menuOfRow(row);
      case '[': acts.fold(); return true;
      case 'r': acts.reload(); return true;
      case '?': acts.keys(); return true;
      case '/': return press('/');
      case 'n': case 'e': return press(e.key);
      default: return false;
    }
  }

  function tickRow(row, range) {
    const box = tickOf(row), scope = box && box.closest('[data-bulk]');
    if (!scope) return false;
    box.checked = !box.checked;
    if (range) tickRange(scope, box);
    lastTick = box;
    showTicks(scope);
    return true;
  }

  function menuOfRow(row) {
    const button = $('[data-menu]', row);
    if (!button) return false;
    button.focus();
    openMenu(button);
    return true;
  }

  document.addEventListener('keydown', (e) => {
    const typing = e.target.closest('input:not([type=checkbox]):not([type=radio]), select, textarea, [contenteditable]');
    if (e.isComposing) return;
    if ((e.ctrlKey || e.metaKey) && !e.altKey && e.key.toLowerCase() === 'k') {
      e.preventDefault(); acts.find(); return;
    }
    if ((e.ctrlKey || e.metaKey) && !e.altKey && e.key.toLowerCase() === 's') {
      const form = $('dialog[open] form') || $('form[data-guard]');
      if (form) { e.preventDefault(); form.requestSubmit(); }
      return;
    }
    if (e.key === 'Escape') {
      if (closeMenu(true) || closeTop() || clearTicks()) e.preventDefault();
      return;
    }
    if (menu && /^(ArrowDown|ArrowUp|Home|End)$/.test(e.key)) {
      e.preventDefault();
      moveInMenu(e.key === 'ArrowUp' ? -1 : 1);
      return;
    }
    if (e.target.matches('[role=tab]') && /^Arrow(Left|Right)$/.test(e.key)) {
      const tabs = $$('[role=tab]', e.target.closest('[data-tabs]')), at = tabs.indexOf(e.target);
      chooseTab(tabs[(at + (e.key === 'ArrowRight' ? 1 : -1) + tabs.length) % tabs.length]);
      e.preventDefault();
      return;
    }
    if (e.target.closest('#finder')) {
      if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { e.preventDefault(); moveFound(e.key === 'ArrowDown' ? 1 : -1); }
      if (e.key === 'Enter') { const a = $('#finder-list [aria-selected=true] a'); if (a) a.click(); }
      return;
    }
    if (e.key === 'Enter' && e.target.matches('[data-fields] tr')) { markField(e.target); return; }
    if (typing || e.ctrlKey || e.metaKey || e.altKey || menu || open.length || !singleKeys()) return;
    if (single(e)) e.preventDefault();
  });

  document.addEventListener('click', (e) => {
    const on = (selector) => e.target.closest(selector);
    let el;
    if (menu && !menu.list.contains(e.target) && !menu.button.contains(e.target)) closeMenu(false);
    else if (menu && on('[role=menuitem]')) closeMenu(false);
    if ((el = on('[data-act]')) && acts[el.dataset.act]) { acts[el.dataset.act](); return; }
    if ((el = on('[data-menu]'))) { openMenu(el); return; }
    if ((el = on('[data-dialog]'))) { openDialog(document.getElementById(el.dataset.dialog)); return; }
    if ((el = on('[data-close]'))) { const d = el.closest('dialog'); if (d) { e.preventDefault(); closeDialog(d); return; } }
    if ((el = on('[data-copy]'))) { copy(el.dataset.copy); return; }
    if ((el = on('[data-group]'))) {
      const folded = $('#shell').classList.contains('fold');
      if (folded) acts.fold();
      el.setAttribute('aria-expanded', String(el.classList.toggle('open', folded || undefined)));
      return;
    }
    if ((el = on('[data-tabs] [role=tab]'))) { e.preventDefault(); chooseTab(el); return; }
    if ((el = on('[data-bulk-all]'))) { const s = bulkScope(el); if (s) { e.preventDefault(); everything(s, true); } return; }
    if ((el = on('[data-toggle]'))) { toggle(el); return; }
    if ((el = on('[data-height]'))) { rowHeight(el.dataset.height); return; }
    if ((el = on('[data-dismiss]'))) { el.closest('.toastx').remove(); return; }
    if (on('[data-bulk-clear]')) { clearTicks(); return; }
    if ((el = on('[data-fields] tr'))) { markField(el); return; }
    if ((el = on('[data-hex] i'))) { const row = fieldOfByte(el); if (row) { markField(row); row.scrollIntoView({ block: 'nearest' }); } return; }
    if ((el = on('[data-back]')) && document.referrer.startsWith(location.origin + new URL(el.href).pathname)) {
      e.preventDefault(); history.back();
    }
  });

  function toggle(button) {
    const el = document.getElementById(button.dataset.toggle);
    el.hidden = !el.hidden;
    button.setAttribute('aria-expanded', String(!el.hidden));
  }

  function rowHeight(name) {
    document.body.dataset.rows = name;
    remember('rows', name);
    showHeight(document.body);
  }

  const showHeight = (scope) => $$('[data-height]', scope).forEach((b) => {
    const on = b.dataset.height === (document.body.dataset.rows || 'normal');
    b.classList.toggle('on', on);
    b.setAttribute('aria-pressed', String(on));
  });

  const bulkScope = (el) => {
    const bar = el.closest('[id]');
    return el.closest('[data-bulk]') || (bar && $('[data-bulk="' + CSS.escape(bar.id) + '"]'));
  };

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

  document.addEventListener('change', (e) => {
    const el = e.target;
    const scope = el.closest('[data-bulk]');
    dependents(e);
    if (el.dataset.act === 'keys-on') localStorage.setItem('keys', el.checked ? 'on' : 'off');
    if ('submit' in el.dataset) submitOf(el);
    if (!scope || !el.matches('input.cb')) return;
    if ('all' in el.dataset) ticks(scope).forEach((c) => { c.checked = el.checked; });
    showTicks(scope);
  });

  document.addEventListener('click', (e) => {
    const box = e.target.closest('input.cb[data-row], input.cb[name=ids]'), scope = box && box.closest('[data-bulk]');
    if (!scope) return;
    if (e.shiftKey) { tickRange(scope, box); showTicks(scope); }
    lastTick = box;
  });

  document.addEventListener('input', (e) => { if (e.target.closest('#finder')) find(e.target); });

  /* Ordinary forms: ask first, then once. htmx forms have their own events. */
  document.addEventListener('submit', (e) => {
    const form = e.target;
    if (form.hasAttribute('hx-post') || form.hasAttribute('hx-get')) return;
    if (form.dataset.confirm && !form.confirmed) {
      const by = e.submitter;
      e.preventDefault();
      ask(form.dataset, () => { form.confirmed = true; form.requestSubmit(by); form.confirmed = false; });
      return;
    }
    if ('once' in form.dataset) setTimeout(() => busy(form, true));
  });
  addEventListener('pageshow', (e) => { if (e.persisted) $$('form[data-once]').forEach((f) => busy(f, false)); });
  addEventListener('beforeunload', (e) => {
    if (guards().some((form) => !form.closest('dialog') && changed(form))) e.preventDefault();
  });

  /* ---- htmx ------------------------------------------------------------------------- */

  const WAIT_MS = 300; /* before anything says that one waits */
  const on = (name, run) => document.body.addEventListener(name, run);
  const isPoll = (e) => e.detail.requestConfig && e.detail.requestConfig.headers['X-Poll'];

  on('htmx:confirm', (e) => {
    if (!e.target.dataset || !e.target.dataset.confirm) return;
    e.preventDefault();
    ask(e.target.dataset, () => e.detail.issueRequest(true));
  });
  on('htmx:beforeRequest', (e) => {
    const { target } = e.detail;
    if (!isPoll(e) && target.querySelector('.t')) {
      target.waiting = setTimeout(() => target.setAttribute('aria-busy', 'true'), WAIT_MS);
    }
    const form = e.detail.elt.closest('form[data-once]');
    if (form && e.detail.requestConfig.verb === 'post') busy(form, true);
  });
  on('htmx:afterRequest', (e) => {
    clearTimeout(e.detail.target.waiting);
    e.detail.target.removeAttribute('aria-busy');
    const form = e.detail.elt.closest && e.detail.elt.closest('form[data-once]');
    if (form) busy(form, false);
  });
  /* An empty answer closes what it was for. */
  on('htmx:afterSwap', (e) => {
    const target = e.detail.target;
    if (menu && menu.list === target) { place(menu.button, menu.list); moveInMenu(1); }
    if (target.id !== 'drawer' && target.id !== 'ask') return;
    if (target.textContent.trim() === '') closeDialog(target); else openDialog(target);
  });
  on('htmx:afterSettle', (e) => {
    const target = e.detail.target;
    if (target.id !== 'drawer' && target.id !== 'ask') return;
    if (target.textContent.trim() !== '') openDialog(target);
  });
  on('htmx:sendError', (e) => { if (!isPoll(e)) toast('fault', '网络中断，操作没有送达。检查网络后重试。'); });
  on('htmx:timeout', (e) => { if (!isPoll(e)) toast('fault', '服务器没有及时应答，操作可能已经生效，刷新后确认。'); });
  on('htmx:responseError', (e) => {
    const { status, responseText } = e.detail.xhr;
    if (status === 401) {
      location.href = '/login?next=' + encodeURIComponent(location.pathname + location.search);
      return;
    }
    if (isPoll(e)) return;
    const page = new DOMParser().parseFromString(responseText, 'text/html');
    const words = ['h1', '.blank p', '.code'].map((s) => (page.querySelector(s) || {}).textContent || '').filter(Boolean);
    toast('fault', words.join(' ') || '没能完成（' + status + '）。');
  });
  on('toast', (e) => toast(e.detail.kind || 'ok', e.detail.text || e.detail.value));

  /* ---- start ------------------------------------------------------------------------- */

  function prepare(el) {
    const each = (selector, run) => {
      $$(selector, el).concat(el.matches && el.matches(selector) ? [el] : []).forEach((x) => {
        if (x.prepared) return;
        x.prepared = true;
        run(x);
      });
    };
    each('.picker[data-picker]', picker);
    each('form[data-guard]', guard);
    each('button[data-tick]', tick);
    each('[data-drag]', draggable);
    each('[data-bulk]', showTicks);
    each('.toastx', arrange);
    each('[data-fields]', greenCheckSum);
    each('[data-focus]', (x) => x.focus());
    each('[data-height]', () => showHeight(el));
  }

  document.body.append(scrim);
  prepare(document.body);
  document.body.addEventListener('htmx:load', (e) => prepare(e.detail.elt));
  document.body.addEventListener('htmx:oobAfterSwap', () => prepare(document.body));
  const keysOn = $('[data-act="keys-on"]');
  if (keysOn) keysOn.checked = singleKeys();
  setInterval(() => { if (!document.hidden) poll(Date.now()); }, 1000);

  window.pilehub = { toast, icon, make };
}());
