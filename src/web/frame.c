/*
 * What every page has around it. The tree that the layouts and all templates
 * may use; a flag is "1" or absent, all values are text ready to print:
 *
 *   Page.title      h1, also in <title>
 *   Page.brand      name over the menu: the caller's organisation
 *   Page.product    pilehub, for <title> and the sign-in page
 *   Page.path       path of this page, e.g. /console/pile
 *   Page.csrf       token; forms: <input type="hidden" name="_csrf">,
 *                   htmx: body hx-headers='{"X-CSRF-Token": "..."}'
 *   Page.form       fresh single-use token: <input type="hidden"
 *                   name="_form">, for forms of money and rights (rule I8)
 *   Page.theme      light | dark, from cookie "theme"; data-bs-theme of html
 *   Page.folded     flag: menu folded, from cookie "fold" (1)
 *   Page.rows       tight | normal | roomy, from cookie "rows"
 *   Page.demo       flag: demo mode; pages say so where a fake stands in
 *   Page.version    of the build; static files are asked for with ?v= this
 *   Page.now        "14:05:20", time of the data, for .live
 *   Page.time       "2026-11-20 14:05", for print heads
 *   Page.ref        E-7F31C0: number that finds the log line
 *   Page.crumbs.N   .title, .path (absent on the last one): group, page
 *   Page.toasts.N   .text, .kind (ok | warn | fault): shown once
 *
 *   Menu.N          .title .icon (name in the sprite)
 *                   single entry: .path, .on (flag: this page)
 *                   group: .open (flag) and .items.M: .title .path .on
 *                   .live (count as text, absent if zero) .hot (flag)
 *                   Only what the account may open is there.
 *
 *   Me.name Me.initial (first character) Me.phone (masked) Me.role Me.org
 *   Data.title      全部电站 or the name of what the account is bound to
 *   Data.count      number of stations in scope
 *   Alarm.count     open alarms in scope (absent if zero; live count "alarm")
 *   Task.count      background tasks of this person (live count "task")
 *   Alarm.path Task.path  where these are listed; absent: not shown in the bar
 *   Page.find       path that answers Ctrl K: ?q= gives JSON, at most 12 of
 *                   {"title": "32010600011923", "kind": "电桩", "path": "/..."};
 *                   absent: the box searches the menu only
 *   Page.charts Page.map Page.tariff  flags that a page sets for the scripts it
 *                   needs (part/scripts.cs)
 *
 * Layouts, each rendered before or after the page's own template, in one
 * buffer, but parsed apart: a template that uses macros includes them itself
 * (<?cs include!"macro/ui.cs" ?>).
 *
 *   layout/head.cs, foot.cs            signed in: doctype, shell, menu, top
 *   layout/bare_head.cs, bare_foot.cs  no shell: sign-in, big screen, errors
 *                                      before sign-in
 *   layout/fragment.cs                 before the template for htmx requests:
 *                                      toasts and title as out-of-band swaps
 *
 * page/error.cs is the page of every error:
 *   Error.status    400 401 403 404 405 409 413 422 429 500 502 503
 *   Error.kind      denied | missing | conflict | busy | down | broken | bad:
 *                   which picture
 *   Error.title     你没有「提现审核」的权限
 *   Error.text      what it means and what to do
 *   Error.ref       E-7F31C0; absent when a number would help nobody
 *   Error.retry     flag: 重试 makes sense (GET only)
 *   Error.home      flag: there is a home page to go to (signed in)
 *
 * A page that refreshes itself sends the header X-Poll: 1 (htmx: hx-headers),
 * so that looking away ends the session after 30 minutes all the same.
 * Preferences are cookies that scripts write: theme, fold, rows.
 * Signing out is POST /logout with _csrf. One's own page is /console/me.
 */
