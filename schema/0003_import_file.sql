-- An uploaded table between its dry run and its commit: the very same bytes
-- are imported that were shown. The file is PILEHUB_HOME/imports/<token>.
CREATE TABLE import_file (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  token      CHAR(32) NOT NULL,
  account_id BIGINT NOT NULL,
  resource   VARCHAR(40) NOT NULL,
  name       VARCHAR(200) NOT NULL,            -- as uploaded; only shown
  size       BIGINT NOT NULL,
  sha256     BINARY(32) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  used_at    DATETIME(3) NULL,                 -- committed
  UNIQUE KEY (token),
  KEY (expires_at)
) ENGINE=InnoDB;
