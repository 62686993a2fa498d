-- A correction may name what it is done to besides its own row: the order or
-- the driver that a trade record of nobody is given to.
ALTER TABLE correction
  ADD COLUMN target_id BIGINT NULL AFTER how;
