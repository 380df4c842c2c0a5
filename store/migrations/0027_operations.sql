-- Zones for operations, and the proof that a zone is live.

ALTER TABLE zone_versions DROP CONSTRAINT zone_versions_kind_check;
ALTER TABLE zone_versions ADD CONSTRAINT zone_versions_kind_check
  CHECK (kind IN ('exclusion', 'inclusion', 'curfew', 'crime_scene', 'authority_area', 'home_area'));

-- When a version was last revised: written under the registry's exclusive lock, so every batch that an older revision
-- judged was committed before it, and what was received after it is judged by this revision or a later one.
ALTER TABLE zone_versions ADD COLUMN revised_at timestamptz;
UPDATE zone_versions SET revised_at = created_at;
ALTER TABLE zone_versions ALTER COLUMN revised_at SET NOT NULL;
CREATE FUNCTION note_revised() RETURNS trigger LANGUAGE plpgsql SET search_path = cordon, pg_temp AS $$
BEGIN
  NEW.revised_at := service_clock();
  RETURN NEW;
END
$$;
CREATE TRIGGER note_revised BEFORE INSERT OR UPDATE OF revision ON zone_versions
  FOR EACH ROW EXECUTE FUNCTION note_revised();

-- What each worker says of itself: which partitions it has and by which revision of the registry it judges. Written
-- when one of them changes and every few seconds. A worker that was killed says nothing more, and so its row grows old;
-- whether it has is a matter of the machine's clock, as with every session.
CREATE TABLE worker_registries (
  worker text PRIMARY KEY,
  topic text NOT NULL,
  topic_partitions integer NOT NULL CHECK (topic_partitions >= 1), -- how many the topic has
  partitions integer[] NOT NULL,
  partitions_since timestamptz NOT NULL,
  revision bigint NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- Since when it judged by which revision.
CREATE TABLE worker_registry_loads (
  worker text NOT NULL REFERENCES worker_registries ON DELETE CASCADE,
  revision bigint NOT NULL,
  loaded_at timestamptz NOT NULL DEFAULT service_clock(),
  PRIMARY KEY (worker, revision)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON worker_registries, worker_registry_loads TO cordon_worker;
GRANT SELECT ON worker_registries, worker_registry_loads TO cordon_api;
GRANT SELECT (topic, partition, worker) ON partition_offsets TO cordon_api;

-- The tags that wearers of these personal zones have on, with the partition of each one's newest position. Who wears
-- which device stays closed to the API's role: it learns of the zones that row security shows it, and serials and times
-- only of people whom the caller may see.
CREATE FUNCTION zone_carriers(wanted bigint[]) RETURNS TABLE (
  zone_id bigint, activation_revision bigint, partition integer, serial text, fix_time timestamptz,
  received_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  WITH caller AS MATERIALIZED (
    SELECT has_table_privilege(session_user, 'cordon.device_activations', 'SELECT')
             OR sees_everyone(current_setting('cordon.role', true)) AS sees_all,
           draws_zones(current_setting('cordon.role', true)) AS draws,
           caseload(current_setting('cordon.subject', true), current_setting('cordon.role', true)) AS people
  )
  SELECT zone.zone_id, activation.revision, last.partition,
         CASE WHEN known.sees THEN device.serial END,
         CASE WHEN known.sees THEN last.fix_time END,
         CASE WHEN known.sees THEN last.received_at END
  FROM caller
  JOIN zones zone ON zone.zone_id = ANY (wanted)
  CROSS JOIN LATERAL (SELECT caller.sees_all OR zone.person_id = ANY (caller.people) AS sees) known
  JOIN device_activations activation ON activation.person_id = zone.person_id
    AND activation.during @> (SELECT service_clock())
  JOIN devices device ON device.device_id = activation.device_id
  LEFT JOIN LATERAL (
    SELECT position.partition, position.fix_time, position.received_at FROM positions position
    WHERE position.device_id = activation.device_id ORDER BY position.fix_time DESC, position.fix_key DESC LIMIT 1
  ) last ON true
  WHERE known.sees OR caller.draws
$$;

-- Of all tags that somebody wears: whether there are any, and when one last sent a position.
CREATE FUNCTION tags_worn() RETURNS TABLE (worn boolean, last_fix_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT EXISTS (SELECT FROM device_activations WHERE during @> (SELECT service_clock())),
         (SELECT max(heard.last_fix_at) FROM device_heard heard)
$$;
REVOKE ALL ON FUNCTION note_revised(), zone_carriers(bigint[]), tags_worn() FROM public;
GRANT EXECUTE ON FUNCTION note_revised(), zone_carriers(bigint[]), tags_worn() TO cordon_api, cordon_worker;

-- Who opens and closes operations: they concern shared zones alone, and nobody's data. Police never do it here.
CREATE FUNCTION runs_operations(asking_role text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(asking_role IN ('administrator', 'duty_officer', 'manager'), false) $$;

CREATE FUNCTION is_shared_zone(wanted bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT EXISTS (SELECT FROM zones WHERE zone_id = wanted AND person_id IS NULL)
$$;
-- A match day changes when a shared zone is in force, and nothing else of it.
CREATE FUNCTION only_hours_differ(
  wanted_zone bigint, wanted_version integer, new_name text, new_kind text, new_geometry jsonb, new_preset text,
  new_policy jsonb, new_is_disclosed boolean, new_active_from timestamptz, new_active_to timestamptz
) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM zone_versions earlier
    WHERE earlier.zone_id = wanted_zone AND earlier.version = wanted_version - 1 AND earlier.schedule IS NOT NULL
      AND (earlier.name, earlier.kind, earlier.geometry, earlier.preset, earlier.is_disclosed,
           earlier.active_from, earlier.active_to)
        IS NOT DISTINCT FROM
          (new_name, new_kind, new_geometry, new_preset, new_is_disclosed, new_active_from, new_active_to)
      AND new_policy @> earlier.policy) -- an older release may have left values to the preset
$$;

-- Wards, boroughs or counties, as they were last imported. What was published keeps the shape that it had.
CREATE TABLE wards (
  code text PRIMARY KEY CHECK (length(code) BETWEEN 1 AND 20),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  geometry jsonb NOT NULL,
  imported_by text NOT NULL,
  imported_at timestamptz NOT NULL DEFAULT service_clock()
);

-- A police authority to stop and search in an area, entered by an officer of the service. Its zone has its reference.
CREATE TABLE authorities (
  authority_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  reference text NOT NULL UNIQUE CHECK (length(reference) BETWEEN 1 AND 100),
  power text NOT NULL, -- model/operations.py
  wards text[] NOT NULL CHECK (cardinality(wards) > 0),
  closed_at timestamptz, -- before its end
  closed_by text,
  CHECK ((closed_at IS NULL) = (closed_by IS NULL))
);
-- Who authorised it and until when: the first record, and the one that extends it.
CREATE TABLE authority_records (
  authority_id bigint NOT NULL REFERENCES authorities,
  number integer NOT NULL CHECK (number IN (1, 2)),
  during tstzrange NOT NULL CHECK (
    NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during)
    AND upper(during) - lower(during) <= interval '24 hours'),
  officer text NOT NULL CHECK (length(officer) BETWEEN 1 AND 200),
  rank text NOT NULL,
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT service_clock(),
  PRIMARY KEY (authority_id, number)
);

-- The names of a zone's match days; that they are so stands in the zone's schedule.
CREATE TABLE match_days (
  zone_id bigint NOT NULL REFERENCES zones,
  on_date date NOT NULL,
  starts time NOT NULL,
  ends time NOT NULL,
  event text NOT NULL CHECK (length(event) BETWEEN 1 AND 200),
  added_by text NOT NULL,
  added_at timestamptz NOT NULL DEFAULT service_clock(),
  PRIMARY KEY (zone_id, on_date, starts, ends)
);

DO $$
DECLARE
  guarded text;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['wards', 'authorities', 'authority_records', 'match_days'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format($policy$
      CREATE POLICY visible ON %I FOR SELECT TO cordon_api
        USING ((SELECT sees_zones(current_setting('cordon.role', true))))$policy$, guarded);
  END LOOP;
END
$$;
CREATE POLICY written ON authorities FOR INSERT TO cordon_api
  WITH CHECK ((SELECT runs_operations(current_setting('cordon.role', true))) AND closed_at IS NULL);
CREATE POLICY written ON authority_records FOR INSERT TO cordon_api WITH CHECK (
  (SELECT runs_operations(current_setting('cordon.role', true)))
  AND recorded_by = current_setting('cordon.subject', true));
CREATE POLICY written ON match_days FOR INSERT TO cordon_api WITH CHECK (
  (SELECT runs_operations(current_setting('cordon.role', true))) AND added_by = current_setting('cordon.subject', true));
CREATE POLICY closed ON authorities FOR UPDATE TO cordon_api
  USING ((SELECT runs_operations(current_setting('cordon.role', true))) AND closed_at IS NULL)
  WITH CHECK (closed_by = current_setting('cordon.subject', true));
CREATE POLICY removed ON match_days FOR DELETE TO cordon_api
  USING ((SELECT runs_operations(current_setting('cordon.role', true))));

-- Whoever runs operations publishes the zone of an authority that is on record, and the hours of match days.
CREATE POLICY operated ON zones FOR INSERT TO cordon_api WITH CHECK (
  person_id IS NULL AND (SELECT runs_operations(current_setting('cordon.role', true)))
  AND EXISTS (SELECT FROM authorities WHERE authorities.reference = zones.reference));
CREATE POLICY operated ON zone_versions FOR INSERT TO cordon_api WITH CHECK (
  (SELECT runs_operations(current_setting('cordon.role', true))) AND is_shared_zone(zone_id)
  AND CASE kind
    WHEN 'authority_area' THEN EXISTS (
      SELECT FROM zones JOIN authorities USING (reference) WHERE zones.zone_id = zone_versions.zone_id)
    ELSE schedule IS NOT NULL AND only_hours_differ(
      zone_id, version, name, kind, geometry, preset, policy, is_disclosed, active_from, active_to)
  END);
CREATE POLICY operation_ended ON zone_versions FOR UPDATE TO cordon_api USING (
  (SELECT runs_operations(current_setting('cordon.role', true))) AND is_shared_zone(zone_id)
  AND (kind = 'authority_area' OR schedule IS NOT NULL));

REVOKE ALL ON FUNCTION runs_operations(text), is_shared_zone(bigint),
  only_hours_differ(bigint, integer, text, text, jsonb, text, jsonb, boolean, timestamptz, timestamptz) FROM public;
GRANT EXECUTE ON FUNCTION runs_operations(text), is_shared_zone(bigint),
  only_hours_differ(bigint, integer, text, text, jsonb, text, jsonb, boolean, timestamptz, timestamptz) TO cordon_api;
GRANT SELECT ON wards TO cordon_api;
GRANT SELECT, INSERT ON authorities, authority_records TO cordon_api;
GRANT UPDATE (closed_at, closed_by) ON authorities TO cordon_api;
GRANT SELECT, INSERT, DELETE ON match_days TO cordon_api;
