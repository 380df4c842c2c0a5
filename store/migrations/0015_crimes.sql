-- Crimes as police report them, what matching said of them, and what waits to be matched.

-- Whoever works for a police force says so in the token: the database shows them that force's crimes and no other.
ALTER TABLE access_tokens ADD COLUMN force text CHECK (length(force) BETWEEN 1 AND 50);
DROP FUNCTION authenticate_token(bytea);
CREATE FUNCTION authenticate_token(hash bytea)
RETURNS TABLE (subject text, role text, expires_at timestamptz, force text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT token.subject, token.role, token.expires_at, token.force FROM access_tokens token
  WHERE token.token_hash = hash AND token.revoked_at IS NULL AND token.expires_at > now()
$$;
REVOKE ALL ON FUNCTION authenticate_token(bytea) FROM public;
GRANT EXECUTE ON FUNCTION authenticate_token(bytea) TO cordon_api;

-- One police file. A file that is sent twice is known by the hash of its content and changes nothing.
CREATE TABLE crime_batches (
  crime_batch_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  force text NOT NULL,
  reference text NOT NULL, -- the batch's id as the force gave it
  content_hash bytea NOT NULL, -- SHA-256
  format text NOT NULL CHECK (format IN ('police_csv', 'csv', 'geojson')),
  received_by text NOT NULL CHECK (received_by IN ('api', 'command', 'folder')),
  imported_by text NOT NULL,
  imported_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  state text NOT NULL CHECK (state IN ('accepted', 'partial', 'refused')),
  row_count integer NOT NULL, -- of the file
  new_count integer NOT NULL, -- crimes that were not known
  changed_count integer NOT NULL, -- that became a new version
  unchanged_count integer NOT NULL,
  error_count integer NOT NULL, -- rows with errors; a refused file has no crimes
  UNIQUE (force, content_hash)
);

CREATE TABLE crime_batch_errors (
  crime_batch_id bigint NOT NULL REFERENCES crime_batches ON DELETE CASCADE,
  place integer NOT NULL, -- in the list of errors
  row_number integer, -- of the file, from 1; NULL: of the file itself
  field text NOT NULL,
  value text NOT NULL, -- as it was given, shortened
  problem text NOT NULL,
  remedy text NOT NULL,
  PRIMARY KEY (crime_batch_id, place)
);

CREATE TABLE crimes (
  crime_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  force text NOT NULL,
  reference text NOT NULL CHECK (length(reference) BETWEEN 1 AND 100),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (force, reference)
);

CREATE TABLE crime_versions (
  crime_version_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  crime_id bigint NOT NULL REFERENCES crimes,
  version integer NOT NULL CHECK (version >= 1),
  crime_batch_id bigint NOT NULL REFERENCES crime_batches,
  row_number integer NOT NULL, -- of the batch's file
  crime_type text NOT NULL,
  description text NOT NULL,
  lat double precision NOT NULL,
  lon double precision NOT NULL,
  place_uncertainty_m real NOT NULL CHECK (place_uncertainty_m >= 0),
  from_time timestamptz NOT NULL, -- the hull of its windows
  to_time timestamptz NOT NULL CHECK (to_time >= from_time),
  windows jsonb NOT NULL, -- [[from_us, to_us], …]: two where a local time of the file is two instants
  notes jsonb NOT NULL DEFAULT '[]',
  given jsonb NOT NULL, -- the row as it stood in the file, by field
  changed_fields text[] NOT NULL, -- against the version before; empty in the first
  is_current boolean NOT NULL DEFAULT true, -- the newest version of its crime
  revision bigint NOT NULL, -- of the registry: a batch of positions is decided with it or after it
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (crime_id, version)
);
CREATE INDEX crime_versions_batch ON crime_versions (crime_batch_id, row_number);
CREATE INDEX crime_versions_revision ON crime_versions (revision);
CREATE INDEX crime_versions_time ON crime_versions (from_time) WHERE is_current; -- a window is bounded, so from_time finds it

-- One matching of one crime version. A run that follows another keeps it: results are superseded, never changed.
CREATE TABLE matching_runs (
  run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  crime_version_id bigint NOT NULL REFERENCES crime_versions,
  cause text NOT NULL CHECK (cause IN ('imported', 'settled', 'positions', 'requested')),
  requested_by text NOT NULL,
  run_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  algorithm_version integer NOT NULL,
  software_version text NOT NULL,
  settings jsonb NOT NULL,
  present integer NOT NULL, -- the four counts of everyone who wore a device at some time of the padded window
  possible integer NOT NULL,
  absent integer NOT NULL,
  cannot_say integer NOT NULL
);
CREATE INDEX matching_runs_version ON matching_runs (crime_version_id, run_id);

-- Those who were near the scene or may have been. Who has no result was absent, and is counted in the run.
CREATE TABLE matching_results (
  result_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id bigint NOT NULL REFERENCES matching_runs,
  crime_version_id bigint NOT NULL REFERENCES crime_versions,
  person_id bigint NOT NULL REFERENCES people,
  verdict text NOT NULL CHECK (verdict IN ('present', 'possible', 'absent', 'cannot_say')),
  document jsonb NOT NULL, -- model.crimes.Match
  weight jsonb, -- how likely chance is, by the wearer's routine; NULL: not weighed, or not yet
  weighing_error text, -- set aside: it could not be weighed
  superseded_by bigint REFERENCES matching_runs -- NULL: the current one
);
CREATE UNIQUE INDEX matching_results_current ON matching_results (crime_version_id, person_id) WHERE superseded_by IS NULL;
CREATE INDEX matching_results_run ON matching_results (run_id);
CREATE INDEX matching_results_person ON matching_results (person_id) WHERE superseded_by IS NULL;

CREATE INDEX matching_results_unweighed ON matching_results (result_id)
  WHERE superseded_by IS NULL AND weight IS NULL AND verdict IN ('present', 'possible');

-- What is to be matched: a crime version against everyone, from due_at on, and one device's stretch of time against
-- the crimes in it. Rows of one device are joined.
CREATE TABLE matching_wanted (
  crime_version_id bigint PRIMARY KEY REFERENCES crime_versions,
  cause text NOT NULL CHECK (cause IN ('imported', 'settled', 'requested')),
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  due_at timestamptz NOT NULL DEFAULT '-infinity',
  error text -- set aside: it could not be matched; NULL again when it is asked for anew
);
CREATE INDEX matching_wanted_due ON matching_wanted (due_at) WHERE error IS NULL;

CREATE TABLE rematches_wanted (
  device_id integer PRIMARY KEY REFERENCES devices,
  from_time timestamptz NOT NULL,
  until_time timestamptz NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  error text
);

ALTER TABLE crimes ENABLE ROW LEVEL SECURITY;
ALTER TABLE crime_batches ENABLE ROW LEVEL SECURITY;
ALTER TABLE crime_batch_errors ENABLE ROW LEVEL SECURITY;
ALTER TABLE crime_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE matching_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE matching_results ENABLE ROW LEVEL SECURITY;
DO $$
DECLARE
  guarded text;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['crimes', 'crime_batches', 'crime_batch_errors', 'crime_versions', 'matching_runs',
                                 'matching_results'] LOOP
    EXECUTE format('CREATE POLICY worker_all ON %I TO cordon_worker USING (true) WITH CHECK (true)', guarded);
  END LOOP;
END
$$;

GRANT SELECT, INSERT ON crime_batches, crime_batch_errors, crimes, crime_versions, matching_runs TO cordon_worker;
GRANT UPDATE (is_current) ON crime_versions TO cordon_worker;
GRANT SELECT, INSERT, UPDATE (superseded_by, weight, weighing_error) ON matching_results TO cordon_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON matching_wanted, rematches_wanted TO cordon_worker;
GRANT UPDATE ON registry_revision TO cordon_worker; -- the watched folder's imports raise it
