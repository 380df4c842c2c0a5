-- The read side: one rule of who sees whom, cheap on many rows; zones under row security; what the API asks besides.

-- The rule itself, for any caller. The alert stream asks it for each of its clients, row security for the caller.
CREATE FUNCTION sees_everyone(asking_role text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(asking_role IN ('duty_officer', 'manager', 'service'), false)
$$;

CREATE FUNCTION caseload(asking_subject text, asking_role text) RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(array_agg(person_id), '{}') FROM people
  WHERE asking_role = 'practitioner' AND practitioner = nullif(asking_subject, '')
$$;

CREATE FUNCTION caller_may_see(asking_subject text, asking_role text, wanted bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(sees_everyone(asking_role) OR wanted = ANY (caseload(asking_subject, asking_role)), false)
$$;

CREATE OR REPLACE FUNCTION may_see_person(wanted bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT caller_may_see(current_setting('cordon.subject', true), current_setting('cordon.role', true), wanted)
$$;

-- Scalar subqueries are asked once a statement; may_see_person() was asked once a row.
DO $$
DECLARE
  guarded text;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['people', 'visits', 'alerts', 'alert_events'] LOOP
    EXECUTE format('DROP POLICY caseload ON %I', guarded);
    EXECUTE format($policy$
      CREATE POLICY caseload ON %I FOR SELECT TO cordon_api USING (
        (SELECT sees_everyone(current_setting('cordon.role', true)))
        OR person_id = ANY ((
          SELECT caseload(current_setting('cordon.subject', true), current_setting('cordon.role', true)))::bigint[])
      )$policy$, guarded);
  END LOOP;
END
$$;

-- A person's zone is that person's data: seen by who may see the person, and by the administrator who draws zones.
-- A shared zone is seen by everyone who sees zones at all. Only an administrator writes.
CREATE FUNCTION draws_zones(asking_role text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(asking_role = 'administrator', false) $$;

CREATE FUNCTION sees_zones(asking_role text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT draws_zones(asking_role) OR sees_everyone(asking_role) OR coalesce(asking_role = 'practitioner', false)
$$;

ALTER TABLE zones ENABLE ROW LEVEL SECURITY;
ALTER TABLE zone_versions ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON zones TO cordon_worker USING (true);
CREATE POLICY worker_all ON zone_versions TO cordon_worker USING (true);
CREATE POLICY visible ON zones FOR SELECT TO cordon_api USING (
  (SELECT draws_zones(current_setting('cordon.role', true)) OR sees_everyone(current_setting('cordon.role', true)))
  OR (person_id IS NULL AND (SELECT sees_zones(current_setting('cordon.role', true))))
  OR person_id = ANY ((
    SELECT caseload(current_setting('cordon.subject', true), current_setting('cordon.role', true)))::bigint[])
);
CREATE POLICY visible ON zone_versions FOR SELECT TO cordon_api USING (
  EXISTS (SELECT FROM zones WHERE zones.zone_id = zone_versions.zone_id)
);
CREATE POLICY drawn ON zones FOR INSERT TO cordon_api
  WITH CHECK ((SELECT draws_zones(current_setting('cordon.role', true))));
CREATE POLICY drawn ON zone_versions FOR INSERT TO cordon_api
  WITH CHECK ((SELECT draws_zones(current_setting('cordon.role', true))));
CREATE POLICY ended ON zone_versions FOR UPDATE TO cordon_api
  USING ((SELECT draws_zones(current_setting('cordon.role', true))));

-- A stream ends when its token does, so the answer says when that is.
DROP FUNCTION authenticate_token(bytea);
CREATE FUNCTION authenticate_token(hash bytea) RETURNS TABLE (subject text, role text, expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT token.subject, token.role, token.expires_at FROM access_tokens token
  WHERE token.token_hash = hash AND token.revoked_at IS NULL AND token.expires_at > now()
$$;

-- Whether a full page of a track has another behind it. It tells no position, and asks the same rule.
CREATE FUNCTION person_track_goes_on(
  wanted bigint, from_time timestamptz, to_time timestamptz, after_time timestamptz, after_device integer, after_key bigint
) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT may_see_person(wanted) AND EXISTS (
    SELECT FROM device_activations activation
    JOIN positions p ON p.device_id = activation.device_id
    WHERE activation.person_id = wanted AND activation.during && tstzrange(from_time, to_time)
      AND p.fix_time >= greatest(after_time, lower(activation.during))
      AND p.fix_time < least(to_time, coalesce(upper(activation.during), 'infinity'))
      AND (p.fix_time, p.device_id, p.fix_key) > (after_time, after_device, after_key)
  )
$$;

REVOKE ALL ON FUNCTION sees_everyone(text), draws_zones(text), sees_zones(text), caseload(text, text),
  caller_may_see(text, text, bigint), authenticate_token(bytea),
  person_track_goes_on(bigint, timestamptz, timestamptz, timestamptz, integer, bigint) FROM public;
GRANT EXECUTE ON FUNCTION sees_everyone(text), draws_zones(text), sees_zones(text), caseload(text, text),
  caller_may_see(text, text, bigint), authenticate_token(bytea),
  person_track_goes_on(bigint, timestamptz, timestamptz, timestamptz, integer, bigint) TO cordon_api;

CREATE INDEX alerts_raised ON alerts (raised_at); -- the filter `since`
CREATE INDEX visits_newest ON visits (person_id, entered_at DESC, visit_id DESC);
DROP INDEX visits_person;

GRANT SELECT ON schema_migrations TO cordon_api; -- /health/ready asks whether the schema is the program's
