-- What a search for whoever was near a place goes by, written with each batch of positions: in which cells of a grid a
-- device was in which hour, and where its track has gaps. Whoever deletes positions leaves a gap in their place.

-- geofence/grid.py computes the same, operation for operation.
CREATE FUNCTION grid_cell(lat double precision, lon double precision) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (floor((lat + 90) * 100) * 22501 + floor((lon + 180) * 62.5))::integer
$$;
REVOKE ALL ON FUNCTION grid_cell(double precision, double precision) FROM public;
GRANT EXECUTE ON FUNCTION grid_cell(double precision, double precision) TO cordon_worker;

-- crimes/reach.py computes the same.
CREATE FUNCTION reckoned_accuracy_m(accuracy_m real, mechanism smallint) RETURNS real
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN accuracy_m > 0 AND accuracy_m < 'infinity' THEN greatest(accuracy_m, 5)
    WHEN mechanism = 1 THEN 30 WHEN mechanism = 4 THEN 50 WHEN mechanism = 6 THEN 150 ELSE 1250 END::real
$$;
CREATE FUNCTION is_usable(accuracy_m real, mechanism smallint, fix_time timestamptz, received_at timestamptz)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT mechanism <> 5 AND fix_time - received_at <= interval '30 seconds'
    AND CASE WHEN accuracy_m > 0 AND accuracy_m < 'infinity' THEN accuracy_m <= 150 ELSE true END
$$;
REVOKE ALL ON FUNCTION reckoned_accuracy_m(real, smallint), is_usable(real, smallint, timestamptz, timestamptz) FROM public;
GRANT EXECUTE ON FUNCTION reckoned_accuracy_m(real, smallint), is_usable(real, smallint, timestamptz, timestamptz) TO cordon_worker;

CREATE TABLE track_cells (
  cell integer NOT NULL,
  hour integer NOT NULL, -- since 1970 UTC
  device_id integer NOT NULL,
  PRIMARY KEY (cell, hour, device_id)
);

-- From one usable position of a device (crimes/reach.py) to the next as they arrived, where more than two minutes lie
-- between or the way was fast; late positions fill gaps and make none. A gap that no usable position has ended yet has no
-- place there. Coarse positions, whose circle may hold a place far from their own, are noted as gaps of a microsecond.
CREATE TABLE track_gaps (
  device_id integer NOT NULL,
  from_time timestamptz NOT NULL, -- -infinity: before the device's first usable position
  until_time timestamptz NOT NULL, -- of the position that ended it, or of the last unusable one in it so far
  from_lat double precision, -- NULL: not known, anywhere
  from_lon double precision,
  from_accuracy_m real, -- the 95 % circle reckoned with
  until_lat double precision,
  until_lon double precision,
  until_accuracy_m real,
  PRIMARY KEY (device_id, from_time)
);
CREATE INDEX track_gaps_during ON track_gaps USING gist (tstzrange(from_time, until_time, '[]'));

CREATE INDEX device_events_strap ON device_events (event_time) WHERE kind = 'strap_tamper';

-- The positions that are here already.
INSERT INTO track_cells
SELECT DISTINCT grid_cell(lat, lon), floor(extract(epoch FROM fix_time) / 3600)::integer, device_id FROM positions;

WITH usable AS (
  SELECT device_id, fix_time, lat, lon, circle_m, lag(fix_time) OVER earlier AS before_time, lag(lat) OVER earlier AS before_lat,
    lag(lon) OVER earlier AS before_lon, lag(circle_m) OVER earlier AS before_circle_m
  FROM positions CROSS JOIN LATERAL (SELECT reckoned_accuracy_m(accuracy_m, mechanism) AS circle_m) reckoned
  WHERE is_usable(accuracy_m, mechanism, fix_time, received_at)
  WINDOW earlier AS (PARTITION BY device_id ORDER BY fix_time, fix_key)
)
INSERT INTO track_gaps -- of two that begin at one instant the longer, with no place: it leaves room for every scene
SELECT device_id, coalesce(before_time, '-infinity'), max(fix_time), CASE WHEN count(*) = 1 THEN min(before_lat) END,
  CASE WHEN count(*) = 1 THEN min(before_lon) END, CASE WHEN count(*) = 1 THEN min(before_circle_m) END,
  CASE WHEN count(*) = 1 THEN min(lat) END, CASE WHEN count(*) = 1 THEN min(lon) END,
  CASE WHEN count(*) = 1 THEN min(circle_m) END
FROM usable WHERE before_time IS NULL OR fix_time - before_time > interval '120 seconds'
  -- or faster than 20 m/s, on a plane that takes no way for shorter than it is
  OR 112800 * sqrt((lat - before_lat) ^ 2 + ((lon - before_lon) * cos(radians(least(abs(lat), abs(before_lat))))) ^ 2)
    - circle_m - before_circle_m > 20 * extract(epoch FROM fix_time - before_time)
GROUP BY device_id, before_time;

INSERT INTO track_gaps
SELECT device_id, fix_time - interval '1 microsecond', fix_time, CASE WHEN count(*) = 1 THEN min(lat) END,
  CASE WHEN count(*) = 1 THEN min(lon) END, CASE WHEN count(*) = 1 THEN min(circle_m) END,
  CASE WHEN count(*) = 1 THEN min(lat) END, CASE WHEN count(*) = 1 THEN min(lon) END,
  CASE WHEN count(*) = 1 THEN min(circle_m) END
FROM positions CROSS JOIN LATERAL (SELECT reckoned_accuracy_m(accuracy_m, mechanism) AS circle_m) reckoned
WHERE circle_m > 2000 GROUP BY device_id, fix_time
ON CONFLICT (device_id, from_time) DO UPDATE
SET until_time = greatest(track_gaps.until_time, excluded.until_time), from_lat = NULL, from_lon = NULL,
  from_accuracy_m = NULL, until_lat = NULL, until_lon = NULL, until_accuracy_m = NULL;

-- Workers of the release before note nothing: for the day that they may go on, nobody is ruled out without a look.
INSERT INTO track_gaps (device_id, from_time, until_time)
SELECT device_id, coalesce((SELECT max(fix_time) FROM positions WHERE positions.device_id = devices.device_id), '-infinity'),
  now() + interval '1 day'
FROM devices
ON CONFLICT (device_id, from_time) DO UPDATE
SET until_time = excluded.until_time, until_lat = NULL, until_lon = NULL, until_accuracy_m = NULL;

GRANT SELECT, INSERT ON track_cells TO cordon_worker;
GRANT SELECT, INSERT, UPDATE ON track_gaps TO cordon_worker;
