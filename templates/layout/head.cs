<?cs include!"part/doc.cs" ?><body hx-headers='{"X-CSRF-Token": "<?cs var:Page.csrf ?>"}'<?cs if:Page.rows ?> data-rows="<?cs var:Page.rows ?>"<?cs /if ?>>
<?cs include!"macro/ui.cs" ?>
<a class="skip" href="#main">跳到正文</a>
<div class="shell<?cs if:Page.folded ?> fold<?cs /if ?>" id="shell">
<nav class="side" aria-label="主菜单">
  <a class="brand" href="/console/"><svg class="logo" aria-hidden="true"><use href="/static/img/icons.svg?v=<?cs var:Page.version ?>#logo"></use></svg><span><?cs var:Page.brand ?></span></a>
  <button class="side-find" type="button" data-act="find" title="搜索（Ctrl K）"><?cs call:icon("search") ?><span>搜索</span><kbd>Ctrl K</kbd></button>
  <div class="menu"><?cs each:m = Menu ?><?cs if:m.items.0.title ?>
    <button class="grp<?cs if:m.open ?> open<?cs /if ?>" type="button" aria-expanded="<?cs if:m.open ?>true<?cs else ?>false<?cs /if ?>" data-group title="<?cs var:m.title ?>"><?cs call:icon(m.icon) ?><span><?cs var:m.title ?></span><?cs call:icon("chevron-right") ?></button>
    <div class="sub"><?cs each:it = m.items ?><a href="<?cs var:it.path ?>"<?cs if:it.on ?> class="on" aria-current="page"<?cs /if ?>><span><?cs var:it.title ?></span><?cs call:count(it) ?></a><?cs /each ?></div><?cs else ?>
    <a href="<?cs var:m.path ?>"<?cs if:m.on ?> class="on" aria-current="page"<?cs /if ?> title="<?cs var:m.title ?>"><?cs call:icon(m.icon) ?><span><?cs var:m.title ?></span><?cs call:count(m) ?></a><?cs /if ?><?cs /each ?>
  </div>
  <button class="side-foot" type="button" data-act="fold" title="收起或展开菜单（[）"><?cs call:icon("layout-sidebar") ?><span>收起菜单</span><kbd>[</kbd></button>
</nav>
<header class="top">
  <nav class="crumbs" aria-label="位置"><?cs each:c = Page.crumbs ?><?cs if:!first(c) ?><?cs call:icon("chevron-right") ?><?cs /if ?><?cs if:last(c) ?><b><?cs var:c.title ?></b><?cs elif:c.path ?><a href="<?cs var:c.path ?>"><?cs var:c.title ?></a><?cs else ?><span><?cs var:c.title ?></span><?cs /if ?><?cs /each ?></nav>
  <span class="grow"></span>
  <?cs if:Page.demo ?><span class="pill st-warn" title="第三方服务均为本机模拟，数据为演示数据"><?cs call:mark("warn") ?>演示环境</span><?cs /if ?>
  <?cs if:Data.title ?><span class="pick" title="数据范围"><?cs call:icon("building") ?><?cs var:Data.title ?><?cs if:Data.count ?><span class="muted num"><?cs var:Data.count ?></span><?cs /if ?></span><?cs /if ?>
  <?cs if:Task.path ?><a class="ib" href="<?cs var:Task.path ?>" title="后台任务" aria-label="后台任务<?cs if:Task.count ?>，<?cs var:Task.count ?> 个进行中<?cs /if ?>"><?cs call:icon("progress") ?><?cs if:Task.count ?><span class="cnt"><?cs var:Task.count ?></span><?cs /if ?></a><?cs /if ?>
  <?cs if:Alarm.path ?><a class="ib" href="<?cs var:Alarm.path ?>" title="故障电枪" aria-label="故障电枪<?cs if:Alarm.count ?> <?cs var:Alarm.count ?> 把<?cs /if ?>"><?cs call:icon("bell") ?><?cs if:Alarm.count ?><span class="cnt"><?cs var:Alarm.count ?></span><?cs /if ?></a><?cs /if ?>
  <button class="ib" type="button" title="切换主题" aria-label="切换主题" data-act="theme"><?cs call:icon("moon") ?></button>
  <button class="ib" type="button" title="快捷键（?）" aria-label="快捷键" data-act="keys"><?cs call:icon("keyboard") ?></button>
  <span class="pop-at">
    <button class="me" type="button" data-menu="me-menu" aria-haspopup="menu" aria-expanded="false"><span class="ava" aria-hidden="true"><?cs var:Me.initial ?></span><?cs var:Me.name ?><?cs call:icon("chevron-down") ?></button>
    <div class="pop pop-end" id="me-menu" role="menu" hidden>
      <div class="hd"><b><?cs var:Me.name ?></b> <span class="num"><?cs var:Me.phone ?></span><br><?cs var:Me.org ?><?cs if:Me.role ?> · <?cs var:Me.role ?><?cs /if ?></div><hr>
      <a href="/console/me" role="menuitem"><?cs call:icon("user") ?>个人档案</a>
      <form method="post" action="/logout"><?cs call:csrf() ?><button class="it" type="submit" role="menuitem"><?cs call:icon("logout") ?>退出登录</button></form>
    </div>
  </span>
</header>
<main class="main" id="main" tabindex="-1">
<div class="printhead"><b><?cs var:Page.brand ?> · <?cs var:Page.title ?></b><span>打印于 <?cs var:Page.time ?> · <?cs var:Me.name ?></span></div>
