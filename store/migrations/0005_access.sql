-- Who may see what, below the API. The API's role sets the caller's identity inside each transaction:
-- cordon.subject, cordon.role, cordon.purpose, cordon.request_id. Without it, nothing is visible.
CREATE TABLE access_tokens (
  token_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  token_hash bytea NOT NULL UNIQUE, -- SHA-256 of the token; the token itself is shown once and not kept
  subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
  role text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);

CREATE TABLE audit_log (
  audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  subject text NOT NULL,
  role text NOT NULL,
  action text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('allowed', 'refused')),
  purpose text NOT NULL,
  request_id text NOT NULL,
  person_id bigint,
  window_from timestamptz,
  window_to timestamptz,
  row_count bigint,
  detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_person ON audit_log (person_id, happened_at);

CREATE FUNCTION authenticate_token(hash bytea) RETURNS TABLE (subject text, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT token.subject, token.role FROM access_tokens token
  WHERE token.token_hash = hash AND token.revoked_at IS NULL AND token.expires_at > now()
$$;

CREATE FUNCTION authenticate_source(hash bytea) RETURNS TABLE (source_id bigint, name text, device_serial text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT source.source_id, source.name, device.serial
  FROM sources source LEFT JOIN devices device USING (device_id)
  WHERE source.key_hash = hash AND source.revoked_at IS NULL
$$;

-- A practitioner sees their own caseload; a duty officer, a manager and the service itself see everyone.
CREATE FUNCTION may_see_person(wanted bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT CASE current_setting('cordon.role', true)
    WHEN 'practitioner' THEN EXISTS (
      SELECT FROM people
      WHERE person_id = wanted AND practitioner = nullif(current_setting('cordon.subject', true), ''))
    WHEN 'duty_officer' THEN true
    WHEN 'manager' THEN true
    WHEN 'service' THEN true
    ELSE false
  END
$$;

ALTER TABLE people ENABLE ROW LEVEL SECURITY;
ALTER TABLE visits ENABLE ROW LEVEL SECURITY;
ALTER TABLE alerts ENABLE ROW LEVEL SECURITY;
ALTER TABLE alert_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON people TO cordon_worker USING (true);
CREATE POLICY worker_all ON visits TO cordon_worker USING (true) WITH CHECK (true);
CREATE POLICY worker_all ON alerts TO cordon_worker USING (true) WITH CHECK (true);
CREATE POLICY worker_all ON alert_events TO cordon_worker USING (true) WITH CHECK (true);
CREATE POLICY caseload ON people TO cordon_api USING (may_see_person(person_id));
CREATE POLICY caseload ON visits TO cordon_api USING (may_see_person(person_id));
CREATE POLICY caseload ON alerts TO cordon_api USING (may_see_person(person_id));
CREATE POLICY caseload ON alert_events TO cordon_api USING (may_see_person(person_id));

-- Who a zone is for has to be found by CRN without the right to see people: an administrator draws zones.
CREATE FUNCTION person_id_of_crn(wanted text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT person_id FROM people WHERE crn = wanted
$$;

-- The one way to positions for the API's role: who asks is checked and recorded in the same transaction, and if the
-- record cannot be written the answer is not given. Rows come in the order (fix_time, device_id, fix_key), after the
-- given key; a page is bounded.
CREATE FUNCTION person_track(
  wanted bigint, from_time timestamptz, to_time timestamptz,
  after_time timestamptz, after_device integer, after_key bigint, page_size integer
) RETURNS TABLE (
  device_id integer, serial text, fix_time timestamptz, fix_key bigint, received_at timestamptz,
  lat double precision, lon double precision, accuracy_m real, mechanism smallint, speed_mps real,
  heading_deg real, satellites smallint, hdop real, battery_pct real, sequence bigint, flags smallint
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  found bigint;
BEGIN
  IF page_size NOT BETWEEN 1 AND 10000 THEN
    RAISE EXCEPTION 'a page holds 1 to 10000 positions' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT may_see_person(wanted) THEN
    RAISE EXCEPTION 'this caller may not see this person' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN QUERY
    SELECT page.* FROM device_activations activation
    JOIN devices device ON device.device_id = activation.device_id
    CROSS JOIN LATERAL (
      SELECT p.device_id, device.serial, p.fix_time, p.fix_key, p.received_at, p.lat, p.lon, p.accuracy_m, p.mechanism,
             p.speed_mps, p.heading_deg, p.satellites, p.hdop, p.battery_pct, p.sequence, p.flags
      FROM positions p
      WHERE p.device_id = activation.device_id
        AND p.fix_time >= greatest(from_time, lower(activation.during), coalesce(after_time, '-infinity'))
        AND p.fix_time < least(to_time, coalesce(upper(activation.during), 'infinity'))
        AND (after_time IS NULL OR (p.fix_time, p.device_id, p.fix_key) > (after_time, after_device, after_key))
      ORDER BY p.fix_time, p.fix_key
      LIMIT page_size
    ) page
    WHERE activation.person_id = wanted AND activation.during && tstzrange(from_time, to_time)
    ORDER BY page.fix_time, page.device_id, page.fix_key
    LIMIT page_size;
  GET DIAGNOSTICS found = ROW_COUNT;
  INSERT INTO audit_log (subject, role, action, outcome, purpose, request_id, person_id, window_from, window_to, row_count)
  VALUES (current_setting('cordon.subject'), current_setting('cordon.role'), 'track.read', 'allowed',
          current_setting('cordon.purpose'), current_setting('cordon.request_id'), wanted, from_time, to_time, found);
END
$$;

REVOKE ALL ON FUNCTION authenticate_token(bytea), authenticate_source(bytea), may_see_person(bigint),
  person_id_of_crn(text),
  person_track(bigint, timestamptz, timestamptz, timestamptz, integer, bigint, integer) FROM public;
GRANT EXECUTE ON FUNCTION authenticate_token(bytea), authenticate_source(bytea), may_see_person(bigint),
  person_id_of_crn(text),
  person_track(bigint, timestamptz, timestamptz, timestamptz, integer, bigint, integer) TO cordon_api;
GRANT INSERT ON audit_log TO cordon_api;
