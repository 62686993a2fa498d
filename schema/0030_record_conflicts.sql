-- Records whose number is taken by another stand in a list now: of a pile.
ALTER TABLE trade_record_conflict ADD KEY (pile_id, id);
