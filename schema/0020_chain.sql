-- Tamper evidence of the ledger, as that of the audit, and the heads of both
-- chains as they stood every hour, with an HMAC under a key that only the jobs
-- have (rule L2). NULL: noted without a key; whoever has one does not believe it.
CREATE TABLE ledger_seal (
  seq   BIGINT NOT NULL PRIMARY KEY,
  tx_id BIGINT NOT NULL,
  chain BINARY(32) NOT NULL,
  UNIQUE KEY (tx_id)
) ENGINE=InnoDB;

CREATE TABLE chain_head (
  name  VARCHAR(20) NOT NULL,
  seq   BIGINT NOT NULL,
  chain BINARY(32) NOT NULL,
  mac   VARBINARY(32) NULL,
  at    DATETIME(3) NOT NULL,
  PRIMARY KEY (name, seq)
) ENGINE=InnoDB;
