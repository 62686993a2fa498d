<?cs include!"macro/ui.cs" ?>
<h2 id="ask-title"><?cs var:Result.title ?></h2>
<div class="result-rows" id="ask-text"><table class="t t-dense"><thead><tr><th>未完成</th><th>原因</th></tr></thead><tbody><?cs each:r = Result.rows ?><tr><td class="mono"><?cs var:r.text ?></td><td><?cs call:state("fault", r.error) ?></td></tr><?cs /each ?></tbody></table></div>
<footer><a class="btn btn-primary" href="<?cs var:Result.back ?>" data-close autofocus>返回列表</a></footer>
