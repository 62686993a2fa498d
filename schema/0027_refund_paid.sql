-- A refund by hand is over when somebody has paid it: the number of the
-- document that shows it (bank transfer, cash receipt), each good for one, and
-- when a second person confirmed it.
ALTER TABLE payment_refund
  ADD COLUMN paid_doc VARCHAR(40) NULL,
  ADD COLUMN paid_at  DATETIME(3) NULL,
  ADD UNIQUE KEY (paid_doc);
