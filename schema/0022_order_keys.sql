-- The order list is sorted by time. An index of what it is filtered by and the
-- time serves a page, and a range of days, without reading what is older. The
-- keys that end in the id stay where jobs and the app walk along them.
ALTER TABLE charge_order
  DROP KEY provider_id, ADD KEY provider_id (provider_id, created_at),
  DROP KEY merchant_id, ADD KEY merchant_id (merchant_id, created_at),
  DROP KEY station_id,  ADD KEY station_id (station_id, created_at),
  DROP KEY pile_id,     ADD KEY pile_id (pile_id, created_at),
  ADD KEY driver_created (driver_id, created_at),
  ADD KEY state_created (state, created_at),
  ADD KEY plate (plate, created_at),
  ADD KEY vin (vin, created_at),
  ADD KEY start_by (start_by, created_at);
