<div class="toast-box" id="toasts" role="status" aria-live="polite"><?cs call:toasts() ?></div>
<script src="/static/vendor/htmx.min.js?v=<?cs var:Page.version ?>"></script>
<script src="/static/js/console.js?v=<?cs var:Page.version ?>"></script>
<script src="/static/js/forms.js?v=<?cs var:Page.version ?>"></script>
<script src="/static/js/lists.js?v=<?cs var:Page.version ?>"></script>
<script src="/static/js/live.js?v=<?cs var:Page.version ?>"></script>
<?cs if:Page.charts ?><script src="/static/vendor/echarts.min.js?v=<?cs var:Page.version ?>"></script>
<script src="/static/js/charts.js?v=<?cs var:Page.version ?>"></script>
<?cs /if ?><?cs if:Page.map ?><script src="/static/vendor/leaflet.js?v=<?cs var:Page.version ?>"></script>
<script src="/static/js/map.js?v=<?cs var:Page.version ?>"></script>
<?cs /if ?><?cs if:Page.tariff ?><script src="/static/js/tariff.js?v=<?cs var:Page.version ?>"></script>
<?cs /if ?>
