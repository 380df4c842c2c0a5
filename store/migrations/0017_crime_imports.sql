-- Police files come in: by the API for the force of the caller's token, by the watched folder, by the owner's command.

-- The force that the caller works for; NULL, which nothing equals, for everybody but police, and for police whose token
-- names none.
CREATE FUNCTION police_force() RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT nullif(current_setting('cordon.force', true), '')
  WHERE current_setting('cordon.role', true) IN ('police_analyst', 'match_reviewer')
$$;

-- The force whose files the caller may send.
CREATE FUNCTION importing_force() RETURNS text
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  SELECT police_force() WHERE current_setting('cordon.role', true) = 'police_analyst'
$$;
REVOKE ALL ON FUNCTION police_force(), importing_force() FROM public;
GRANT EXECUTE ON FUNCTION police_force(), importing_force() TO cordon_api;

CREATE POLICY read_own_force ON crimes FOR SELECT TO cordon_api USING (force = (SELECT police_force()));
CREATE POLICY read_own_force ON crime_batches FOR SELECT TO cordon_api USING (force = (SELECT police_force()));
CREATE POLICY read_own_force ON crime_versions FOR SELECT TO cordon_api USING (
  (SELECT police_force()) IS NOT NULL
  AND EXISTS (SELECT FROM crimes WHERE crimes.crime_id = crime_versions.crime_id)
);
CREATE POLICY importers_force ON crime_batch_errors FOR SELECT TO cordon_api USING (
  (SELECT importing_force()) IS NOT NULL
  AND EXISTS (SELECT FROM crime_batches batch WHERE batch.crime_batch_id = crime_batch_errors.crime_batch_id)
);

-- In the sender's own name and for the sender's own force; a version belongs to a crime and a batch of that force.
CREATE POLICY imported ON crime_batches FOR INSERT TO cordon_api WITH CHECK (
  force = (SELECT importing_force()) AND received_by = 'api'
  AND imported_by = (SELECT current_setting('cordon.subject', true))
);
CREATE POLICY imported ON crimes FOR INSERT TO cordon_api WITH CHECK (force = (SELECT importing_force()));
CREATE POLICY imported ON crime_batch_errors FOR INSERT TO cordon_api WITH CHECK (
  EXISTS (
    SELECT FROM crime_batches batch WHERE batch.crime_batch_id = crime_batch_errors.crime_batch_id
      AND batch.force = (SELECT importing_force()))
);
CREATE POLICY imported ON crime_versions FOR INSERT TO cordon_api WITH CHECK (
  EXISTS (
    SELECT FROM crimes crime WHERE crime.crime_id = crime_versions.crime_id AND crime.force = (SELECT importing_force()))
  AND EXISTS (
    SELECT FROM crime_batches batch WHERE batch.crime_batch_id = crime_versions.crime_batch_id
      AND batch.force = (SELECT importing_force()))
);
CREATE POLICY followed ON crime_versions FOR UPDATE TO cordon_api USING (
  EXISTS (
    SELECT FROM crimes crime WHERE crime.crime_id = crime_versions.crime_id AND crime.force = (SELECT importing_force()))
);

ALTER TABLE matching_wanted ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON matching_wanted TO cordon_worker USING (true) WITH CHECK (true);
CREATE POLICY read_own_force ON matching_wanted FOR SELECT TO cordon_api USING (
  EXISTS (SELECT FROM crime_versions version WHERE version.crime_version_id = matching_wanted.crime_version_id)
);
CREATE POLICY imported ON matching_wanted FOR INSERT TO cordon_api WITH CHECK (
  requested_by = (SELECT current_setting('cordon.subject', true))
  AND EXISTS (
    SELECT FROM crime_versions version JOIN crimes crime USING (crime_id)
    WHERE version.crime_version_id = matching_wanted.crime_version_id AND crime.force = (SELECT importing_force()))
);

GRANT SELECT, INSERT ON crime_batches, crime_batch_errors, crimes, crime_versions TO cordon_api;
GRANT SELECT (crime_version_id, due_at, error), INSERT (crime_version_id, cause, requested_by)
  ON matching_wanted TO cordon_api;
GRANT UPDATE (is_current, revision) ON crime_versions TO cordon_api;
GRANT UPDATE (revision) ON crime_versions TO cordon_worker;
GRANT INSERT ON audit_log TO cordon_worker; -- what the watched folder brings in

-- A file is known again by its hash alone, before it is read; batches are listed newest first, force by force.
CREATE INDEX crime_batches_hash ON crime_batches (content_hash);
CREATE INDEX crime_batches_newest ON crime_batches (force, crime_batch_id DESC);

-- A refused file may be in no form that we know.
ALTER TABLE crime_batches ALTER COLUMN format DROP NOT NULL;
