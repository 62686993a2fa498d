<?php
/*
 * The order list in plain PHP: the same statements and the same bytes around
 * the rows as the console's page, which scripts/bench cuts out of it.
 */
$config = parse_ini_file(getenv('BENCH_CONFIG') ?: $_SERVER['BENCH_CONFIG']);
$db = new PDO('mysql:unix_socket=' . $config['socket'] . ';dbname=' . $config['name'] . ';charset=utf8mb4',
    $config['user'], $config['password'],
    [PDO::ATTR_PERSISTENT => true, PDO::ATTR_EMULATE_PREPARES => false, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
$h = fn($s) => htmlspecialchars((string)$s, ENT_QUOTES, 'UTF-8');
$money = fn($fen) => number_format($fen / 100, 2);

/* Who asks, as the console does for every page. */
$session = $db->prepare('SELECT s.id, a.id, a.name, a.org_id FROM session s JOIN account a ON a.id = s.owner_id WHERE s.kind = 1 ORDER BY s.id DESC LIMIT ?');
$session->bindValue(1, 1, PDO::PARAM_INT);
$session->execute();
$session->fetchAll();

$rows = $db->prepare(file_get_contents($config['sql']));
$rows->bindValue(1, 21, PDO::PARAM_INT);
$rows->execute();
$total = $db->prepare('SELECT COUNT(*) FROM (SELECT 1 FROM charge_order LIMIT ?) t');
$total->bindValue(1, 10001, PDO::PARAM_INT);
$total->execute();
$total->fetchColumn();

$states = [1 => ['reserved', '已创建'], ['reserved', '启动中'], ['reserved', '等待插枪'], ['charging', '充电中'],
    ['charging', '停止中'], ['warn', '等待结算'], ['fault', '启动失败'], ['occupied', '结算中'], ['warn', '待复核'], ['ok', '已完成']];
readfile($config['head']);
$n = 0;
foreach ($rows->fetchAll(PDO::FETCH_NUM) as $r) {
    if ($n++ === 20)
        break;
    [$id, $no, $state, $station_id, $station, $gun, $phone, $plate, $created, $seconds, $energy, $service, $amount] = $r;
    [$key, $word] = $states[$state];
    $duration = $seconds ? sprintf('%d:%02d:%02d', $seconds / 3600, $seconds / 60 % 60, $seconds % 60) : '—';
    echo '<tr data-id="', $id, '"><td class="fix"><input type="checkbox" class="cb" aria-label="选择 ', $h($no), '"></td>',
        '<td class="fix2"><a href="/console/order/', $id, '">', $h($no), '</a></td>',
        '<td><span class="st st-', $key, '"><svg aria-hidden="true"><use href="/static/img/icons.svg#st-', $key, '"></use></svg>', $word, '</span></td>',
        '<td><a class="ink2" href="/console/station/', $station_id, '">', $h($station), '</a></td>',
        '<td>', $h($gun), '</td><td>', $h(substr($phone, 0, 3) . '****' . substr($phone, -4)), '</td><td>', $h($plate), '</td>',
        '<td class="num">', $h(substr($created, 5, 14)), '</td><td class="r">', $duration, '</td>',
        '<td class="r">', number_format($energy / 10000, 2), '<span class="unit">kWh</span></td>',
        '<td class="r">', $money($service), '</td><td class="r">', $money($amount), '</td>',
        '<td class="fixr"><button class="act" aria-label="更多操作"><svg class="i" aria-hidden="true"><use href="/static/img/icons.svg#dots"></use></svg></button></td></tr>', "\n";
}
readfile($config['foot']);
