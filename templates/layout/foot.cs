<?cs include!"macro/ui.cs" ?></main>
</div>
<dialog class="drawer" id="drawer" aria-label="详情"></dialog>
<dialog class="modalx" id="ask" role="alertdialog" aria-labelledby="ask-title" aria-describedby="ask-text"></dialog>
<dialog class="modalx keys" id="keys" aria-labelledby="keys-title">
  <h2 id="keys-title">快捷键</h2>
  <div class="g2"><dl class="dl">
    <dt><kbd>Ctrl K</kbd></dt><dd>搜索菜单、订单、电桩</dd>
    <dt><kbd>/</kbd></dt><dd>第一个筛选框</dd>
    <dt><kbd>g</kbd> <kbd>h</kbd></dt><dd>首页</dd>
    <dt><kbd>g</kbd> <kbd>w</kbd></dt><dd>充电实况</dd>
    <dt><kbd>g</kbd> <kbd>o</kbd></dt><dd>订单</dd>
    <dt><kbd>g</kbd> <kbd>p</kbd></dt><dd>电桩</dd>
    <dt><kbd>n</kbd></dt><dd>新增</dd>
    <dt><kbd>e</kbd></dt><dd>编辑</dd>
    <dt><kbd>[</kbd></dt><dd>收起或展开菜单</dd>
  </dl><dl class="dl">
    <dt><kbd>J</kbd> <kbd>↓</kbd></dt><dd>下一行或下一条</dd>
    <dt><kbd>K</kbd> <kbd>↑</kbd></dt><dd>上一行或上一条</dd>
    <dt><kbd>Enter</kbd></dt><dd>打开所在行</dd>
    <dt><kbd>x</kbd></dt><dd>勾选，<kbd>Shift x</kbd> 连选</dd>
    <dt><kbd>.</kbd></dt><dd>行菜单</dd>
    <dt><kbd>Ctrl S</kbd></dt><dd>保存</dd>
    <dt><kbd>Esc</kbd></dt><dd>关闭或取消选择</dd>
    <dt><kbd>r</kbd></dt><dd>刷新</dd>
    <dt><kbd>?</kbd></dt><dd>快捷键列表</dd>
  </dl></div>
  <footer><label class="fs13 d-flex align-items-center gap-2"><input class="cb" type="checkbox" data-act="keys-on" checked>启用单键快捷键</label><span class="grow"></span><button class="btn" type="button" data-close>关闭</button></footer>
</dialog>
<dialog class="finder" id="finder" aria-label="搜索">
  <div class="inw"><?cs call:icon("search") ?><input class="in" type="search" role="combobox" aria-expanded="true" aria-controls="finder-list" aria-autocomplete="list" placeholder="菜单、订单号、电桩编号" maxlength="64"<?cs if:Page.find ?> data-url="<?cs var:Page.find ?>"<?cs /if ?>></div>
  <ul class="finder-list" id="finder-list" role="listbox" aria-label="结果"></ul>
</dialog>
<?cs include!"part/scripts.cs" ?></body>
</html>
