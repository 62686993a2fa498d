-- What the jobs that check the books found last (rules R1, R2): one row a
-- check. broken_at: since when it is broken; NULL: it is not.
CREATE TABLE book_check (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name       VARCHAR(100) NOT NULL,
  title      VARCHAR(100) NOT NULL,
  breaks     BIGINT NOT NULL,
  first_row  VARCHAR(200) NULL,
  every_s    INT NOT NULL,                 -- how often it is due
  checked_at DATETIME(3) NOT NULL,
  broken_at  DATETIME(3) NULL,
  UNIQUE KEY (name)
) ENGINE=InnoDB;
