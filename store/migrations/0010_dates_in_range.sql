-- A zone's dates as the intake takes them (model/times.py): a row that came in another way must not stop every worker
-- that reads it. An activation is [from, to), as the workers read it.
ALTER TABLE zone_versions ADD CONSTRAINT dates_in_range CHECK (
  valid_from BETWEEN '1970-01-01Z' AND '2200-01-01Z'
  AND coalesce(valid_to BETWEEN '1970-01-01Z' AND '2200-01-01Z', true)
  AND coalesce(active_from BETWEEN '1970-01-01Z' AND '2200-01-01Z', true)
  AND coalesce(active_to BETWEEN '1970-01-01Z' AND '2200-01-01Z', true)
);
ALTER TABLE device_activations ADD CONSTRAINT ends_before_its_end CHECK (NOT upper_inc(during));
