-- Trade records that nothing could be done with by themselves. aborts: tries
-- that ended the settling process; committed before each try of a suspect, 0
-- again when it came back. for_trade_no: the order a person assigned an
-- orphan to.
ALTER TABLE trade_record
  ADD COLUMN aborts TINYINT UNSIGNED NOT NULL DEFAULT 0 AFTER tries,
  ADD COLUMN for_trade_no CHAR(32) NULL AFTER trade_no,
  ADD UNIQUE KEY (for_trade_no);

-- A run of settling that has begun and not ended: whoever finds one knows
-- that it died on the way.
CREATE TABLE settle_run (
  id       TINYINT NOT NULL PRIMARY KEY, -- 1, the only one
  begun_at DATETIME(3) NULL              -- NULL: it ended
) ENGINE=InnoDB;
INSERT INTO settle_run (id, begun_at) VALUES (1, NULL);
