<span class="num" role="status"><?cs var:Detail.clear ?></span>
