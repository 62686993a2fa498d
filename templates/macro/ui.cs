<?cs # The parts every page is made of. A layout or template that uses them
     includes this file once, before its first call. A macro chooses classes by key and computes nothing.
     Keys of states: charging idle occupied reserved fault offline ok warn. ?>

<?cs # An icon of the sprite; the word stands beside it. ?>
<?cs def:icon(name) ?><svg class="i" aria-hidden="true"><use href="/static/img/icons.svg?v=<?cs var:Page.version ?>#<?cs var:name ?>"></use></svg><?cs /def ?>

<?cs # The shape of a state, without its word. ?>
<?cs def:mark(key) ?><svg aria-hidden="true"><use href="/static/img/icons.svg?v=<?cs var:Page.version ?>#st-<?cs var:key ?>"></use></svg><?cs /def ?>

<?cs # Shape, colour and word; a state without a key is only its word. ?>
<?cs def:state(key, word) ?><?cs if:key ?><span class="st st-<?cs var:key ?>"><?cs call:mark(key) ?><?cs var:word ?></span><?cs else ?><?cs var:word ?><?cs /if ?><?cs /def ?>
<?cs def:pill(key, word) ?><?cs if:key ?><span class="pill st-<?cs var:key ?>"><?cs call:mark(key) ?><?cs var:word ?></span><?cs else ?><span class="pill"><?cs var:word ?></span><?cs /if ?><?cs /def ?>

<?cs # The letter of a tariff period; key: sharp peak flat valley. ?>
<?cs def:tou_letter(key) ?><?cs if:key == "sharp" ?>尖<?cs elif:key == "peak" ?>峰<?cs elif:key == "flat" ?>平<?cs elif:key == "valley" ?>谷<?cs /if ?><?cs /def ?>
<?cs def:tou(key) ?><?cs if:key ?><span class="tou tou-<?cs var:key ?>"><?cs call:tou_letter(key) ?></span><?cs /if ?><?cs /def ?>

<?cs # A share of a whole. parts: list of kind (a state, accent, a tariff
     period), x
     and w in percent ("39.65"); every part but the first is set off by a gap. ?>
<?cs def:bar(parts) ?><svg class="bar" aria-hidden="true"><rect class="track" width="100%" height="100%"/><?cs each:p = parts ?><rect class="f-<?cs var:p.kind ?>" x="<?cs var:p.x ?>%" y="0" width="<?cs var:p.w ?>%" height="100%"/><?cs if:!first(p) ?><rect class="gap" x="<?cs var:p.x ?>%" y="0" width="1.5" height="100%"/><?cs /if ?><?cs /each ?></svg><?cs /def ?>
<?cs def:meter(kind, percent) ?><svg class="bar" aria-hidden="true"><rect class="track" width="100%" height="100%"/><rect class="f-<?cs var:kind ?>" width="<?cs var:percent ?>%" height="100%"/></svg><?cs /def ?>

<?cs # A value and its unit; none is a dash. ?>
<?cs def:unit(v, u) ?><?cs if:string.length(v) > #0 ?><?cs var:v ?><?cs if:u && v != "—" ?><span class="unit"><?cs var:u ?></span><?cs /if ?><?cs else ?>—<?cs /if ?><?cs /def ?>

<?cs # An active condition; url is the list without it. ?>
<?cs def:chip(text, url) ?><span class="chip"><?cs var:text ?><a class="chip-x" href="<?cs var:url ?>" aria-label="移除条件 <?cs var:text ?>"><?cs call:icon("x") ?></a></span><?cs /def ?>

<?cs # One figure of a strip: label, value, unit, path; delta with dir (up, down,
     flat) against the same moment of yesterday; before is yesterday whole;
     spark is a list of points ("0.0,21.3 4.9,14.9") on a 64 x 24 field. ?>
<?cs def:kpi(k) ?><div class="kpi"><div class="l"><?cs if:k.path ?><a href="<?cs var:k.path ?>"><?cs var:k.label ?></a><?cs else ?><?cs var:k.label ?><?cs /if ?></div><div class="v"><?cs call:unit(k.value, k.unit) ?></div><div class="d"><?cs if:k.dir == "up" ?><span class="up"><b class="num">▲ <?cs var:k.delta ?></b></span><?cs elif:k.dir == "down" ?><span class="down"><b class="num">▼ <?cs var:k.delta ?></b></span><?cs elif:k.dir == "flat" ?><span><b class="num">持平</b></span><?cs /if ?><?cs if:string.length(k.before) > #0 ?><span><?cs if:k.before_label ?><?cs var:k.before_label ?><?cs else ?>昨日<?cs /if ?> <span class="num"><?cs var:k.before ?></span></span><?cs /if ?></div><?cs if:k.spark ?><svg class="spark" viewBox="0 0 64 24" aria-hidden="true"><path d="M0,24 L<?cs var:k.spark ?> L64,24Z"/><polyline points="<?cs var:k.spark ?>"/></svg><?cs /if ?></div><?cs /def ?>

<?cs # A message inside a page. ?>
<?cs def:note(key, text) ?><div class="note st-<?cs var:key ?>"<?cs if:key == "fault" ?> role="alert"<?cs /if ?>><?cs call:mark(key) ?><span><?cs var:text ?></span></div><?cs /def ?>

<?cs # Nothing to show. kind: none (never any), match (no match), failed, denied,
     gone. The acts follow in the page, inside .blank. ?>
<?cs def:picture(kind) ?><svg class="pic" viewBox="0 0 96 72" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true"><?cs if:kind == "none" ?><rect x="34" y="10" width="24" height="46" rx="4"/><rect x="39" y="16" width="14" height="12" rx="2"/><path d="M47 34l-4 7h6l-4 7M58 30h5a4 4 0 0 1 4 4v12a4 4 0 0 0 8 0V26l-5-5M26 60h44"/><path d="M14 24v8M10 28h8M80 12v6M77 15h6" stroke-opacity=".6"/><?cs elif:kind == "match" || kind == "gone" ?><rect x="14" y="12" width="52" height="46" rx="4"/><path d="M14 24h52M24 34h22M24 42h16M24 50h18"/><circle class="gap" cx="66" cy="46" r="13"/><path d="M75 56l9 9M62 42l8 8M70 42l-8 8"/><?cs elif:kind == "denied" ?><rect x="30" y="30" width="36" height="28" rx="5"/><path d="M37 30v-8a11 11 0 0 1 22 0v8M48 41v7"/><circle cx="48" cy="40" r="2.5"/><?cs else ?><path d="M12 40h18l6-14 8 26 6-18 4 6h6"/><path d="M66 40h4M76 40h8" stroke-dasharray="3 4"/><path d="M60 33l8 14M68 33l-8 14" stroke-width="2"/><?cs /if ?></svg><?cs /def ?>
<?cs def:blank(kind, title, text) ?><div class="blank"><?cs call:picture(kind) ?><h2><?cs var:title ?></h2><p><?cs var:text ?></p></div><?cs /def ?>

<?cs # What is said once; console.js lets it go after 4 s, faults stay. ?>
<?cs def:toasts() ?><?cs each:t = Page.toasts ?><div class="toastx" data-kind="<?cs var:t.kind ?>"><?cs var:t.text ?></div><?cs /each ?><?cs /def ?>

<?cs # A live count at the right of a menu entry. ?>
<?cs def:count(m) ?><?cs if:m.live ?><span class="n num<?cs if:m.hot ?> hot<?cs /if ?>"><?cs var:m.live ?></span><?cs /if ?><?cs /def ?>

<?cs # The secret that a form must bring back. ?>
<?cs def:csrf() ?><input type="hidden" name="_csrf" value="<?cs var:Page.csrf ?>"><?cs /def ?>
<?cs # The same for forms of money and rights, which count once. ?>
<?cs def:once() ?><?cs call:csrf() ?><input type="hidden" name="_form" value="<?cs var:Page.form ?>"><?cs /def ?>

<?cs # The time of live data; amber when two refreshes are missed. ?>
<?cs def:live(every, time) ?><span class="live" data-stale="<?cs var:every ?>" aria-live="off"><span class="live-now"><?cs if:every ?>每 <?cs var:every ?> 秒刷新 · <?cs /if ?><time class="num"><?cs var:time ?></time></span><span class="live-old">数据停在 <time class="num"><?cs var:time ?></time></span></span><?cs /def ?>
