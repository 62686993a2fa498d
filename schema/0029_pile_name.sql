-- Drivers and operators tell the piles of a station apart by their names; until
-- now two could have the same. Of such the oldest keeps it, the others get their
-- code behind it. Deleted piles keep their names for the records, and others
-- may take them over.
UPDATE pile p JOIN
  (SELECT station_id, name, MIN(id) AS first FROM pile
    WHERE deleted_at IS NULL GROUP BY station_id, name HAVING COUNT(*) > 1) d
    ON d.station_id = p.station_id AND d.name = p.name AND d.first <> p.id
   SET p.name = CONCAT(LEFT(p.name, 25), '-', p.no)
 WHERE p.deleted_at IS NULL;
ALTER TABLE pile
  ADD COLUMN used_name VARCHAR(40) AS (IF(deleted_at IS NULL, name, NULL)) VIRTUAL,
  ADD UNIQUE KEY (station_id, used_name);
