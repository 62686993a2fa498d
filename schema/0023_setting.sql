-- Settings of the installation that are the same for every host and are
-- changed by the command line, each change audited (src/system/setting.h).
-- What is not here has its default. The programs' users may only read it.

CREATE TABLE setting (
  name       VARCHAR(40) NOT NULL PRIMARY KEY,
  value      VARCHAR(100) NOT NULL,
  updated_at DATETIME(3) NOT NULL
) ENGINE=InnoDB;

-- Whoever administers already had every right until now and keeps them until
-- somebody separates the duties; a new installation begins separated.
INSERT INTO setting (name, value, updated_at)
  SELECT 'duties', 'joint', NOW(3) FROM account LIMIT 1;

INSERT INTO audit (at, actor_kind, actor_id, actor_name, org_id, address,
    session_id, request_id, event, object, object_id, text, after_json)
  SELECT NOW(3), 1, 0, 'migration', 0, '', 0, '', 'setting.change', 'setting',
    0, '升级时保留原状：duties=joint', '"joint"'
    FROM setting WHERE name = 'duties';
