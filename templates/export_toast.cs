<?cs include!"macro/ui.cs" ?>
<div class="toastx" data-ready="1" hx-get="<?cs var:Task.path ?>/<?cs var:Task.id ?>/progress" hx-trigger="load delay:1s" hx-swap="outerHTML"><?cs call:icon("progress") ?><b>正在导出：<?cs var:Task.title ?></b><span class="sub">已转到后台，可继续其他操作，完成后在此下载。</span></div>
