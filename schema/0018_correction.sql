-- Corrections by people (rule M13): what one decided, why, and above the
-- configured amount the second one who approved it. Rows are kept for good;
-- only what becomes of a waiting one is written later.
CREATE TABLE correction (
  id           BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  kind         TINYINT NOT NULL,           -- 1 order review 2 refund
  ref_id       BIGINT NOT NULL,            -- of the order or refund
  ref_no       VARCHAR(40) NOT NULL,
  how          TINYINT NOT NULL,           -- enum correction_how
  amount       BIGINT NOT NULL,            -- fen that it moves or forgoes
  reason       VARCHAR(200) NOT NULL,
  state        TINYINT NOT NULL,           -- 1 waiting 2 done 3 refused
  author_id    BIGINT NOT NULL,
  author_name  VARCHAR(60) NOT NULL,
  decider_id   BIGINT NULL,                -- NULL: none was needed
  decider_name VARCHAR(60) NULL,
  refused_why  VARCHAR(200) NULL,
  provider_id  BIGINT NULL,
  merchant_id  BIGINT NULL,
  station_id   BIGINT NULL,
  created_at   DATETIME(3) NOT NULL,
  decided_at   DATETIME(3) NULL,
  waiting      TINYINT AS (IF(state = 1, 1, NULL)) PERSISTENT,
  UNIQUE KEY (kind, ref_id, waiting),      -- one at a time for a document
  KEY (state, id),
  KEY (provider_id, id),
  KEY (created_at, id),
  CONSTRAINT correction_two_people
    CHECK (state <> 2 OR decider_id IS NULL OR decider_id <> author_id)
) ENGINE=InnoDB;
