-- The orders of one driver, and those of one state, in the order of the list.
-- The keys that end in the id stay: jobs and the app walk along them.
ALTER TABLE charge_order
  ADD KEY driver_created (driver_id, created_at),
  ADD KEY state_created (state, created_at);
