-- The audit page lists and filters by time.
ALTER TABLE audit ADD KEY (at), ADD KEY (actor_name);
