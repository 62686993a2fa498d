/*
 * What is shown while it happens: pages that refresh themselves (not in a
 * hidden tab), what tells that its data is old, and the bytes of a frame
 * beside its fields.
 */
(function () {
  'use strict';

  const { $$, onNew, onClick } = window.pilehub;

  /* ---- refreshing -------------------------------------------------------- */

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

  setInterval(() => { if (!document.hidden) poll(Date.now()); }, 1000);

  /* ---- evidence ---------------------------------------------------------- */

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

  onNew('[data-fields]', greenCheckSum);
  onClick('[data-fields] tr', markField);
  onClick('[data-hex] i', (el) => {
    const row = fieldOfByte(el);
    if (!row) return;
    markField(row);
    row.scrollIntoView({ block: 'nearest' });
  });
  document.addEventListener('keydown', (e) => {
    if (e.key === 'Enter' && e.target.matches('[data-fields] tr')) markField(e.target);
  });
}());
