SELECT o.id, o.order_no, o.state, s.id, s.name, c.name, d.phone, o.plate,
       o.created_at, NULLIF(o.seconds, 0),
       IF(o.state >= 8, o.energy_e4kwh, o.live_energy_e4kwh), o.service_fen,
       IF(o.state >= 8, o.total_fen, o.live_amount_fen)
  FROM charge_order o
  LEFT JOIN station s ON s.id = o.station_id
  LEFT JOIN connector c ON c.id = o.connector_id
  LEFT JOIN pile p ON p.id = o.pile_id
  LEFT JOIN org m ON m.id = o.merchant_id
  LEFT JOIN driver d ON d.id = o.driver_id
 ORDER BY o.id DESC LIMIT ?
