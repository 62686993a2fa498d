-- Top-ups as they are built: unique by the caller's key, what the app needs
-- to pay as the channel gave it, callbacks as they came, and refunds of money
-- that arrived too late.

ALTER TABLE payment
  ADD COLUMN idem_key VARCHAR(64) NULL AFTER driver_id,
  CHANGE COLUMN pay_url client VARCHAR(1000) NOT NULL DEFAULT '',
  ADD UNIQUE KEY payment_idem (driver_id, idem_key);

-- Callbacks whose signature is the channel's, once each. verdict: 1 applied
-- 2 no effect any more 3 refused
CREATE TABLE payment_notice (
  id           BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  channel      VARCHAR(20) NOT NULL,
  notice_no    VARCHAR(64) NOT NULL,
  out_trade_no VARCHAR(64) NOT NULL,
  payment_id   BIGINT NULL,
  verdict      TINYINT NOT NULL,
  why          VARCHAR(200) NOT NULL DEFAULT '',
  body         TEXT NOT NULL,
  received_at  DATETIME(3) NOT NULL,
  UNIQUE KEY (channel, notice_no),
  KEY (payment_id, id),
  KEY (verdict, id)
) ENGINE=InnoDB;

CREATE TABLE payment_refund (
  id                BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  refund_no         VARCHAR(32) NOT NULL,      -- ours, committed before any call
  payment_id        BIGINT NOT NULL,
  amount            BIGINT NOT NULL,
  state             TINYINT NOT NULL DEFAULT 1, -- 1 queued 2 sent 3 done 4 failed
  reason            VARCHAR(80) NOT NULL,
  channel_refund_no VARCHAR(64) NULL,
  tries             INT NOT NULL DEFAULT 0,
  next_at           DATETIME(3) NULL,
  error             VARCHAR(400) NOT NULL DEFAULT '',
  created_at        DATETIME(3) NOT NULL,
  done_at           DATETIME(3) NULL,
  UNIQUE KEY (refund_no),
  UNIQUE KEY (payment_id),                     -- late money is returned once
  KEY (state, next_at),
  CONSTRAINT payment_refund_payment FOREIGN KEY (payment_id) REFERENCES payment (id)
) ENGINE=InnoDB;
