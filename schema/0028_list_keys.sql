-- Whoever sees only their own orders looks at them by state, too: such a page
-- and its count read no others.
ALTER TABLE charge_order
  ADD KEY provider_state (provider_id, state, created_at),
  ADD KEY merchant_state (merchant_id, state, created_at),
  ADD KEY station_state (station_id, state, created_at);

-- The few of all records that people see in a list, newest first.
ALTER TABLE trade_record
  ADD COLUMN for_people TINYINT
    AS (state IN (3, 4) OR handled_at IS NOT NULL) STORED,
  ADD KEY for_people (for_people, id);
