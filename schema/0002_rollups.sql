-- Sums over more than a day, so that a page over a year or over all time
-- reads a few rows however long the platform has run.

CREATE TABLE month_station (
  month        DATE NOT NULL,                  -- its first day
  station_id   BIGINT NOT NULL,
  provider_id  BIGINT NOT NULL,
  merchant_id  BIGINT NOT NULL,
  orders       BIGINT NOT NULL DEFAULT 0,
  energy_e4kwh BIGINT NOT NULL DEFAULT 0,
  elec_fen     BIGINT NOT NULL DEFAULT 0,
  service_fen  BIGINT NOT NULL DEFAULT 0,
  total_fen    BIGINT NOT NULL DEFAULT 0,
  seconds      BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (month, station_id),
  KEY (station_id, month)
) ENGINE=InnoDB;

CREATE TABLE total_station (
  station_id   BIGINT NOT NULL PRIMARY KEY,
  provider_id  BIGINT NOT NULL,
  merchant_id  BIGINT NOT NULL,
  orders       BIGINT NOT NULL DEFAULT 0,
  energy_e4kwh BIGINT NOT NULL DEFAULT 0,
  elec_fen     BIGINT NOT NULL DEFAULT 0,
  service_fen  BIGINT NOT NULL DEFAULT 0,
  total_fen    BIGINT NOT NULL DEFAULT 0,
  seconds      BIGINT NOT NULL DEFAULT 0
) ENGINE=InnoDB;
