-- The console finds the events of piles by their days.
ALTER TABLE pile_event
  ADD KEY (at);
