-- The driver said how far to charge at most: a top-up does not lift that.
ALTER TABLE charge_order
  ADD COLUMN is_limited TINYINT NOT NULL DEFAULT 0 AFTER hold_fen;
