/*
 * The tariff editor: 48 half hours painted with four periods. The hidden input
 * "slots" holds one digit each: 0 sharp, 1 peak, 2 flat, 3 valley, "-" none.
 */
(function () {
  'use strict';

  const form = document.querySelector('form[data-tariff]');
  if (!form) return;
  const { make } = window.pilehub;
  const KEYS = ['sharp', 'peak', 'flat', 'valley'], LETTERS = '尖峰平谷', SLOTS = 48;
  const strip = form.querySelector('#strip'), hidden = form.elements.slots;
  const readonly = 'readonly' in strip.dataset;
  const slots = (hidden.value + '-'.repeat(SLOTS)).slice(0, SLOTS).split('');
  const cells = [];
  let brush = '1', painting = false, anchor = 0;

  const time = (k) => String(k >> 1).padStart(2, '0') + (k % 2 ? ':30' : ':00');
  const hours = (n) => (n % 2 ? (n / 2).toFixed(1) : n / 2) + ' 小时';

  function show() {
    let spans = 0;
    const count = [0, 0, 0, 0];
    slots.forEach((s, k) => {
      const starts = k === 0 || slots[k - 1] !== s, key = KEYS[s];
      if (key) { count[s]++; if (starts) spans++; }
      cells[k].className = 'c48 ' + (key ? 'c48-' + key : 'c48-none');
      cells[k].textContent = starts && key ? LETTERS[s] : '';
      cells[k].setAttribute('aria-label', time(k) + ' ' + (key ? LETTERS[s] : '未设置'));
    });
    hidden.value = slots.join('');
    const gap = slots.findIndex((s) => !KEYS[s]);
    form.querySelector('[data-cover=full]').hidden = gap >= 0;
    form.querySelector('[data-cover=gap]').hidden = gap < 0;
    if (gap >= 0) {
      const to = slots.findIndex((s, k) => k > gap && KEYS[s]);
      form.querySelector('[data-gap]').textContent = time(gap) + ' – ' + time(to < 0 ? SLOTS : to) + ' 还没有设置，须覆盖 24 小时';
    }
    form.querySelector('[data-spans]').textContent = '共 ' + spans + ' 段';
    KEYS.forEach((key, k) => {
      const cell = form.querySelector('[data-hours=' + key + ']');
      if (cell) { cell.textContent = count[k] ? hours(count[k]) : '未使用'; cell.closest('tr').classList.toggle('off', !count[k]); }
    });
  }

  function paint(from, to, value) {
    for (let k = Math.min(from, to); k <= Math.max(from, to); k++) slots[k] = value;
    show();
    form.dispatchEvent(new Event('input'));
  }

  function choose(value) {
    brush = value;
    form.querySelectorAll('[data-brushes] button').forEach((b) => {
      b.classList.toggle('on', b.value === value);
      b.setAttribute('aria-pressed', String(b.value === value));
    });
  }

  /* The range between anchor and the focused cell is what is painted next. */
  function focus(k, extend) {
    if (!extend) anchor = k;
    cells.forEach((c, n) => {
      c.tabIndex = n === k ? 0 : -1;
      c.classList.toggle('pick', extend && n >= Math.min(anchor, k) && n <= Math.max(anchor, k));
    });
    if (document.activeElement !== cells[k]) cells[k].focus();
  }

  for (let k = 0; k < SLOTS; k++) {
    const cell = make(readonly ? 'span' : 'button', 'c48');
    if (!readonly) {
      cell.type = 'button';
      cell.tabIndex = k ? -1 : 0;
      cell.setAttribute('role', 'gridcell');
    }
    cells.push(cell);
  }
  strip.append(...cells);

  if (!readonly) {
    strip.addEventListener('pointerdown', (e) => {
      const k = cells.indexOf(e.target);
      if (k < 0) return;
      e.preventDefault();
      painting = true;
      focus(k, e.shiftKey);
      paint(anchor, k, brush);
    });
    strip.addEventListener('focusin', (e) => {
      const k = cells.indexOf(e.target);
      if (k >= 0 && e.target.tabIndex !== 0) focus(k, false);
      else if (!strip.contains(e.relatedTarget)) anchor = k;
    });
    strip.addEventListener('pointerover', (e) => {
      const k = cells.indexOf(e.target);
      if (painting && k >= 0) paint(anchor, k, brush);
    });
    addEventListener('pointerup', () => { painting = false; });
    strip.addEventListener('keydown', (e) => {
      const k = cells.indexOf(e.target);
      if (k < 0) return;
      const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 4, ArrowUp: -4, Home: -k, End: SLOTS - 1 - k }[e.key];
      if (by !== undefined) {
        focus(Math.min(SLOTS - 1, Math.max(0, k + by)), e.shiftKey);
      } else if (/^[1-4]$/.test(e.key)) {
        choose(String(e.key - 1));
        paint(anchor, k, brush);
      } else if (e.key === ' ' || e.key === 'Enter') {
        paint(anchor, k, brush);
      } else {
        return;
      }
      e.preventDefault();
      e.stopPropagation();
    });
    form.querySelectorAll('[data-brushes] button').forEach((b) => b.addEventListener('click', () => choose(b.value)));
  }

  /* What is typed is only echoed as a sum; the server's word is final. */
  function total(row) {
    const sum = [...row.querySelectorAll('[data-price]')].map((i) => (/^\d{1,3}(\.\d{1,5})?$/.test(i.value.trim()) ? Math.round(i.value * 1e5) : NaN))
      .reduce((a, b) => a + b, 0);
    row.querySelector('[data-total]').textContent = Number.isNaN(sum) ? '—' : (sum / 1e5).toFixed(5);
  }
  form.addEventListener('input', (e) => { if (e.target.matches && e.target.matches('[data-price]')) total(e.target.closest('tr')); });
  form.addEventListener('change', (e) => {
    if (e.target.name !== 'mode') return;
    form.querySelectorAll('[data-mode]').forEach((el) => { el.hidden = el.dataset.mode !== e.target.value; });
  });
  form.querySelectorAll('[data-calc] .in').forEach((el) => el.addEventListener('keydown', (e) => {
    if (e.key !== 'Enter') return;
    e.preventDefault();
    form.querySelector('[data-calc-run]').click();
  }));
  show();
}());
