<!doctype html>
<html lang="zh-CN" data-bs-theme="<?cs if:Page.theme == "dark" ?>dark<?cs else ?>light<?cs /if ?>">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="htmx-config" content='{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,"historyCacheSize":0,"refreshOnHistoryMiss":true,"selfRequestsOnly":true,"ignoreTitle":true,"attributesToSettle":["class","width","height"],"responseHandling":[{"code":"204","swap":false},{"code":"[23]..","swap":true},{"code":"422","swap":true},{"code":"[45]..","swap":false,"error":true}]}'>
<title><?cs var:Page.title ?> - <?cs var:Page.product ?></title>
<link rel="icon" href="/static/img/logo.svg?v=<?cs var:Page.version ?>" type="image/svg+xml">
<link rel="stylesheet" href="/static/vendor/tabler.min.css?v=<?cs var:Page.version ?>">
<?cs if:Page.map ?><link rel="stylesheet" href="/static/vendor/leaflet.css?v=<?cs var:Page.version ?>">
<?cs /if ?><link rel="stylesheet" href="/static/css/tokens.css?v=<?cs var:Page.version ?>">
<link rel="stylesheet" href="/static/css/console.css?v=<?cs var:Page.version ?>">
</head>
