/*
 * Forms: asking before they act, saying that they work, leaving with changes,
 * checks of single fields, counting down, and the picker of references.
 */
(function () {
  'use strict';

  const { $, $$, make, icon, ask, closeDialog, onNew } = window.pilehub;

  /* ---- leaving with changes ---------------------------------------------- */

  const values = (form) => new URLSearchParams(
    [...new FormData(form)].filter(([name, v]) => typeof v === 'string' && name !== '_form')).toString();
  const guards = () => $$('form[data-guard]').filter((form) => form.guarded !== undefined);
  const changed = (form) => values(form) !== form.guarded;

  /* What came back with errors has never been saved. */
  function guard(form) {
    form.guarded = $('.field.bad, .note.st-fault', form) ? '' : values(form);
    const show = () => $$('[data-dirty]', form).forEach((el) => { el.hidden = !changed(form); });
    form.addEventListener('input', show);
    form.addEventListener('change', show);
    form.addEventListener('submit', () => { form.guarded = undefined; });
  }

  onNew('form[data-guard]', guard);
  document.addEventListener('leave', (e) => {
    const dirty = guards().find((form) => e.target.contains(form) && changed(form));
    if (!dirty) return;
    e.preventDefault();
    ask({ confirm: '放弃未保存的修改？', confirmText: '关闭后，这次填写的内容不会保留。',
      confirmYes: '放弃修改', confirmNo: '继续填写', danger: '' }, () => {
      dirty.guarded = undefined;
      closeDialog(e.target);
    });
  });
  addEventListener('beforeunload', (e) => {
    if (guards().some((form) => !form.closest('dialog') && changed(form))) e.preventDefault();
  });

  /* ---- sending ----------------------------------------------------------- */

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
  document.body.addEventListener('htmx:beforeRequest', (e) => {
    const form = e.detail.elt.closest('form[data-once]');
    if (form && e.detail.requestConfig.verb === 'post') busy(form, true);
  });
  document.body.addEventListener('htmx:afterRequest', (e) => {
    const form = e.detail.elt.closest('form[data-once]');
    if (form) busy(form, false);
  });

  function submitOf(el) {
    const form = el.closest('form');
    if (form) form.requestSubmit();
  }

  document.addEventListener('change', (e) => { if ('submit' in e.target.dataset) submitOf(e.target); });

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

  onNew('button[data-tick]', tick);

  /* ---- checks ------------------------------------------------------------ */

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

  /* ---- reference picker -------------------------------------------------- */

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
    const more = icon('chevron-down');
    more.classList.add('picker-more');
    if (!many) box.append(more);
    const mark = () => {
      clear.hidden = many || !hidden.value || text.readOnly;
      more.toggleAttribute('hidden', !clear.hidden || text.readOnly);
    };

    /* What was asked for comes too late. */
    function hide() {
      clearTimeout(wait);
      asked++;
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
        if (turn !== asked) return;
        list.replaceChildren(make('li', 'hd', '没能取到选项，再试一次。'));
        list.hidden = false;
        return;
      }
      if (turn !== asked) return;
      list.replaceChildren(...items.map(option));
      if (!items.length) {
        const typed = url.searchParams.get('q');
        list.append(make('li', 'hd', typed ? '没有符合「' + typed + '」的选项' : '还没有可选的内容'));
      }
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
    box.addEventListener('forget', () => {
      hidden.value = text.value = shown = '';
      hide();
      mark();
    });
    mark();
  }

  onNew('.picker[data-picker]', picker);

  /* What a chosen reference limits is chosen anew. */
  function dependents(e) {
    const form = e.target.form;
    if (!form || !e.target.name) return;
    $$('.picker[data-within="' + CSS.escape(e.target.name) + '"]', form).forEach((box) => {
      if ($('input[type=hidden]', box) !== e.target) box.dispatchEvent(new Event('forget'));
    });
  }

  document.addEventListener('change', dependents);
}());
