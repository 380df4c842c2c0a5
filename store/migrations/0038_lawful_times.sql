-- The condition decides what may be looked at: times with trail monitoring or another recorded legal basis, and times in
-- and around visits. Detection of visits, and the health of devices, go by every position; whatever shows positions, or
-- concludes from them, goes by these times alone (docs/security.md, "What may be looked at").

-- A legal basis other than a condition of the licence. Drafted by one person and decided by another; it has an end, and
-- may end before it. What was drafted is never changed.
CREATE TABLE legal_bases (
  legal_basis_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  person_id bigint NOT NULL REFERENCES people,
  kind text NOT NULL CHECK (
    kind IN ('bail_condition', 'court_order', 'threat_to_life', 'whereabouts_requirement')),
  reference text NOT NULL CHECK (length(reference) BETWEEN 1 AND 100), -- by which it is found where it was made
  wording text NOT NULL CHECK (length(wording) BETWEEN 1 AND 10000), -- as it stands there
  during tstzrange NOT NULL CHECK (
    NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during) AND lower_inc(during) AND NOT upper_inc(during)
    AND lower(during) >= '1970-01-01Z' AND upper(during) <= '2200-01-01Z'),
  status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'live', 'refused', 'withdrawn', 'ended')),
  drafted_by text NOT NULL CHECK (length(drafted_by) BETWEEN 1 AND 200),
  drafted_at timestamptz NOT NULL DEFAULT service_clock(),
  decided_by text CHECK (length(decided_by) BETWEEN 1 AND 200), -- approved, refused or withdrew it
  decided_at timestamptz,
  reason text CHECK (length(reason) BETWEEN 1 AND 1000), -- why it was refused, or ended
  ended_by text CHECK (length(ended_by) BETWEEN 1 AND 200),
  ended_at timestamptz CHECK (ended_at BETWEEN lower(during) AND upper(during)), -- from when it holds no longer
  closed_at timestamptz, -- when that was said
  CHECK ((status = 'draft') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)),
  CHECK ((status = 'ended') = (ended_by IS NOT NULL) AND (ended_by IS NULL) = (ended_at IS NULL)
    AND (ended_by IS NULL) = (closed_at IS NULL)),
  CONSTRAINT decided_by_a_second_person CHECK (
    status IN ('draft', 'withdrawn') OR NOT same_subject(decided_by, drafted_by))
);
CREATE INDEX legal_bases_person ON legal_bases (person_id);

CREATE FUNCTION keep_legal_bases() RETURNS trigger
LANGUAGE plpgsql SET search_path = cordon, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'a legal basis is kept' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  IF NOT (OLD.status = 'draft' AND NEW.status IN ('live', 'refused', 'withdrawn')
          OR OLD.status = 'live' AND NEW.status = 'ended'
          OR OLD.status = 'ended' AND NEW.status = 'ended' AND NEW.ended_at < OLD.ended_at) THEN -- it is brought forward
    RAISE EXCEPTION 'a legal basis that is % cannot become %', OLD.status, NEW.status
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  IF (OLD.legal_basis_id, OLD.person_id, OLD.kind, OLD.reference, OLD.wording, OLD.during, OLD.drafted_by,
      OLD.drafted_at)
     IS DISTINCT FROM
     (NEW.legal_basis_id, NEW.person_id, NEW.kind, NEW.reference, NEW.wording, NEW.during, NEW.drafted_by,
      NEW.drafted_at)
     OR OLD.decided_by IS NOT NULL AND (OLD.decided_by, OLD.decided_at) <> (NEW.decided_by, NEW.decided_at) THEN
    RAISE EXCEPTION 'what a legal basis says stays' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER keep_legal_bases BEFORE UPDATE OR DELETE ON legal_bases
  FOR EACH ROW EXECUTE FUNCTION keep_legal_bases();

ALTER TABLE legal_bases ENABLE ROW LEVEL SECURITY;
CREATE POLICY caseload ON legal_bases FOR SELECT TO cordon_api USING (
  (SELECT sees_everyone(current_setting('cordon.role', true)))
  OR person_id = ANY ((
    SELECT caseload(current_setting('cordon.subject', true), current_setting('cordon.role', true)))::bigint[])
);
-- As with conditions: whoever supervises a person drafts, managers and duty officers decide, each in their own name.
CREATE POLICY drafted ON legal_bases FOR INSERT TO cordon_api WITH CHECK (
  status = 'draft' AND drafted_by = current_setting('cordon.subject', true)
  AND (SELECT drafts_conditions(current_setting('cordon.role', true))) AND may_see_person(person_id));
CREATE POLICY decided ON legal_bases FOR UPDATE TO cordon_api
  USING (may_see_person(person_id))
  WITH CHECK (
    CASE status
      WHEN 'withdrawn' THEN drafts_conditions(current_setting('cordon.role', true))
        AND decided_by = current_setting('cordon.subject', true)
      WHEN 'ended' THEN approves_conditions(current_setting('cordon.role', true))
        AND ended_by = current_setting('cordon.subject', true)
      ELSE approves_conditions(current_setting('cordon.role', true))
        AND decided_by = current_setting('cordon.subject', true)
    END);
GRANT SELECT ON legal_bases TO cordon_api;
GRANT INSERT (person_id, kind, reference, wording, during, drafted_by) ON legal_bases TO cordon_api;
GRANT UPDATE (status, decided_by, decided_at, reason, ended_by, ended_at, closed_at) ON legal_bases TO cordon_api;

-- Times in which somebody's trail may be looked at, which may overlap: each approved version of a condition of trail
-- monitoring, from its start until its end, the condition's early end (which a version still to begin may say), or the
-- start of the version approved after it; and each approved basis, until its end or that of the person's monitoring.
CREATE VIEW trail_stretches AS
  SELECT person_id, tstzrange(starts_at, greatest(starts_at, until_time)) AS during FROM (
    SELECT condition.person_id, version.starts_at,
           coalesce(least(version.ends_at, version.ended_at, min(least(version.starts_at, version.ended_at)) OVER (
             PARTITION BY condition.person_id, condition.condition_id ORDER BY version.version
             ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)), 'infinity') AS until_time
    FROM licence_conditions condition JOIN condition_versions version USING (condition_id)
    WHERE condition.kind = 'trail_monitoring' AND version.status IN ('live', 'superseded', 'ended')) held
  UNION ALL
  SELECT person_id, tstzrange(lower(during), greatest(lower(during), least(upper(during), basis.ended_at, person.ended_at)))
  FROM legal_bases basis JOIN people person USING (person_id) WHERE status IN ('live', 'ended');

-- A visit with what is around it, so that an officer sees how the wearer came and where they went: only one that was
-- confirmed, and while the zone's condition was in force. What an authorisation allowed, or came to nothing, opens nothing.
CREATE FUNCTION visit_time(state text, regime text, entered_at timestamptz, last_inside_at timestamptz, left_at timestamptz)
RETURNS tstzrange LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN state IN ('confirmed', 'ending', 'ended') AND regime = 'in_force'
    THEN tstzrange(entered_at - interval '15 minutes', coalesce(left_at, last_inside_at) + interval '15 minutes')
    ELSE 'empty' END
$$;
-- Of zones that are conditions of the wearer's: only such a zone can be breached (model.enums.ZoneKind.binds). And from
-- when it was published on: nobody opens somebody's past by drawing a zone around it afterwards.
CREATE VIEW visit_stretches AS
  SELECT visit.person_id, visit.visit_id, visit.entered_at,
         visit_time(visit.state, visit.regime, visit.entered_at, visit.last_inside_at, visit.left_at)
           * tstzrange(version.created_at, NULL) AS during
  FROM visits visit
  JOIN zone_versions version ON version.zone_id = visit.zone_id AND version.version = visit.zone_version
  WHERE version.kind IN ('exclusion', 'inclusion', 'curfew')
    AND visit.state IN ('confirmed', 'ending', 'ended') AND visit.regime = 'in_force';

CREATE FUNCTION trail_times(wanted bigint) RETURNS tstzmultirange
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(range_agg(during), '{}') FROM trail_stretches WHERE person_id = wanted
$$;

-- The times of [from_time, to_time) in which one person's positions may be shown, or concluded from.
CREATE FUNCTION lawful_times(wanted bigint, from_time timestamptz, to_time timestamptz) RETURNS tstzmultirange
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(range_agg(during), '{}') * tstzmultirange(tstzrange(least(from_time, to_time), to_time)) FROM (
    SELECT during FROM trail_stretches WHERE person_id = wanted
    UNION ALL
    SELECT during FROM visit_stretches
    WHERE person_id = wanted AND entered_at < to_time + interval '15 minutes'
      AND during && tstzrange(least(from_time, to_time), to_time)) allowed
$$;
REVOKE ALL ON FUNCTION keep_legal_bases(), visit_time(text, text, timestamptz, timestamptz, timestamptz),
  trail_times(bigint), lawful_times(bigint, timestamptz, timestamptz) FROM public;
GRANT EXECUTE ON FUNCTION visit_time(text, text, timestamptz, timestamptz, timestamptz), trail_times(bigint),
  lawful_times(bigint, timestamptz, timestamptz) TO cordon_worker;
GRANT SELECT ON trail_stretches, visit_stretches TO cordon_worker;
-- The database says when a version was published, not who publishes it.
REVOKE INSERT ON zone_versions FROM cordon_api;
GRANT INSERT (zone_id, version, name, kind, geometry, active_from, active_to, schedule, preset, policy, is_disclosed,
              valid_from, valid_to, revision, created_by) ON zone_versions TO cordon_api;
-- What has ended goes on by another version alone, which for somebody's own zone takes an approval.
CREATE FUNCTION zone_version_ends_sooner() RETURNS trigger LANGUAGE plpgsql SET search_path = cordon, pg_temp AS $$
BEGIN
  IF pg_has_role(session_user, (SELECT nspowner FROM pg_namespace WHERE nspname = 'cordon'), 'USAGE') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a version of a zone never ends later than it did' USING ERRCODE = 'insufficient_privilege';
END
$$;
REVOKE ALL ON FUNCTION zone_version_ends_sooner() FROM public;
CREATE TRIGGER ends_sooner BEFORE UPDATE OF valid_to ON zone_versions FOR EACH ROW
  WHEN (coalesce(NEW.valid_to, 'infinity') > coalesce(OLD.valid_to, 'infinity')) EXECUTE FUNCTION zone_version_ends_sooner();

-- What an alert stands on, as it is shown to who may see it: when and how sure, and the places of lawful times alone. An
-- alert that opens no time, such as an authorised entry or one that was taken back, has none.
CREATE FUNCTION without_places(document jsonb, allowed tstzmultirange) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = cordon, pg_temp AS $$
BEGIN
  RETURN CASE
    WHEN jsonb_typeof(document) = 'array' THEN (
      SELECT coalesce(jsonb_agg(without_places(value, allowed) ORDER BY place), '[]')
      FROM jsonb_array_elements(document) WITH ORDINALITY AS given (value, place))
    WHEN jsonb_typeof(document) <> 'object' THEN document
    WHEN document ?& ARRAY['fix_time', 'lat', 'lon'] THEN
      CASE WHEN (document ->> 'fix_time')::timestamptz <@ allowed THEN document
           ELSE document || '{"lat": null, "lon": null}' END
    ELSE (SELECT coalesce(jsonb_object_agg(key, without_places(value, allowed)), '{}') FROM jsonb_each(document))
  END;
END
$$;
CREATE FUNCTION shown_evidence(wanted uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT without_places(evidence, lawful_times(
    person_id, began_at - interval '1 day', coalesce(ended_at, last_evidence_at) + interval '1 day'))
  FROM alerts WHERE alert_id = wanted AND (pg_has_role(session_user, current_user, 'USAGE') OR may_see_person(person_id))
$$;
REVOKE ALL ON FUNCTION without_places(jsonb, tstzmultirange), shown_evidence(uuid) FROM public;
GRANT EXECUTE ON FUNCTION shown_evidence(uuid) TO cordon_api;
REVOKE SELECT ON alerts, visits FROM cordon_api;
GRANT SELECT (alert_id, sequence, kind, severity, urgency, state, person_id, activation_id, zone_id, zone_version, visit_id,
              began_at, last_evidence_at, ended_at, received_at, raised_at, updated_at) ON alerts TO cordon_api;
GRANT SELECT (visit_id, activation_id, person_id, zone_id, zone_version, aspect, regime, state, inferred, entered_at,
              confirmed_at, last_inside_at, left_at, closed_at, positions_inside, end_reason, merged_into)
  ON visits TO cordon_api;

-- The track that the API's role may read, of lawful times alone, and no further back than the caller sees.
CREATE OR REPLACE FUNCTION person_track(
  wanted bigint, from_time timestamptz, to_time timestamptz,
  after_time timestamptz, after_device integer, after_key bigint, page_size integer
) RETURNS TABLE (
  device_id integer, serial text, fix_time timestamptz, fix_key bigint, received_at timestamptz,
  lat double precision, lon double precision, accuracy_m real, mechanism smallint, speed_mps real,
  heading_deg real, satellites smallint, hdop real, battery_pct real, sequence bigint, flags smallint
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  allowed tstzmultirange;
  found bigint;
BEGIN
  IF page_size NOT BETWEEN 1 AND 10000 THEN
    RAISE EXCEPTION 'a page holds 1 to 10000 positions' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT may_see_person(wanted) THEN
    RAISE EXCEPTION 'this caller may not see this person' USING ERRCODE = 'insufficient_privilege';
  END IF;
  allowed := lawful_times(wanted, greatest(from_time, earliest_seen(wanted)), to_time);
  RETURN QUERY
    SELECT page.* FROM device_activations activation
    JOIN devices device ON device.device_id = activation.device_id
    CROSS JOIN LATERAL unnest(allowed * tstzmultirange(activation.during)) AS stretch
    CROSS JOIN LATERAL (
      SELECT p.device_id, device.serial, p.fix_time, p.fix_key, p.received_at, p.lat, p.lon, p.accuracy_m, p.mechanism,
             p.speed_mps, p.heading_deg, p.satellites, p.hdop, p.battery_pct, p.sequence, p.flags
      FROM positions p
      WHERE p.device_id = activation.device_id
        AND p.fix_time >= greatest(from_time, lower(stretch), coalesce(after_time, '-infinity'))
        AND p.fix_time < least(to_time, upper(stretch))
        AND (after_time IS NULL OR (p.fix_time, p.device_id, p.fix_key) > (after_time, after_device, after_key))
      ORDER BY p.fix_time, p.fix_key
      LIMIT page_size
    ) page
    WHERE activation.person_id = wanted AND activation.during && tstzrange(from_time, to_time)
      AND upper(stretch) > coalesce(after_time, '-infinity')
    ORDER BY page.fix_time, page.device_id, page.fix_key
    LIMIT page_size;
  GET DIAGNOSTICS found = ROW_COUNT;
  INSERT INTO audit_log (subject, role, action, outcome, purpose, request_id, person_id, window_from, window_to, row_count)
  VALUES (current_setting('cordon.subject'), current_setting('cordon.role'), 'track.read', 'allowed',
          current_setting('cordon.purpose'), current_setting('cordon.request_id'), wanted, from_time, to_time, found);
END
$$;

CREATE OR REPLACE FUNCTION person_track_goes_on(
  wanted bigint, from_time timestamptz, to_time timestamptz, after_time timestamptz, after_device integer, after_key bigint
) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT may_see_person(wanted) AND EXISTS (
    SELECT FROM device_activations activation
    CROSS JOIN LATERAL unnest(
      lawful_times(wanted, greatest(from_time, after_time, earliest_seen(wanted)), to_time)
      * tstzmultirange(activation.during)) AS stretch
    JOIN positions p ON p.device_id = activation.device_id
      AND p.fix_time >= greatest(after_time, lower(stretch)) AND p.fix_time < least(to_time, upper(stretch))
    WHERE activation.person_id = wanted AND activation.during && tstzrange(from_time, to_time)
      AND (p.fix_time, p.device_id, p.fix_key) > (after_time, after_device, after_key)
  )
$$;

-- The times of a window in which a caller is shown positions: outside of them none are given, whether there are any or not.
CREATE FUNCTION track_times(wanted bigint, from_time timestamptz, to_time timestamptz)
RETURNS TABLE (begins_at timestamptz, ends_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT lower(stretch), upper(stretch)
  FROM unnest(lawful_times(wanted, greatest(from_time, earliest_seen(wanted)), to_time)) AS stretch
  WHERE may_see_person(wanted) ORDER BY 1
$$;
REVOKE ALL ON FUNCTION track_times(bigint, timestamptz, timestamptz) FROM public;
GRANT EXECUTE ON FUNCTION track_times(bigint, timestamptz, timestamptz) TO cordon_api;

CREATE OR REPLACE FUNCTION worn_positions(wanted bigint, from_time timestamptz, to_time timestamptz, most integer)
RETURNS TABLE (
  activation_id bigint, device_id integer, fix_time timestamptz, fix_key bigint, received_at timestamptz,
  lat double precision, lon double precision, accuracy_m real, mechanism smallint, speed_mps real, flags smallint
)
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  SELECT activation.activation_id, p.device_id, p.fix_time, p.fix_key, p.received_at,
         p.lat, p.lon, p.accuracy_m, p.mechanism, p.speed_mps, p.flags
  FROM device_activations activation
  CROSS JOIN LATERAL unnest(
    lawful_times(wanted, from_time, to_time) * tstzmultirange(activation.during)) AS stretch
  JOIN positions p ON p.device_id = activation.device_id
    AND p.fix_time >= lower(stretch) AND p.fix_time < upper(stretch)
  WHERE activation.person_id = wanted AND activation.during && tstzrange(from_time, to_time)
  LIMIT most
$$;

CREATE OR REPLACE FUNCTION rehearsal_track(wanted bigint, from_time timestamptz, to_time timestamptz, most integer, about jsonb)
RETURNS TABLE (
  activation_id bigint, device_id integer, fix_time timestamptz, fix_key bigint, received_at timestamptz,
  lat double precision, lon double precision, accuracy_m real, mechanism smallint, speed_mps real, flags smallint
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  found bigint;
BEGIN
  IF NOT may_see_person(wanted) THEN
    RAISE EXCEPTION 'this caller may not see this person' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN QUERY SELECT * FROM worn_positions(
    wanted, least(greatest(from_time, earliest_seen(wanted)), to_time), to_time, most);
  GET DIAGNOSTICS found = ROW_COUNT;
  INSERT INTO audit_log
    (subject, role, action, outcome, purpose, request_id, person_id, window_from, window_to, row_count, detail)
  VALUES (current_setting('cordon.subject'), current_setting('cordon.role'), 'zone.rehearse', 'allowed',
          current_setting('cordon.purpose'), current_setting('cordon.request_id'),
          wanted, from_time, to_time, found, about);
END
$$;
