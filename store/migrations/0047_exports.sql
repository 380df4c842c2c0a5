-- What leaves the service about one person: for the person themself, and for a court. Asked for by one manager, prepared by
-- the owner (the API's role reads no positions), and released by another one who has looked at what was redacted.
CREATE TABLE exports (
  export_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('subject', 'court')),
  person_id bigint NOT NULL REFERENCES people,
  from_time timestamptz,
  to_time timestamptz,
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  requested_by text NOT NULL CHECK (length(requested_by) BETWEEN 1 AND 200),
  requested_at timestamptz NOT NULL DEFAULT service_clock(),
  -- a subject's request is answered within one month (UK GDPR, article 12(3)); a court names its own day
  due_at timestamptz DEFAULT service_clock() + interval '1 month',
  state text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'prepared', 'released', 'refused')),
  redactions jsonb, -- [{"what", "words", "count"}]: for whoever reviews it; the counts are not in the archive
  byte_count bigint,
  sha256 bytea, -- of the archive
  manifest_sha256 bytea,
  key_fingerprint text, -- NULL: the service has no key, so it is not signed
  prepared_at timestamptz,
  expires_at timestamptz, -- from then on it is not given out, and the next preparation deletes the archive
  decided_by text,
  decided_at timestamptz,
  note text CHECK (length(note) BETWEEN 1 AND 1000),
  CHECK (CASE kind WHEN 'subject' THEN from_time IS NULL AND to_time IS NULL ELSE coalesce(to_time > from_time, false) END),
  CHECK ((state IN ('prepared', 'released', 'refused')) = (sha256 IS NOT NULL)),
  CHECK ((sha256 IS NULL) = (prepared_at IS NULL) AND (sha256 IS NULL) = (redactions IS NULL)),
  CHECK ((state IN ('released', 'refused')) = (decided_by IS NOT NULL)),
  CHECK ((decided_by IS NULL) = (decided_at IS NULL) AND (decided_by IS NULL) = (note IS NULL)),
  CONSTRAINT export_needs_another_reviewer CHECK (NOT coalesce(same_subject(decided_by, requested_by), false))
);
CREATE INDEX exports_waiting ON exports (export_id) WHERE state = 'requested';
CREATE INDEX exports_person ON exports (person_id);

-- The archive in pieces, so that nobody ever holds all of it in memory.
CREATE TABLE export_parts (
  export_id bigint NOT NULL REFERENCES exports,
  number integer NOT NULL CHECK (number >= 0),
  content bytea NOT NULL CHECK (length(content) BETWEEN 1 AND 1048576),
  PRIMARY KEY (export_id, number)
);
ALTER TABLE export_parts ALTER COLUMN content SET STORAGE EXTERNAL; -- compressed already

-- A decision stands, and what was decided on is not exchanged afterwards.
CREATE FUNCTION export_goes_on() RETURNS trigger
LANGUAGE plpgsql SET search_path = cordon, pg_temp AS $$
BEGIN
  IF (OLD.state, NEW.state) NOT IN (
    ('requested', 'prepared'), ('prepared', 'released'), ('prepared', 'refused'))
    OR (OLD.state = 'prepared' AND OLD.sha256 IS DISTINCT FROM NEW.sha256) THEN
    RAISE EXCEPTION 'an export that is % does not become %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER goes_on BEFORE UPDATE ON exports FOR EACH ROW EXECUTE FUNCTION export_goes_on();

-- Who handles exports: managers, for whom they see, and not by the rota alone: an export goes back further than a shift's
-- 48 hours.
CREATE FUNCTION handles_export(wanted bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(current_setting('cordon.role', true) = 'manager', false) AND may_see_person(wanted)
    AND earliest_seen(wanted) = '-infinity'
$$;

-- Whether the archive is the caller's to read: released, or to be looked at by whoever did not ask for it.
CREATE FUNCTION may_read_export(wanted bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM exports
    WHERE export_id = wanted AND handles_export(person_id) AND expires_at > service_clock()
      AND (state = 'released'
           OR state = 'prepared' AND NOT same_subject(requested_by, current_setting('cordon.subject', true))))
$$;

-- Begins a download and records it; the number of parts, or NULL where the archive is not the caller's to read, or gone.
CREATE FUNCTION open_export(wanted bigint) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  parts integer;
BEGIN
  SELECT count(*) INTO parts FROM export_parts WHERE export_id = wanted;
  IF parts = 0 OR NOT may_read_export(wanted) THEN
    RETURN NULL;
  END IF;
  INSERT INTO audit_log (subject, role, action, outcome, purpose, request_id, person_id, window_from, window_to, detail)
  SELECT current_setting('cordon.subject'), current_setting('cordon.role'), 'export.read', 'allowed',
         current_setting('cordon.purpose'), current_setting('cordon.request_id'), person_id, from_time, to_time,
         jsonb_build_object('export_id', export_id, 'kind', kind, 'state', state, 'bytes', byte_count)
  FROM exports WHERE export_id = wanted;
  RETURN parts;
END
$$;

CREATE FUNCTION export_part(wanted bigint, wanted_number integer) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT content FROM export_parts
  WHERE export_id = wanted AND number = wanted_number AND may_read_export(wanted)
$$;

-- Who looked at a person, as the person is told: by role, for what purpose, at what times; in lists too, of which the
-- number of rows would be that of others. What police did, and what was done about a zone or a legal basis that may not be
-- disclosed, is not told.
CREATE FUNCTION person_looks(wanted bigint) RETURNS TABLE (
  happened_at timestamptz, role text, action text, purpose text, window_from timestamptz, window_to timestamptz,
  row_count bigint, is_told boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT look.looked_at, look.role, look.action, look.purpose, look.window_from, look.window_to,
         CASE WHEN NOT look.among_others THEN look.row_count END,
         look.role NOT IN ('police_analyst', 'match_reviewer')
           AND look.action !~ '^(match|matches|crime|crimes|crime_sheet|evidence|elimination|eliminations|scene_search|person_matches|trail|trail_request|trail_requests|zone|zones|zone_proof|condition|authorisation|legal_basis|victim\w*|legal_hold|legal_holds|export)\.'
  FROM looks_at(wanted) look
$$;

-- Staff as a person is told of them: by what they are.
CREATE FUNCTION role_of_staff(wanted text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT CASE WHEN wanted IS NULL THEN NULL WHEN wanted = 'cordon' THEN 'the service'
              ELSE coalesce((SELECT role FROM staff WHERE subject = wanted), 'staff') END
$$;

ALTER TABLE exports ENABLE ROW LEVEL SECURITY;
ALTER TABLE export_parts ENABLE ROW LEVEL SECURITY; -- read through export_part() alone
CREATE POLICY handled ON exports FOR SELECT TO cordon_api USING (handles_export(person_id));
CREATE POLICY asked ON exports FOR INSERT TO cordon_api WITH CHECK (
  handles_export(person_id) AND state = 'requested' AND requested_by = current_setting('cordon.subject', true));
CREATE POLICY decided ON exports FOR UPDATE TO cordon_api
  USING (handles_export(person_id) AND state = 'prepared' AND expires_at > service_clock())
  WITH CHECK (state IN ('released', 'refused') AND decided_by = current_setting('cordon.subject', true));

REVOKE ALL ON FUNCTION export_goes_on(), handles_export(bigint), may_read_export(bigint), open_export(bigint),
  export_part(bigint, integer), person_looks(bigint), role_of_staff(text) FROM public;
GRANT EXECUTE ON FUNCTION handles_export(bigint), may_read_export(bigint), open_export(bigint),
  export_part(bigint, integer) TO cordon_api;
GRANT SELECT ON exports TO cordon_api;
GRANT INSERT (kind, person_id, from_time, to_time, reason, requested_by, due_at) ON exports TO cordon_api;
GRANT UPDATE (state, decided_by, decided_at, note) ON exports TO cordon_api;
