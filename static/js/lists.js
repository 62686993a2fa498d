/*
 * Lists: moving from row to row, ticking rows, what is done with the ticked
 * ones, the order of columns, and the height of rows.
 */
(function () {
  'use strict';

  const { $, $$, remember, openMenu, onNew, onClick, onKey, onEscape } = window.pilehub;

  /* ---- ticks ------------------------------------------------------------- */

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

  const bulkScope = (el) => {
    const bar = el.closest('[id]');
    return el.closest('[data-bulk]') || (bar && $('[data-bulk="' + CSS.escape(bar.id) + '"]'));
  };

  function tickRow(row, range) {
    const box = tickOf(row), scope = box && box.closest('[data-bulk]');
    if (!scope) return false;
    box.checked = !box.checked;
    if (range) tickRange(scope, box);
    lastTick = box;
    showTicks(scope);
    return true;
  }

  onNew('[data-bulk]', showTicks);
  onClick('[data-bulk-all]', (el, e) => {
    const scope = bulkScope(el);
    if (!scope) return false;
    e.preventDefault();
    everything(scope, true);
    return true;
  });
  onClick('[data-bulk-clear]', clearTicks);
  onClick('input.cb[data-row], input.cb[name=ids]', (el, e) => {
    const scope = el.closest('[data-bulk]');
    if (scope && e.shiftKey) { tickRange(scope, el); showTicks(scope); }
    lastTick = el;
  });
  document.addEventListener('change', (e) => {
    const scope = e.target.closest('[data-bulk]');
    if (!scope || !e.target.matches('input.cb')) return;
    if ('all' in e.target.dataset) ticks(scope).forEach((c) => { c.checked = e.target.checked; });
    showTicks(scope);
  });

  /* ---- rows -------------------------------------------------------------- */

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

  function menuOfRow(row) {
    const button = $('[data-menu]', row);
    if (!button) return false;
    button.focus();
    openMenu(button);
    return true;
  }

  /* One record: the next or the one before. */
  function step(which) {
    const link = $('[data-step="' + which + '"]');
    if (link) link.click();
    return !!link;
  }

  const arrow = (e) => {
    if (e.target.closest('.leaflet-container, .strip') || !currentRow()) return false;
    return moveRow(e.key === 'ArrowDown' ? 1 : -1);
  };

  onKey('j J', () => step('next') || moveRow(1));
  onKey('k K', () => step('prev') || moveRow(-1));
  onKey('ArrowDown ArrowUp', arrow);
  onKey('x X', (e) => tickRow(currentRow(), e.shiftKey));
  onKey('.', () => { const row = currentRow(); return !!row && menuOfRow(row); });
  onKey('Enter', (e) => {
    const row = currentRow();
    if (!row || e.target !== row) return false;
    openRow(row);
    return true;
  });
  onEscape(clearTicks);

  /* ---- columns and height ------------------------------------------------ */

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

  const showHeight = (scope) => $$('[data-height]', scope).forEach((b) => {
    const on = b.dataset.height === (document.body.dataset.rows || 'normal');
    b.classList.toggle('on', on);
    b.setAttribute('aria-pressed', String(on));
  });

  onNew('[data-drag]', draggable);
  onNew('[data-height]', () => showHeight(document.body));
  onClick('[data-height]', (el) => {
    document.body.dataset.rows = el.dataset.height;
    remember('rows', el.dataset.height);
    showHeight(document.body);
  });
}());
