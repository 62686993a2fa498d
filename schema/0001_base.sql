-- Everything that the first charge needs. Conventions:
--   ids BIGINT AUTO_INCREMENT without meaning; times DATETIME(3), wall time
--   Asia/Shanghai; money in fen, prices in 1e-5 yuan/kWh, energy in 1e-4 kWh,
--   power in W, voltage 0.1 V, current 0.1 A; enumerations TINYINT whose
--   values are the X-macro of the subject's header.
--   provider_id / merchant_id / station_id on a row are its owners, frozen
--   when the row is made: lists and scope use them without joins.

-- ---- organisations, people, rights -----------------------------------------

CREATE TABLE org (
  id            BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  parent_id     BIGINT NULL,
  kind          TINYINT NOT NULL,              -- 1 platform 2 provider 3 merchant
  merchant_kind TINYINT NOT NULL DEFAULT 0,    -- 1 property 2 self 3 joint 4 franchise 5 private
  name          VARCHAR(80) NOT NULL,
  provider_id   BIGINT NULL,                   -- itself for a provider, its provider for a merchant
  status        TINYINT NOT NULL DEFAULT 1,    -- 1 enabled 2 disabled
  contact       VARCHAR(40) NOT NULL DEFAULT '',
  phone         VARCHAR(20) NOT NULL DEFAULT '',
  province      VARCHAR(20) NOT NULL DEFAULT '',
  city          VARCHAR(20) NOT NULL DEFAULT '',
  district      VARCHAR(20) NOT NULL DEFAULT '',
  address       VARCHAR(120) NOT NULL DEFAULT '',
  note          VARCHAR(400) NOT NULL DEFAULT '',
  created_at    DATETIME(3) NOT NULL,
  updated_at    DATETIME(3) NOT NULL,
  ver           INT NOT NULL DEFAULT 1,
  UNIQUE KEY (parent_id, name),
  KEY (provider_id, kind),
  CONSTRAINT org_parent FOREIGN KEY (parent_id) REFERENCES org (id)
) ENGINE=InnoDB;

CREATE TABLE account (
  id            BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  org_id        BIGINT NOT NULL,
  phone         VARCHAR(20) NOT NULL,          -- the login name
  name          VARCHAR(40) NOT NULL,
  password      VARCHAR(128) NULL,             -- Argon2id; NULL until claimed
  password_at   DATETIME(3) NULL,
  status        TINYINT NOT NULL DEFAULT 1,    -- 1 enabled 2 disabled
  station_bound TINYINT NOT NULL DEFAULT 0,    -- 1: only account_station
  rights_ver    INT NOT NULL DEFAULT 1,        -- grows when roles or status change
  signed_in_at  DATETIME(3) NULL,
  created_at    DATETIME(3) NOT NULL,
  updated_at    DATETIME(3) NOT NULL,
  ver           INT NOT NULL DEFAULT 1,
  UNIQUE KEY (phone),
  KEY (org_id),
  CONSTRAINT account_org FOREIGN KEY (org_id) REFERENCES org (id)
) ENGINE=InnoDB;

CREATE TABLE account_password_old (
  account_id BIGINT NOT NULL,
  at         DATETIME(3) NOT NULL,
  password   VARCHAR(128) NOT NULL,
  PRIMARY KEY (account_id, at)
) ENGINE=InnoDB;

CREATE TABLE role (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  org_id     BIGINT NOT NULL,                  -- whose role it is
  name       VARCHAR(40) NOT NULL,
  note       VARCHAR(200) NOT NULL DEFAULT '',
  built_in   TINYINT NOT NULL DEFAULT 0,       -- 1: every permission, cannot be edited
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  ver        INT NOT NULL DEFAULT 1,
  UNIQUE KEY (org_id, name),
  CONSTRAINT role_org FOREIGN KEY (org_id) REFERENCES org (id)
) ENGINE=InnoDB;

CREATE TABLE role_perm (
  role_id BIGINT NOT NULL,
  perm    VARCHAR(60) NOT NULL,
  PRIMARY KEY (role_id, perm),
  CONSTRAINT role_perm_role FOREIGN KEY (role_id) REFERENCES role (id)
) ENGINE=InnoDB;

CREATE TABLE account_role (
  account_id BIGINT NOT NULL,
  role_id    BIGINT NOT NULL,
  PRIMARY KEY (account_id, role_id),
  KEY (role_id),
  CONSTRAINT account_role_account FOREIGN KEY (account_id) REFERENCES account (id),
  CONSTRAINT account_role_role FOREIGN KEY (role_id) REFERENCES role (id)
) ENGINE=InnoDB;

CREATE TABLE account_station (
  account_id BIGINT NOT NULL,
  station_id BIGINT NOT NULL,
  PRIMARY KEY (account_id, station_id),
  KEY (station_id)
) ENGINE=InnoDB;

-- Console accounts and drivers alike; only the SHA-256 of the token is kept.
CREATE TABLE session (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  token_hash BINARY(32) NOT NULL,
  kind       TINYINT NOT NULL,                 -- 1 account 2 driver
  owner_id   BIGINT NOT NULL,
  csrf       BINARY(32) NOT NULL,
  rights_ver INT NOT NULL DEFAULT 1,
  address    VARCHAR(45) NOT NULL DEFAULT '',
  agent      VARCHAR(200) NOT NULL DEFAULT '',
  toast      VARCHAR(400) NULL,                -- shown once after a redirect
  created_at DATETIME(3) NOT NULL,
  seen_at    DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  UNIQUE KEY (token_hash),
  KEY (kind, owner_id, created_at),
  KEY (expires_at)
) ENGINE=InnoDB;

-- Failures and limits by subject: "login:138...", "addr:1.2.3.4", "sms:...".
CREATE TABLE guard (
  subject    VARCHAR(120) NOT NULL PRIMARY KEY,
  fails      INT NOT NULL DEFAULT 0,
  window_at  DATETIME(3) NOT NULL,
  locked_to  DATETIME(3) NULL,
  KEY (window_at)
) ENGINE=InnoDB;

-- One-time codes sent by SMS; only a keyed hash is kept.
CREATE TABLE sms_code (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  phone      VARCHAR(20) NOT NULL,
  purpose    VARCHAR(20) NOT NULL,
  code_hash  BINARY(32) NOT NULL,
  tries      INT NOT NULL DEFAULT 0,
  used_at    DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  KEY (phone, purpose, created_at),
  KEY (expires_at)
) ENGINE=InnoDB;

CREATE TABLE captcha (
  id         CHAR(32) NOT NULL PRIMARY KEY,
  answer     CHAR(8) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  KEY (expires_at)
) ENGINE=InnoDB;

-- Single-use tokens of money and permission forms.
CREATE TABLE form_token (
  token      CHAR(32) NOT NULL PRIMARY KEY,
  session_id BIGINT NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  KEY (expires_at)
) ENGINE=InnoDB;

CREATE TABLE user_pref (
  account_id BIGINT NOT NULL,
  name       VARCHAR(60) NOT NULL,             -- "list.pile"
  value      TEXT NOT NULL,                    -- JSON
  PRIMARY KEY (account_id, name)
) ENGINE=InnoDB;

-- ---- audit, idempotency, jobs, outbox ---------------------------------------

CREATE TABLE audit (
  id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  at          DATETIME(3) NOT NULL,
  actor_kind  TINYINT NOT NULL,
  actor_id    BIGINT NOT NULL,
  actor_name  VARCHAR(60) NOT NULL,
  org_id      BIGINT NOT NULL,
  provider_id BIGINT NULL,                     -- owners of the actor, for scope
  merchant_id BIGINT NULL,
  address     VARCHAR(45) NOT NULL,
  session_id  BIGINT NOT NULL,
  request_id  VARCHAR(40) NOT NULL,
  event       VARCHAR(60) NOT NULL,            -- "pile.reboot"
  object      VARCHAR(40) NOT NULL,            -- "pile"
  object_id   BIGINT NOT NULL,
  text        VARCHAR(400) NOT NULL,
  before_json MEDIUMTEXT NULL,
  after_json  MEDIUMTEXT NULL,
  KEY (object, object_id, id),
  KEY (actor_kind, actor_id, id),
  KEY (provider_id, id),
  KEY (merchant_id, id),
  KEY (event, id)
) ENGINE=InnoDB;

-- The sealer gives committed rows a gapless number and a hash chain.
CREATE TABLE audit_seal (
  seq      BIGINT NOT NULL PRIMARY KEY,
  audit_id BIGINT NOT NULL,
  chain    BINARY(32) NOT NULL,
  UNIQUE KEY (audit_id)
) ENGINE=InnoDB;

CREATE TABLE idem (
  scope      VARCHAR(40) NOT NULL,             -- "driver:17:order.start"
  idem_key   VARCHAR(64) NOT NULL,
  body_hash  BINARY(32) NOT NULL,
  status     INT NOT NULL DEFAULT 0,           -- HTTP status of the stored answer
  answer     MEDIUMTEXT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (scope, idem_key),
  KEY (created_at)
) ENGINE=InnoDB;

CREATE TABLE lease (
  name       VARCHAR(60) NOT NULL PRIMARY KEY,
  owner      VARCHAR(80) NOT NULL,
  epoch      BIGINT NOT NULL,
  expires_at DATETIME(3) NOT NULL
) ENGINE=InnoDB;

CREATE TABLE job_run (
  name       VARCHAR(60) NOT NULL PRIMARY KEY,
  started_at DATETIME(3) NULL,
  ended_at   DATETIME(3) NULL,
  next_at    DATETIME(3) NOT NULL,
  runs       BIGINT NOT NULL DEFAULT 0,
  failures   BIGINT NOT NULL DEFAULT 0,
  error      VARCHAR(400) NULL
) ENGINE=InnoDB;

CREATE TABLE outbox (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  topic      VARCHAR(60) NOT NULL,             -- "order.settled"
  aggregate  VARCHAR(60) NOT NULL,             -- order is kept per aggregate
  payload    MEDIUMTEXT NOT NULL,              -- JSON
  created_at DATETIME(3) NOT NULL,
  tries      INT NOT NULL DEFAULT 0,
  next_at    DATETIME(3) NOT NULL,
  done_at    DATETIME(3) NULL,
  dead_at    DATETIME(3) NULL,
  error      VARCHAR(400) NULL,
  KEY (done_at, dead_at, next_at),
  KEY (aggregate, id)
) ENGINE=InnoDB;

CREATE TABLE outbox_seen (
  consumer VARCHAR(40) NOT NULL,
  event_id BIGINT NOT NULL,
  PRIMARY KEY (consumer, event_id)
) ENGINE=InnoDB;

CREATE TABLE export_task (
  id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  account_id  BIGINT NOT NULL,
  resource    VARCHAR(40) NOT NULL,
  title       VARCHAR(120) NOT NULL,
  format      VARCHAR(8) NOT NULL,
  query       TEXT NOT NULL,
  state       TINYINT NOT NULL DEFAULT 1,      -- 1 queued 2 running 3 done 4 failed 5 expired
  rows_done   BIGINT NOT NULL DEFAULT 0,
  rows_total  BIGINT NOT NULL DEFAULT 0,
  file        VARCHAR(200) NOT NULL DEFAULT '',
  size        BIGINT NOT NULL DEFAULT 0,
  error       VARCHAR(400) NOT NULL DEFAULT '',
  created_at  DATETIME(3) NOT NULL,
  ended_at    DATETIME(3) NULL,
  expires_at  DATETIME(3) NULL,
  KEY (account_id, id),
  KEY (state, id)
) ENGINE=InnoDB;

-- ---- assets ------------------------------------------------------------------

CREATE TABLE station (
  id            BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  provider_id   BIGINT NOT NULL,
  merchant_id   BIGINT NOT NULL,
  name          VARCHAR(80) NOT NULL,
  kind          TINYINT NOT NULL DEFAULT 1,    -- 1 car 2 bicycle
  nature        TINYINT NOT NULL DEFAULT 1,    -- 1 self 2 joint 3 franchise 4 private 5 entrusted
  status        TINYINT NOT NULL DEFAULT 1,    -- 1 enabled 2 disabled
  review        TINYINT NOT NULL DEFAULT 2,    -- 1 waiting 2 passed 3 rejected
  contact       VARCHAR(40) NOT NULL DEFAULT '',
  phone         VARCHAR(20) NOT NULL DEFAULT '',
  hotline       VARCHAR(20) NOT NULL DEFAULT '',
  intro         VARCHAR(400) NOT NULL DEFAULT '',
  hours         VARCHAR(60) NOT NULL DEFAULT '00:00-24:00',
  max_power_w   INT NOT NULL DEFAULT 0,
  load_w        INT NOT NULL DEFAULT 0,
  province      VARCHAR(20) NOT NULL DEFAULT '',
  city          VARCHAR(20) NOT NULL DEFAULT '',
  district      VARCHAR(20) NOT NULL DEFAULT '',
  address       VARCHAR(120) NOT NULL DEFAULT '',
  lng_e6        INT NOT NULL DEFAULT 0,        -- GCJ-02 degrees x 1e6
  lat_e6        INT NOT NULL DEFAULT 0,
  parking_note  VARCHAR(200) NOT NULL DEFAULT '',
  created_at    DATETIME(3) NOT NULL,
  updated_at    DATETIME(3) NOT NULL,
  ver           INT NOT NULL DEFAULT 1,
  UNIQUE KEY (merchant_id, name),
  KEY (provider_id, id),
  KEY (city, district),
  KEY (lat_e6, lng_e6),
  KEY (name),
  CONSTRAINT station_provider FOREIGN KEY (provider_id) REFERENCES org (id),
  CONSTRAINT station_merchant FOREIGN KEY (merchant_id) REFERENCES org (id)
) ENGINE=InnoDB;

CREATE TABLE area (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  station_id BIGINT NOT NULL,
  no         VARCHAR(20) NOT NULL,
  name       VARCHAR(40) NOT NULL,
  phone      VARCHAR(20) NOT NULL DEFAULT '',
  power_w    INT NOT NULL DEFAULT 0,
  spaces     INT NOT NULL DEFAULT 0,           -- parking spaces
  status     TINYINT NOT NULL DEFAULT 1,
  is_default TINYINT NOT NULL DEFAULT 0,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  ver        INT NOT NULL DEFAULT 1,
  UNIQUE KEY (no),
  UNIQUE KEY (station_id, name),
  CONSTRAINT area_station FOREIGN KEY (station_id) REFERENCES station (id)
) ENGINE=InnoDB;

CREATE TABLE pile (
  id            BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  no            CHAR(14) NOT NULL,             -- the code it logs in with
  name          VARCHAR(40) NOT NULL,          -- name in the station
  factory_no    VARCHAR(40) NOT NULL DEFAULT '',
  station_id    BIGINT NOT NULL,
  area_id       BIGINT NOT NULL,
  maker         VARCHAR(40) NOT NULL DEFAULT '',
  model         VARCHAR(40) NOT NULL DEFAULT '',
  version       VARCHAR(20) NOT NULL DEFAULT '',
  kind          TINYINT NOT NULL,              -- 1 DC 2 AC
  speed         TINYINT NOT NULL DEFAULT 1,    -- 1 fast 2 slow 3 super
  guns          TINYINT UNSIGNED NOT NULL,
  power_w       INT NOT NULL,
  voltage_dv    INT NOT NULL DEFAULT 0,
  current_da    INT NOT NULL DEFAULT 0,
  sim_no        VARCHAR(20) NOT NULL DEFAULT '',
  sim_carrier   TINYINT NOT NULL DEFAULT 0,    -- 1 Mobile 2 Telecom 3 Unicom 4 other
  nature        TINYINT NOT NULL DEFAULT 1,    -- as station.nature
  owner         VARCHAR(80) NOT NULL DEFAULT '',
  occupy_fee    TINYINT NOT NULL DEFAULT 0,
  reservable    TINYINT NOT NULL DEFAULT 0,
  mounting      TINYINT NOT NULL DEFAULT 1,    -- 1 floor 2 wall 3 column
  protection    VARCHAR(10) NOT NULL DEFAULT 'IP54',
  network       TINYINT NOT NULL DEFAULT 0,    -- 0 SIM 1 LAN 2 WAN 3 other
  status        TINYINT NOT NULL DEFAULT 1,    -- 1 enabled 2 disabled
  login_policy  TINYINT NOT NULL DEFAULT 3,    -- 1 strict 2 pin on first use 3 observe (G4)
  pinned_address VARCHAR(45) NOT NULL DEFAULT '',
  crc_tx        TINYINT NOT NULL DEFAULT 1,    -- 1 low 2 swapped 3 mirror
  fault_shift   TINYINT NOT NULL DEFAULT 0,
  tariff_no     CHAR(4) NOT NULL DEFAULT '0000', -- tariff number it last confirmed
  firmware      VARCHAR(20) NOT NULL DEFAULT '',
  protocol      VARCHAR(10) NOT NULL DEFAULT '',
  gateway_id    BIGINT NULL,                   -- who holds its connection (G6)
  epoch         BIGINT NOT NULL DEFAULT 0,
  online        TINYINT NOT NULL DEFAULT 0,
  login_at      DATETIME(3) NULL,
  seen_at       DATETIME(3) NULL,
  offline_at    DATETIME(3) NULL,
  address_seen  VARCHAR(45) NOT NULL DEFAULT '',
  clock_off_ms  BIGINT NOT NULL DEFAULT 0,
  deleted_at    DATETIME(3) NULL,
  created_at    DATETIME(3) NOT NULL,
  updated_at    DATETIME(3) NOT NULL,
  ver           INT NOT NULL DEFAULT 1,
  UNIQUE KEY (no),
  KEY (station_id, no),
  KEY (area_id),
  KEY (gateway_id),
  KEY (name),
  CONSTRAINT pile_station FOREIGN KEY (station_id) REFERENCES station (id),
  CONSTRAINT pile_area FOREIGN KEY (area_id) REFERENCES area (id)
) ENGINE=InnoDB;

CREATE TABLE connector (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  pile_id    BIGINT NOT NULL,
  station_id BIGINT NOT NULL,
  gun        TINYINT UNSIGNED NOT NULL,
  name       VARCHAR(40) NOT NULL,             -- A01-1
  qr_no      CHAR(16) NOT NULL,                -- pile code and gun: what the QR says
  status     TINYINT NOT NULL DEFAULT 1,       -- 1 enabled 2 disabled
  parking_no VARCHAR(20) NOT NULL DEFAULT '',
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  ver        INT NOT NULL DEFAULT 1,
  UNIQUE KEY (pile_id, gun),
  UNIQUE KEY (qr_no),
  KEY (station_id, id),
  CONSTRAINT connector_pile FOREIGN KEY (pile_id) REFERENCES pile (id)
) ENGINE=InnoDB;

-- Live state, one row a connector, written by the gateway: the whole park is
-- one query.
CREATE TABLE connector_live (
  connector_id  BIGINT NOT NULL PRIMARY KEY,
  station_id    BIGINT NOT NULL,
  pile_id       BIGINT NOT NULL,
  gun           TINYINT UNSIGNED NOT NULL,
  state         TINYINT NOT NULL DEFAULT 6,    -- 1 charging 2 idle 3 occupied 4 reserved 5 fault 6 offline
  plugged       TINYINT NOT NULL DEFAULT 0,
  since_at      DATETIME(3) NULL,              -- of this state
  trade_no      CHAR(32) NULL,                 -- of the running session
  order_id      BIGINT NULL,
  voltage_dv    INT NOT NULL DEFAULT 0,
  current_da    INT NOT NULL DEFAULT 0,
  power_w       INT NOT NULL DEFAULT 0,
  soc           INT NOT NULL DEFAULT 0,
  battery_c     INT NOT NULL DEFAULT 0,
  gun_c         INT NOT NULL DEFAULT 0,
  minutes       INT NOT NULL DEFAULT 0,
  remain_min    INT NOT NULL DEFAULT 0,
  energy_e4kwh  BIGINT NOT NULL DEFAULT 0,
  amount_e4yuan BIGINT NOT NULL DEFAULT 0,     -- as the pile counts
  fault_bits    INT NOT NULL DEFAULT 0,
  vin           VARCHAR(17) NOT NULL DEFAULT '',
  seen_at       DATETIME(3) NULL,
  KEY (station_id, state),
  KEY (pile_id),
  CONSTRAINT connector_live_connector FOREIGN KEY (connector_id) REFERENCES connector (id)
) ENGINE=InnoDB;

-- ---- tariffs -------------------------------------------------------------------

CREATE TABLE tariff (
  id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  provider_id BIGINT NOT NULL,
  merchant_id BIGINT NOT NULL,
  station_id  BIGINT NOT NULL,
  area_id     BIGINT NULL,                     -- NULL: the whole station
  name        VARCHAR(60) NOT NULL,
  mode        TINYINT NOT NULL,                -- 1 unified 2 by period
  status      TINYINT NOT NULL DEFAULT 1,      -- 1 enabled 2 disabled
  note        VARCHAR(200) NOT NULL DEFAULT '',
  version_no  INT NOT NULL DEFAULT 0,          -- newest version
  created_at  DATETIME(3) NOT NULL,
  updated_at  DATETIME(3) NOT NULL,
  ver         INT NOT NULL DEFAULT 1,
  UNIQUE KEY (station_id, name),
  KEY (area_id),
  KEY (provider_id, id),
  KEY (merchant_id, id),
  CONSTRAINT tariff_station FOREIGN KEY (station_id) REFERENCES station (id)
) ENGINE=InnoDB;

-- Never changed once it is in force; an order keeps the one it started with.
CREATE TABLE tariff_version (
  id                BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  tariff_id         BIGINT NOT NULL,
  version_no        INT NOT NULL,
  wire_no           CHAR(4) NOT NULL,          -- tariff number in frames, 0001..9999
  starts_at         DATETIME(3) NOT NULL,      -- 00:00 of a day
  slots             CHAR(48) NOT NULL,         -- 0 sharp 1 peak 2 flat 3 valley per half hour
  sharp_elec_e5     BIGINT NOT NULL,
  sharp_service_e5  BIGINT NOT NULL,
  peak_elec_e5      BIGINT NOT NULL,
  peak_service_e5   BIGINT NOT NULL,
  flat_elec_e5      BIGINT NOT NULL,
  flat_service_e5   BIGINT NOT NULL,
  valley_elec_e5    BIGINT NOT NULL,
  valley_service_e5 BIGINT NOT NULL,
  created_by        BIGINT NOT NULL,
  created_at        DATETIME(3) NOT NULL,
  UNIQUE KEY (tariff_id, version_no),
  KEY (tariff_id, starts_at),
  CONSTRAINT tariff_version_tariff FOREIGN KEY (tariff_id) REFERENCES tariff (id)
) ENGINE=InnoDB;

-- ---- drivers -------------------------------------------------------------------

CREATE TABLE driver (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  phone      VARCHAR(20) NOT NULL,
  name       VARCHAR(40) NOT NULL DEFAULT '',
  plate      VARCHAR(12) NOT NULL DEFAULT '',
  status     TINYINT NOT NULL DEFAULT 1,       -- 1 enabled 2 disabled
  rights_ver INT NOT NULL DEFAULT 1,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  UNIQUE KEY (phone),
  KEY (created_at)
) ENGINE=InnoDB;

CREATE TABLE card (
  id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  physical_no CHAR(16) NOT NULL,               -- upper-case hex, as on the wire
  logical_no  CHAR(16) NOT NULL,
  driver_id   BIGINT NOT NULL,
  status      TINYINT NOT NULL DEFAULT 1,      -- 1 enabled 2 lost 3 blocked
  created_at  DATETIME(3) NOT NULL,
  UNIQUE KEY (physical_no),
  UNIQUE KEY (logical_no),
  KEY (driver_id)
) ENGINE=InnoDB;

-- ---- ledger: append-only, only src/ledger writes it -----------------------------

-- kind: 11 wallet paid online 12 wallet granted 13 wallet gift 14 arrears
--       21 merchant receivable 22 platform service 31 channel clearing
--       32 grant source 33 gift source 41 rounding and corrections
CREATE TABLE ledger_account (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  kind       TINYINT NOT NULL,
  owner_id   BIGINT NOT NULL,                  -- driver, merchant, provider, channel; 0 platform
  balance    BIGINT NOT NULL DEFAULT 0,        -- hot accounts keep 0: rolled up (M14)
  held       BIGINT NOT NULL DEFAULT 0,
  floor      BIGINT NOT NULL DEFAULT 0,        -- least of balance - held
  is_hot     TINYINT NOT NULL DEFAULT 0,
  ver        BIGINT NOT NULL DEFAULT 0,
  created_at DATETIME(3) NOT NULL,
  UNIQUE KEY (kind, owner_id),
  CONSTRAINT ledger_floor CHECK (is_hot = 1 OR balance - held >= floor),
  CONSTRAINT ledger_held CHECK (held >= 0)
) ENGINE=InnoDB;

CREATE TABLE ledger_tx (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  kind       VARCHAR(30) NOT NULL,             -- "order.settle"
  idem_key   VARCHAR(80) NOT NULL,
  ref_kind   VARCHAR(20) NOT NULL,             -- "order"
  ref_id     BIGINT NOT NULL,
  content    BINARY(32) NOT NULL,              -- hash of kind, ref and postings
  note       VARCHAR(200) NOT NULL DEFAULT '',
  actor_kind TINYINT NOT NULL,
  actor_id   BIGINT NOT NULL,
  at         DATETIME(3) NOT NULL,
  UNIQUE KEY (idem_key),
  KEY (ref_kind, ref_id),
  KEY (at)
) ENGINE=InnoDB;

CREATE TABLE ledger_posting (
  id            BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  tx_id         BIGINT NOT NULL,
  account_id    BIGINT NOT NULL,
  amount        BIGINT NOT NULL,               -- fen; + credit, - debit; sum of a tx is 0
  balance_after BIGINT NULL,                   -- NULL for hot accounts
  KEY (tx_id),
  KEY (account_id, id),
  CONSTRAINT ledger_posting_tx FOREIGN KEY (tx_id) REFERENCES ledger_tx (id),
  CONSTRAINT ledger_posting_account FOREIGN KEY (account_id) REFERENCES ledger_account (id)
) ENGINE=InnoDB;

CREATE TABLE ledger_hold (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  idem_key   VARCHAR(80) NOT NULL,
  ref_kind   VARCHAR(20) NOT NULL,
  ref_id     BIGINT NOT NULL,
  amount     BIGINT NOT NULL,
  expires_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  UNIQUE KEY (idem_key),
  KEY (ref_kind, ref_id)
) ENGINE=InnoDB;

-- Which account gave how much (M6).
CREATE TABLE ledger_hold_part (
  hold_id    BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  amount     BIGINT NOT NULL,
  PRIMARY KEY (hold_id, account_id)
) ENGINE=InnoDB;

-- Each hold is resolved exactly once (M7).
CREATE TABLE ledger_hold_end (
  hold_id BIGINT NOT NULL PRIMARY KEY,
  how     TINYINT NOT NULL,                    -- 1 settled 2 voided 3 expired
  tx_id   BIGINT NULL,
  at      DATETIME(3) NOT NULL
) ENGINE=InnoDB;

-- ---- top-ups ---------------------------------------------------------------------

CREATE TABLE payment (
  id               BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  out_trade_no     VARCHAR(32) NOT NULL,       -- ours, committed before any call
  driver_id        BIGINT NOT NULL,
  channel          VARCHAR(20) NOT NULL,       -- "demo"
  purpose          TINYINT NOT NULL DEFAULT 1, -- 1 top-up
  amount           BIGINT NOT NULL,
  state            TINYINT NOT NULL DEFAULT 1, -- 1 created 2 unknown 3 paid 4 closed 5 failed 6 refunded
  channel_trade_no VARCHAR(64) NULL,
  pay_url          VARCHAR(400) NOT NULL DEFAULT '',
  paid_at          DATETIME(3) NULL,
  expires_at       DATETIME(3) NOT NULL,
  query_at         DATETIME(3) NULL,           -- next query (O5)
  queries          INT NOT NULL DEFAULT 0,
  error            VARCHAR(400) NOT NULL DEFAULT '',
  created_at       DATETIME(3) NOT NULL,
  updated_at       DATETIME(3) NOT NULL,
  UNIQUE KEY (out_trade_no),
  UNIQUE KEY (channel, channel_trade_no),
  KEY (driver_id, id),
  KEY (state, query_at)
) ENGINE=InnoDB;

-- ---- charging ----------------------------------------------------------------------

CREATE TABLE trade_counter (
  connector_id BIGINT NOT NULL PRIMARY KEY,
  last         INT NOT NULL                    -- last 2 BCD bytes of the trade number
) ENGINE=InnoDB;

CREATE TABLE charge_order (
  id            BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_no      VARCHAR(24) NOT NULL,          -- C20261120104057118, for people
  trade_no      CHAR(32) NOT NULL,             -- for the pile
  provider_id   BIGINT NOT NULL,
  merchant_id   BIGINT NOT NULL,
  station_id    BIGINT NOT NULL,
  pile_id       BIGINT NOT NULL,
  connector_id  BIGINT NOT NULL,
  gun           TINYINT UNSIGNED NOT NULL,
  driver_id     BIGINT NULL,
  plate         VARCHAR(12) NOT NULL DEFAULT '',
  vin           VARCHAR(17) NOT NULL DEFAULT '',
  start_by      TINYINT NOT NULL,              -- 1 app 2 card 3 VIN 4 offline card 5 console
  state         TINYINT NOT NULL,              -- 1 created 2 starting 3 waiting for plug 4 charging
                                               -- 5 stopping 6 awaiting record 7 start failed
                                               -- 8 recorded 9 review 10 settled
  tariff_version_id BIGINT NOT NULL,           -- frozen at start
  hold_id       BIGINT NULL,
  hold_fen      BIGINT NOT NULL DEFAULT 0,
  fail_reason   VARCHAR(120) NOT NULL DEFAULT '',
  review_reason VARCHAR(400) NOT NULL DEFAULT '',
  stop_reason   INT NULL,                      -- raw byte of the record
  stop_by       TINYINT NOT NULL DEFAULT 0,    -- 1 driver 2 console 3 pile 4 platform
  created_at    DATETIME(3) NOT NULL,
  sent_at       DATETIME(3) NULL,              -- start command sent
  replied_at    DATETIME(3) NULL,              -- 0x33
  charging_at   DATETIME(3) NULL,              -- first 0x13 in state 3
  stop_sent_at  DATETIME(3) NULL,
  ended_at      DATETIME(3) NULL,              -- energy no longer flows
  recorded_at   DATETIME(3) NULL,
  settled_at    DATETIME(3) NULL,
  started_at    DATETIME(3) NULL,              -- by the record
  finished_at   DATETIME(3) NULL,              -- by the record
  live_at       DATETIME(3) NULL,              -- of the live figures below
  soc_start     INT NOT NULL DEFAULT 0,
  soc           INT NOT NULL DEFAULT 0,
  max_power_w   INT NOT NULL DEFAULT 0,
  live_energy_e4kwh BIGINT NOT NULL DEFAULT 0,
  live_amount_fen BIGINT NOT NULL DEFAULT 0,   -- our estimate at the frozen tariff
  idle_reports  INT NOT NULL DEFAULT 0,        -- 0x13 not charging in a row
  energy_e4kwh  BIGINT NOT NULL DEFAULT 0,     -- billed
  meter_start_e4kwh BIGINT NOT NULL DEFAULT 0,
  meter_end_e4kwh BIGINT NOT NULL DEFAULT 0,
  elec_fen      BIGINT NOT NULL DEFAULT 0,
  service_fen   BIGINT NOT NULL DEFAULT 0,
  total_fen     BIGINT NOT NULL DEFAULT 0,
  arrears_fen   BIGINT NOT NULL DEFAULT 0,     -- not covered by the wallet (M8)
  pile_amount_e4yuan BIGINT NOT NULL DEFAULT 0,
  seconds       INT NOT NULL DEFAULT 0,
  ver           INT NOT NULL DEFAULT 1,
  UNIQUE KEY (order_no),
  UNIQUE KEY (trade_no),
  KEY (provider_id, id),
  KEY (merchant_id, id),
  KEY (station_id, id),
  KEY (pile_id, id),
  KEY (connector_id, id),
  KEY (driver_id, id),
  KEY (state, id),
  KEY (created_at, id),
  KEY (settled_at, id)
) ENGINE=InnoDB;

CREATE TABLE order_bill (
  order_id      BIGINT NOT NULL,
  rate          TINYINT NOT NULL,              -- 0 sharp 1 peak 2 flat 3 valley
  energy_e4kwh  BIGINT NOT NULL,
  elec_e5       BIGINT NOT NULL,               -- frozen prices
  service_e5    BIGINT NOT NULL,
  elec_nano     BIGINT NOT NULL,               -- exact, 1e-9 yuan
  service_nano  BIGINT NOT NULL,
  pile_price_e5 BIGINT NOT NULL,
  pile_amount_e4yuan BIGINT NOT NULL,
  PRIMARY KEY (order_id, rate)
) ENGINE=InnoDB;

-- The registry of trade records (M12): unpartitioned, one row a trade number.
CREATE TABLE trade_record (
  id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  trade_no    CHAR(32) NOT NULL,               -- or a hash for an all-zero number
  pile_id     BIGINT NOT NULL,
  gun         TINYINT UNSIGNED NOT NULL,
  frame_type  SMALLINT NOT NULL,
  body_hash   BINARY(32) NOT NULL,
  raw         VARBINARY(300) NOT NULL,         -- the whole frame
  state       TINYINT NOT NULL DEFAULT 1,      -- 1 waiting 2 settled 3 review 4 orphan 5 zero
  tries       INT NOT NULL DEFAULT 0,
  next_at     DATETIME(3) NOT NULL,
  error       VARCHAR(400) NOT NULL DEFAULT '',
  received_at DATETIME(3) NOT NULL,
  gateway_id  BIGINT NULL,
  UNIQUE KEY (trade_no),
  KEY (state, next_at)
) ENGINE=InnoDB;

-- Same number, other content: kept, never applied (G11).
CREATE TABLE trade_record_conflict (
  id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  trade_no    CHAR(32) NOT NULL,
  pile_id     BIGINT NOT NULL,
  body_hash   BINARY(32) NOT NULL,
  raw         VARBINARY(300) NOT NULL,
  received_at DATETIME(3) NOT NULL,
  UNIQUE KEY (trade_no, body_hash)
) ENGINE=InnoDB;

-- Something a pile asks that needs the money side: a card or VIN start. The
-- gateway writes it, jobs decide and answer with a pile_command.
CREATE TABLE pile_request (
  id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  pile_id     BIGINT NOT NULL,
  gun         TINYINT UNSIGNED NOT NULL,
  frame_type  SMALLINT NOT NULL,               -- 0x31
  raw         VARBINARY(300) NOT NULL,
  state       TINYINT NOT NULL DEFAULT 1,      -- 1 waiting 2 done 3 late
  received_at DATETIME(3) NOT NULL,
  done_at     DATETIME(3) NULL,
  KEY (state, id),
  KEY (pile_id, gun, id)
) ENGINE=InnoDB;

CREATE TABLE gateway (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name       VARCHAR(40) NOT NULL,
  control    VARCHAR(60) NOT NULL,             -- address:port for wake-ups
  epoch      BIGINT NOT NULL,                  -- grows at every start
  started_at DATETIME(3) NOT NULL,
  seen_at    DATETIME(3) NOT NULL,
  UNIQUE KEY (name)
) ENGINE=InnoDB;

-- What a pile is to be told. kind: 1 start 2 stop 3 tariff 4 reboot 5 clock
-- 6 read 7 work parameters 8 QR prefix 9 start permission (card) 10 balance
CREATE TABLE pile_command (
  id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  pile_id    BIGINT NOT NULL,
  gun        TINYINT UNSIGNED NOT NULL DEFAULT 0,
  kind       TINYINT NOT NULL,
  order_id   BIGINT NULL,
  trade_no   CHAR(32) NULL,
  args       VARBINARY(300) NOT NULL DEFAULT '', -- body of the frame to send
  state      TINYINT NOT NULL DEFAULT 1,       -- 1 queued 2 sent 3 done 4 refused 5 no reply 6 pile offline
  result     INT NULL,                         -- raw result byte
  reason     INT NULL,                         -- raw reason byte
  tries      INT NOT NULL DEFAULT 0,
  actor_kind TINYINT NOT NULL,
  actor_id   BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,             -- not sent after this
  sent_at    DATETIME(3) NULL,
  replied_at DATETIME(3) NULL,
  KEY (state, pile_id, id),
  KEY (pile_id, id),
  KEY (order_id, id)
) ENGINE=InnoDB;

-- ---- history, partitioned by month -------------------------------------------------

CREATE TABLE telemetry (
  at            DATETIME(3) NOT NULL,
  connector_id  BIGINT NOT NULL,
  order_id      BIGINT NOT NULL DEFAULT 0,
  state         TINYINT NOT NULL,
  voltage_dv    INT NOT NULL,
  current_da    INT NOT NULL,
  power_w       INT NOT NULL,
  soc           INT NOT NULL,
  battery_c     INT NOT NULL,
  gun_c         INT NOT NULL,
  demand_da     INT NOT NULL DEFAULT 0,
  energy_e4kwh  BIGINT NOT NULL,
  amount_e4yuan BIGINT NOT NULL,
  KEY (order_id, at),
  KEY (connector_id, at)
) ENGINE=InnoDB
PARTITION BY RANGE COLUMNS (at) (PARTITION pmax VALUES LESS THAN (MAXVALUE));

CREATE TABLE frame_log (
  at       DATETIME(3) NOT NULL,
  pile_id  BIGINT NOT NULL,
  gun      TINYINT UNSIGNED NOT NULL DEFAULT 0,
  up       TINYINT NOT NULL,                   -- 1 from the pile 0 to the pile
  type     SMALLINT NOT NULL,
  trade_no CHAR(32) NULL,
  raw      VARBINARY(300) NOT NULL,
  KEY (trade_no, at),
  KEY (pile_id, at)
) ENGINE=InnoDB
PARTITION BY RANGE COLUMNS (at) (PARTITION pmax VALUES LESS THAN (MAXVALUE));

CREATE TABLE pile_event (
  id      BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  at      DATETIME(3) NOT NULL,
  pile_id BIGINT NOT NULL,
  gun     TINYINT UNSIGNED NOT NULL DEFAULT 0,
  kind    TINYINT NOT NULL,                    -- 1 online 2 offline 3 fault 4 fault cleared
                                               -- 5 login refused 6 takeover 7 quarantine
                                               -- 8 clock skew 9 protocol
  detail  VARCHAR(200) NOT NULL DEFAULT '',
  KEY (pile_id, id),
  KEY (kind, id)
) ENGINE=InnoDB;

-- ---- roll-ups -----------------------------------------------------------------------

CREATE TABLE day_station (
  day          DATE NOT NULL,
  station_id   BIGINT NOT NULL,
  provider_id  BIGINT NOT NULL,
  merchant_id  BIGINT NOT NULL,
  orders       BIGINT NOT NULL DEFAULT 0,
  energy_e4kwh BIGINT NOT NULL DEFAULT 0,
  elec_fen     BIGINT NOT NULL DEFAULT 0,
  service_fen  BIGINT NOT NULL DEFAULT 0,
  total_fen    BIGINT NOT NULL DEFAULT 0,
  seconds      BIGINT NOT NULL DEFAULT 0,
  sharp_e4kwh  BIGINT NOT NULL DEFAULT 0,
  peak_e4kwh   BIGINT NOT NULL DEFAULT 0,
  flat_e4kwh   BIGINT NOT NULL DEFAULT 0,
  valley_e4kwh BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (day, station_id),
  KEY (station_id, day),
  KEY (provider_id, day),
  KEY (merchant_id, day)
) ENGINE=InnoDB;

CREATE TABLE hour_station (
  hour         DATETIME NOT NULL,
  station_id   BIGINT NOT NULL,
  provider_id  BIGINT NOT NULL,
  merchant_id  BIGINT NOT NULL,
  orders       BIGINT NOT NULL DEFAULT 0,
  energy_e4kwh BIGINT NOT NULL DEFAULT 0,
  total_fen    BIGINT NOT NULL DEFAULT 0,
  service_fen  BIGINT NOT NULL DEFAULT 0,
  seconds      BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (hour, station_id),
  KEY (station_id, hour)
) ENGINE=InnoDB;

-- Day figures that belong to no station.
CREATE TABLE day_platform (
  day       DATE NOT NULL PRIMARY KEY,
  drivers   BIGINT NOT NULL DEFAULT 0,         -- accounts opened
  topup_fen BIGINT NOT NULL DEFAULT 0,
  topups    BIGINT NOT NULL DEFAULT 0
) ENGINE=InnoDB;
