-- Orders whose money is still reserved are few: jobs find them by this mark
-- however long the history is. provisional_at: settled from telemetry because
-- no record came (G13); the record that comes later posts the difference.
ALTER TABLE charge_order
  ADD COLUMN hold_open TINYINT NOT NULL DEFAULT 0,
  ADD COLUMN provisional_at DATETIME(3) NULL,
  ADD KEY (hold_open, id);

-- Changes to settled orders (M13): a row each, never an overwritten figure
-- without one. The figures are differences.
CREATE TABLE order_adjust (
  id           BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id     BIGINT NOT NULL,
  at           DATETIME(3) NOT NULL,
  energy_e4kwh BIGINT NOT NULL,
  elec_fen     BIGINT NOT NULL,
  service_fen  BIGINT NOT NULL,
  total_fen    BIGINT NOT NULL,
  arrears_fen  BIGINT NOT NULL,
  reason       VARCHAR(200) NOT NULL,
  actor_kind   TINYINT NOT NULL,
  actor_id     BIGINT NOT NULL,
  tx_id        BIGINT NULL,
  KEY (order_id, id)
) ENGINE=InnoDB;
