<?php
/* One row by its key as JSON, as the driver API answers it. */
$config = parse_ini_file(getenv('BENCH_CONFIG') ?: $_SERVER['BENCH_CONFIG']);
$db = new PDO('mysql:unix_socket=' . $config['socket'] . ';dbname=' . $config['name'] . ';charset=utf8mb4',
    $config['user'], $config['password'],
    [PDO::ATTR_PERSISTENT => true, PDO::ATTR_EMULATE_PREPARES => false, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
$q = $db->prepare('SELECT id, phone, name, plate FROM driver WHERE id = ?');
$q->execute([1]);
$d = $q->fetch(PDO::FETCH_ASSOC);
header('Content-Type: application/json; charset=utf-8');
echo json_encode(['code' => 0, 'data' => ['id' => (string)$d['id'], 'phone' => substr($d['phone'], 0, 3) . '****' . substr($d['phone'], -4),
    'name' => $d['name'], 'plate' => $d['plate']]], JSON_UNESCAPED_UNICODE);
