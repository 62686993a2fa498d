-- What a person decided on a record that nothing could be done with by
-- itself; who did is in the audit.
ALTER TABLE trade_record
  ADD COLUMN handled_at DATETIME(3) NULL,
  ADD COLUMN handled_how TINYINT NOT NULL DEFAULT 0, -- enum orphan_how
  ADD COLUMN handled_why VARCHAR(200) NOT NULL DEFAULT '',
  ADD KEY (handled_at);
