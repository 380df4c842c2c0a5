-- Keeping and letting go: what is deleted by age and by the end of the order, who may do it, and what remembers it.
-- `cordon retention run` works in the role cordon_keeper, which reads and deletes, and adds nothing about anybody.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cordon_keeper') THEN -- an owner may lack the right to make roles
    CREATE ROLE cordon_keeper NOLOGIN;
  END IF;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN
    NULL; -- roles are shared by the databases of a server; another one made it
  WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'the role cordon_keeper is missing: a superuser makes it first (docs/operations.md, "Upgrade")';
END
$$;
GRANT USAGE ON SCHEMA cordon TO cordon_keeper;

-- Times of which everything that a device sent was deleted. What comes late of them is not stored again, and a database
-- that was restored from a backup is swept anew. It names no person.
CREATE TABLE erased_times (
  device_id integer NOT NULL REFERENCES devices,
  kind text NOT NULL CHECK (kind IN ('positions', 'raw_archive', 'device_events')),
  times tstzmultirange NOT NULL,
  revision bigint NOT NULL, -- of the registry: workers read it anew
  PRIMARY KEY (device_id, kind)
);
CREATE INDEX erased_times_revision ON erased_times (revision);
CREATE OR REPLACE VIEW activation_revisions AS
  SELECT device_id, revision FROM activation_records
  UNION ALL SELECT device_id, revision FROM erased_times;
GRANT SELECT ON erased_times TO cordon_worker;

-- Batches of the archive whose every message is erased are not looked at again.
ALTER TABLE raw_batches ADD COLUMN erased_at timestamptz;

-- Each hour's cells are deleted together; rows came in the order of time, so this index is small.
CREATE INDEX track_cells_hour ON track_cells USING brin (hour);

-- What a deletion looks for, row by row, in the tables that may refer to it.
CREATE INDEX outbox_event ON outbox (event_id);
CREATE INDEX delivery_attempts_event ON delivery_attempts (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX escalations_notice ON escalations (notice_id) WHERE notice_id IS NOT NULL;
CREATE INDEX visits_merged ON visits (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX alerts_activation ON alerts (activation_id);
CREATE INDEX matching_results_of_person ON matching_result_records (person_id);
CREATE INDEX matching_results_of_version ON matching_result_records (crime_version_id);
CREATE INDEX matching_results_superseded ON matching_result_records (superseded_by) WHERE superseded_by IS NOT NULL;
CREATE INDEX scene_search_results_person ON scene_search_result_records (person_id);
CREATE INDEX scene_searches_crime ON scene_searches (crime_id) WHERE crime_id IS NOT NULL;
CREATE INDEX eliminations_person ON eliminations (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX crime_batch_wearers_person ON crime_batch_wearers (person_id);
CREATE INDEX routine_expectations_person ON routine_expectations (person_id);
CREATE INDEX batch_routines_person ON batch_routines (person_id);
CREATE INDEX legal_holds_evidence ON legal_holds (evidence_id) WHERE evidence_id IS NOT NULL;

-- When each person's order ended: as recorded of the person; where nobody recorded it, when the last of their conditions
-- and legal bases did. Never while a tag is on them, or a zone of theirs goes on that nobody ended; then, and without any
-- condition or basis, it is not known.
CREATE FUNCTION orders_ended() RETURNS TABLE (person_id bigint, ended_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT person.person_id, last.ended_at
  FROM people person
  LEFT JOIN (
    SELECT condition.person_id, max(CASE version.status
      WHEN 'draft' THEN 'infinity' WHEN 'live' THEN coalesce(version.ends_at, 'infinity')
      WHEN 'ended' THEN coalesce(version.ended_at, version.ends_at) END) AS ended_at
    FROM licence_conditions condition JOIN condition_versions version USING (condition_id) GROUP BY condition.person_id
  ) conditions USING (person_id)
  LEFT JOIN (
    SELECT basis.person_id, max(CASE basis.status
      WHEN 'draft' THEN 'infinity' WHEN 'live' THEN upper(basis.during) WHEN 'ended' THEN basis.ended_at END) AS ended_at
    FROM legal_bases basis GROUP BY basis.person_id
  ) bases USING (person_id)
  LEFT JOIN (
    SELECT worn.person_id, max(coalesce(upper(worn.during), 'infinity')) AS ended_at
    FROM activation_records worn GROUP BY worn.person_id
  ) worn USING (person_id)
  LEFT JOIN (
    SELECT zone.person_id, max(coalesce(least(version.valid_to, version.active_to), 'infinity')) AS ended_at
    FROM zones zone JOIN zone_versions version USING (zone_id) GROUP BY zone.person_id
  ) own_zones USING (person_id)
  CROSS JOIN LATERAL (
    SELECT CASE WHEN person.ended_at IS NOT NULL THEN greatest(person.ended_at, worn.ended_at)
      WHEN num_nonnulls(conditions.ended_at, bases.ended_at) > 0
        THEN greatest(conditions.ended_at, bases.ended_at, worn.ended_at, own_zones.ended_at) END AS ended_at
  ) last
  WHERE last.ended_at < 'infinity'
$$;

-- What is deleted may have been judged: nothing before it is judged anew, or visits would be taken back for want of the
-- positions that made them.
CREATE FUNCTION spare_erased_times() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  last_erased timestamptz := (
    SELECT upper(times) FROM erased_times WHERE device_id = NEW.device_id AND kind = 'positions');
BEGIN
  NEW.from_time := greatest(NEW.from_time, last_erased);
  IF TG_OP = 'INSERT' AND NEW.from_time > NEW.until_time THEN -- of one late position alone they are the same
    RETURN NULL;
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER spare_erased_times BEFORE INSERT OR UPDATE ON reevaluations
  FOR EACH ROW EXECUTE FUNCTION spare_erased_times();

-- As in 0032, but what a device says late of an erased time is not kept.
CREATE OR REPLACE FUNCTION record_device_events(
  serials text[], kinds text[], event_times timestamptz[], received timestamptz[], batteries real[], sequences bigint[],
  originals bytea[]
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  recorded bigint;
BEGIN
  -- the timers first, as the watch does, and everything in the order of the devices: nobody blocks another for good
  INSERT INTO device_timers (device_id, due_at)
  SELECT device_id, '-infinity' FROM devices WHERE serial = ANY (serials) ORDER BY device_id
  ON CONFLICT (device_id) DO UPDATE SET due_at = excluded.due_at;

  INSERT INTO device_heard (device_id, last_received_at)
  SELECT device_id, max(item.received_at) FROM unnest(serials, received) AS item (serial, received_at)
  JOIN devices device ON device.serial = item.serial GROUP BY device_id ORDER BY device_id
  ON CONFLICT (device_id) DO UPDATE
  SET last_received_at = greatest(device_heard.last_received_at, excluded.last_received_at);

  WITH stored AS (
    INSERT INTO device_events (device_id, kind, event_time, received_at, battery_pct, sequence, original)
    SELECT device_id, item.kind, event_time, received_at, battery_pct, sequence, original
    FROM unnest(serials, kinds, event_times, received, batteries, sequences, originals)
      AS item (serial, kind, event_time, received_at, battery_pct, sequence, original)
    JOIN devices device ON device.serial = item.serial
    WHERE NOT EXISTS (
      SELECT FROM erased_times erased WHERE erased.device_id = device.device_id AND erased.times @> item.event_time)
    ORDER BY device_id, event_time, item.kind
    ON CONFLICT DO NOTHING
    RETURNING device_id, event_time),
  asked AS (
    INSERT INTO rematches_wanted (device_id, from_time, until_time)
    SELECT device_id, min(event_time), (SELECT service_clock()) FROM stored
    WHERE event_time < (SELECT service_clock()) - interval '240 seconds' -- crimes.recent.LATE_AFTER_S: earlier, a run sees it
      AND EXISTS (SELECT FROM crimes)
    GROUP BY device_id ORDER BY device_id
    ON CONFLICT (device_id) DO UPDATE
    SET from_time = least(rematches_wanted.from_time, excluded.from_time),
        until_time = greatest(rematches_wanted.until_time, excluded.until_time), error = NULL)
  SELECT count(*) INTO recorded FROM stored;
  RETURN recorded;
END
$$;

-- A hold is placed for a person, a time and a reason, and released by somebody else. Those of evidence go as before.
ALTER TABLE legal_holds ADD COLUMN review_at date; -- when somebody asks whether it is still needed
ALTER TABLE legal_holds ADD COLUMN release_reason text CHECK (length(release_reason) BETWEEN 1 AND 500);
ALTER TABLE legal_holds ADD CONSTRAINT released_by_another CHECK (
  released_by IS NULL OR evidence_id IS NOT NULL OR NOT same_subject(released_by, placed_by));

CREATE FUNCTION is_held(wanted bigint, since timestamptz, until timestamptz) RETURNS boolean
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM legal_holds hold
    WHERE hold.person_id = wanted AND hold.released_at IS NULL AND hold.from_time <= until AND hold.to_time >= since)
$$;

-- Whoever deletes works in short transactions, each under this lock: a hold is seen by it or comes after it.
CREATE FUNCTION hold_stops_retention() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(1129272942); -- store/locks.py RETENTION
  RETURN NULL;
END
$$;
CREATE TRIGGER hold_stops_retention BEFORE INSERT OR UPDATE ON legal_holds
  FOR EACH STATEMENT EXECUTE FUNCTION hold_stops_retention();

-- A manager places holds on whom they supervise, and releases those of others; nobody else sees them by the API.
CREATE POLICY managers ON legal_holds FOR SELECT TO cordon_api USING (
  (SELECT coalesce(current_setting('cordon.role', true) = 'manager', false)) AND may_see_person(person_id));
CREATE POLICY placed ON legal_holds FOR INSERT TO cordon_api WITH CHECK (
  (SELECT coalesce(current_setting('cordon.role', true) = 'manager', false)) AND may_see_person(person_id)
  AND placed_by = current_setting('cordon.subject', true) AND evidence_id IS NULL AND released_at IS NULL);
CREATE POLICY released ON legal_holds FOR UPDATE TO cordon_api
  USING (
    (SELECT coalesce(current_setting('cordon.role', true) = 'manager', false)) AND may_see_person(person_id)
    AND evidence_id IS NULL AND released_at IS NULL)
  WITH CHECK (released_by = current_setting('cordon.subject', true) AND released_at IS NOT NULL);
GRANT SELECT ON legal_holds TO cordon_api;
GRANT INSERT (person_id, from_time, to_time, reason, review_at, placed_by, placed_at) ON legal_holds TO cordon_api;
GRANT UPDATE (released_by, released_at, release_reason) ON legal_holds TO cordon_api;

-- What nobody changes or deletes is let go in the keeper's role, and in no other, the owner's included.
CREATE OR REPLACE FUNCTION alert_actions_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_user = 'cordon_keeper' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'what was done about an alert is never changed' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE OR REPLACE FUNCTION evidence_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_user = 'cordon_keeper' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'issued evidence is never changed' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE FUNCTION only_the_keeper_deletes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user = 'cordon_keeper' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'a version of a condition, and a legal basis, is kept' USING ERRCODE = 'object_not_in_prerequisite_state';
END
$$;
DROP TRIGGER keep_condition_versions ON condition_versions;
CREATE TRIGGER keep_condition_versions BEFORE UPDATE ON condition_versions
  FOR EACH ROW EXECUTE FUNCTION keep_condition_versions();
CREATE TRIGGER only_the_keeper_deletes BEFORE DELETE ON condition_versions
  FOR EACH ROW EXECUTE FUNCTION only_the_keeper_deletes();
DROP TRIGGER keep_legal_bases ON legal_bases;
CREATE TRIGGER keep_legal_bases BEFORE UPDATE ON legal_bases FOR EACH ROW EXECUTE FUNCTION keep_legal_bases();
CREATE TRIGGER only_the_keeper_deletes BEFORE DELETE ON legal_bases
  FOR EACH ROW EXECUTE FUNCTION only_the_keeper_deletes();

-- A victim who was signed off long ago, with everything of theirs: their addresses are open to no role.
CREATE FUNCTION erase_victim(wanted bigint, before timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  PERFORM FROM victims WHERE victim_id = wanted AND ended_at < before FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM victim_zones WHERE victim_id = wanted;
  UPDATE victim_tasks SET taken_back_by = NULL WHERE victim_id = wanted AND taken_back_by IS NOT NULL;
  DELETE FROM victim_tasks WHERE victim_id = wanted;
  DELETE FROM victim_choices WHERE victim_id = wanted;
  DELETE FROM cordon_protected.allowed_shapes shape USING cordon_protected.addresses held
    WHERE held.address_id = shape.address_id AND held.victim_id = wanted;
  DELETE FROM cordon_protected.addresses WHERE victim_id = wanted;
  DELETE FROM victims WHERE victim_id = wanted;
  DELETE FROM victim_changes WHERE victim_id = wanted;
  RETURN true;
END
$$;

DO $$
DECLARE
  kept text;
BEGIN
  FOREACH kept IN ARRAY ARRAY[ -- the tables of store/retention_tables.py
    'access_tokens', 'activation_records', 'alert_actions', 'alert_cases', 'alert_events', 'alerts', 'authorisations',
    'batch_routines', 'break_glass', 'caseload_covers', 'condition_draft_changes', 'condition_versions',
    'crime_batch_errors', 'crime_batch_wearers', 'crime_batches', 'crime_versions', 'crimes', 'dead_letters',
    'delivery_attempts', 'device_events', 'device_heard', 'eligibility_decisions', 'eliminations', 'escalation_looks',
    'escalations', 'evidence_bundles', 'evidence_notices', 'evidence_receipts', 'evidence_requests',
    'evidence_tellings', 'export_parts', 'exports', 'legal_bases', 'legal_holds', 'licence_conditions',
    'match_outcomes', 'match_qualifications', 'matching_result_records', 'matching_runs', 'matching_wanted',
    'messages', 'not_monitored', 'notices', 'outbox', 'overdue_clocks', 'people', 'positions', 'presence',
    'quarantined_positions', 'rerun_requests', 'response_plans', 'rota_shifts', 'routine_expectations',
    'scene_search_result_records', 'scene_searches', 'sessions', 'tag_commands', 'track_cells', 'track_gaps',
    'trail_decisions', 'trail_request_tellings', 'trail_requests', 'victim_zones', 'visits', 'zone_versions', 'zones'
  ] LOOP
    EXECUTE format('GRANT SELECT, DELETE ON %I TO cordon_keeper', kept);
    IF (SELECT relrowsecurity FROM pg_class WHERE oid = format('cordon.%I', kept)::regclass) THEN
      EXECUTE format('CREATE POLICY keeper_all ON %I TO cordon_keeper USING (true) WITH CHECK (true)', kept);
    END IF;
  END LOOP;
END
$$;
CREATE POLICY keeper_all ON victims TO cordon_keeper USING (true);
GRANT SELECT ON devices, registry_revision, victims TO cordon_keeper;
GRANT SELECT, INSERT, UPDATE ON erased_times TO cordon_keeper;
GRANT SELECT, UPDATE (body, erased_at) ON raw_batches TO cordon_keeper;
GRANT INSERT, UPDATE ON track_gaps TO cordon_keeper;
GRANT UPDATE (merged_into) ON visits TO cordon_keeper;
GRANT UPDATE (people) ON not_monitored TO cordon_keeper;
GRANT UPDATE (revision) ON registry_revision TO cordon_keeper;
GRANT UPDATE (crn, nomis_id, pnc_id, name, date_of_birth, practitioner, team_id) ON people TO cordon_keeper; -- a stub
GRANT UPDATE (ended_at) ON people TO cordon_keeper; -- where nobody recorded it, before what it is known by goes
GRANT INSERT (subject, role, action, outcome, purpose, request_id, person_id, person_ids, window_from, window_to,
              row_count, detail) ON audit_log TO cordon_keeper; -- as every program: not when, nor as which row
GRANT EXECUTE ON FUNCTION prune_audit(timestamptz, integer) TO cordon_keeper;
GRANT SELECT (seal_id, newest_at, audit_ids) ON audit_seals TO cordon_keeper;
REVOKE ALL ON FUNCTION orders_ended(), is_held(bigint, timestamptz, timestamptz), spare_erased_times(),
  hold_stops_retention(), only_the_keeper_deletes(),
  erase_victim(bigint, timestamptz) FROM public;
GRANT EXECUTE ON FUNCTION orders_ended(), is_held(bigint, timestamptz, timestamptz), erase_victim(bigint, timestamptz),
  service_clock(),
  grid_cell(double precision, double precision) TO cordon_keeper;
