-- Authorised entries and absences: who may see, grant and revoke them.

-- A zone that was there before zones had policies; nobody chose one for it.
UPDATE zone_versions SET preset = 'record' WHERE kind = 'crime_scene';

-- What was granted stays as it was granted; this is what of it holds. Revoked, it holds until then; revoked before it
-- began, never. One granted after its end permitted nothing to the wearer at the time, so it can be withdrawn whole.
ALTER TABLE authorisations
  ADD COLUMN lifts_until timestamptz NOT NULL GENERATED ALWAYS AS (
    CASE
      WHEN revoked_at IS NULL THEN upper(during)
      WHEN revoked_at <= lower(during) OR revoked_at >= upper(during) THEN lower(during)
      ELSE revoked_at
    END) STORED,
  ADD CONSTRAINT revoked_by_somebody CHECK ((revoked_at IS NULL) = (revoked_by IS NULL)),
  ADD CONSTRAINT revoked_in_time CHECK (revoked_at < upper(during) OR granted_at >= upper(during));

-- Whoever supervises a person grants; nobody else does, the service and the owner of zones included.
CREATE FUNCTION grants_authorisations(asking_role text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(asking_role IN ('practitioner', 'duty_officer', 'manager'), false)
$$;

ALTER TABLE authorisations ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON authorisations TO cordon_worker USING (true);
CREATE POLICY caseload ON authorisations FOR SELECT TO cordon_api USING (
  (SELECT sees_everyone(current_setting('cordon.role', true)))
  OR person_id = ANY ((
    SELECT caseload(current_setting('cordon.subject', true), current_setting('cordon.role', true)))::bigint[])
);
-- In the granter's own name, for a person of theirs, and of a zone that applies to the person.
CREATE POLICY granted ON authorisations FOR INSERT TO cordon_api WITH CHECK (
  (SELECT grants_authorisations(current_setting('cordon.role', true)))
  AND granted_by = current_setting('cordon.subject', true)
  AND may_see_person(person_id)
  AND EXISTS (
    SELECT FROM zones WHERE zones.zone_id = authorisations.zone_id
      AND coalesce(zones.person_id, authorisations.person_id) = authorisations.person_id)
);
CREATE POLICY revoked ON authorisations FOR UPDATE TO cordon_api
  USING (
    revoked_at IS NULL
    AND (SELECT grants_authorisations(current_setting('cordon.role', true)))
    AND may_see_person(person_id))
  WITH CHECK (revoked_by = current_setting('cordon.subject', true) AND may_see_person(person_id));

REVOKE ALL ON FUNCTION grants_authorisations(text) FROM public;
GRANT EXECUTE ON FUNCTION grants_authorisations(text) TO cordon_api;
GRANT SELECT ON authorisations TO cordon_api;
GRANT INSERT (person_id, zone_id, during, purpose, granted_by, revision) ON authorisations TO cordon_api;
GRANT UPDATE (revoked_at, revoked_by, revision) ON authorisations TO cordon_api;
