-- Who sees what of matching. Police see their own force's crimes and, of matches, what the functions of 0021 give them:
-- the API's role reads no result by itself, for a result names its wearer.

-- However it is written: one person's name may differ in blanks, capitals and the width of its letters.
CREATE FUNCTION same_subject(one text, other text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT lower(regexp_replace(normalize(one, NFKC), '\s', '', 'g') COLLATE pg_c_utf8)
       = lower(regexp_replace(normalize(other, NFKC), '\s', '', 'g') COLLATE pg_c_utf8)
$$;

-- A reviewer's word on a match. The newest stands; the earlier ones are kept.
CREATE TABLE match_qualifications (
  qualification_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  result_id bigint NOT NULL REFERENCES matching_results,
  reviewer text NOT NULL,
  decision text NOT NULL CHECK (decision IN ('confirmed', 'rejected', 'unclear')),
  note text NOT NULL CHECK (length(note) BETWEEN 1 AND 1000),
  qualified_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX match_qualifications_result ON match_qualifications (result_id, qualification_id);

-- What came of a match, as police record it. The newest stands; the earlier ones are kept.
CREATE TABLE match_outcomes (
  outcome_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  result_id bigint NOT NULL REFERENCES matching_results,
  outcome text NOT NULL CHECK (outcome IN (
    'under_investigation', 'charged', 'witness_or_victim', 'eliminated_by_other_evidence', 'no_further_action')),
  note text NOT NULL CHECK (length(note) BETWEEN 1 AND 1000),
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX match_outcomes_result ON match_outcomes (result_id, outcome_id);

-- What police call a wearer before they may know who it is: the same throughout a batch, another one in the next.
CREATE TABLE crime_batch_wearers (
  crime_batch_id bigint NOT NULL REFERENCES crime_batches,
  person_id bigint NOT NULL REFERENCES people,
  number integer NOT NULL CHECK (number >= 1),
  label text NOT NULL GENERATED ALWAYS AS ('W' || number) STORED,
  PRIMARY KEY (crime_batch_id, person_id),
  UNIQUE (crime_batch_id, number)
);

-- Given with a wearer's first result in the batch, in no order that tells anything of them.
CREATE FUNCTION label_wearers() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM fresh JOIN crime_versions version USING (crime_version_id)
    LEFT JOIN crime_batch_wearers known
      ON known.crime_batch_id = version.crime_batch_id AND known.person_id = fresh.person_id
    WHERE known.person_id IS NULL) THEN
    RETURN NULL;
  END IF;
  PERFORM FROM crime_batches batch
    WHERE batch.crime_batch_id IN (
      SELECT version.crime_batch_id FROM fresh JOIN crime_versions version USING (crime_version_id))
    ORDER BY batch.crime_batch_id FOR NO KEY UPDATE; -- one numbers a batch at a time
  WITH unnamed AS MATERIALIZED (
    SELECT DISTINCT version.crime_batch_id, fresh.person_id
    FROM fresh JOIN crime_versions version USING (crime_version_id)
    LEFT JOIN crime_batch_wearers known
      ON known.crime_batch_id = version.crime_batch_id AND known.person_id = fresh.person_id
    WHERE known.person_id IS NULL
  ), highest AS MATERIALIZED ( -- once a batch: looked up for each of them, 5,000 took 3 s
    SELECT batch.crime_batch_id, coalesce((
      SELECT max(number) FROM crime_batch_wearers known WHERE known.crime_batch_id = batch.crime_batch_id), 0) AS number
    FROM (SELECT DISTINCT crime_batch_id FROM unnamed) batch
  )
  INSERT INTO crime_batch_wearers (crime_batch_id, person_id, number)
    SELECT crime_batch_id, person_id,
           highest.number + row_number() OVER (PARTITION BY crime_batch_id ORDER BY random())
    FROM unnamed JOIN highest USING (crime_batch_id);
  RETURN NULL;
END
$$;
CREATE TRIGGER label_wearers AFTER INSERT ON matching_results
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION label_wearers();

-- "Who was here then": one place and window, for a crime of the own force or on a recorded authority.
CREATE TABLE scene_searches (
  scene_search_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  force text NOT NULL,
  crime_id bigint REFERENCES crimes,
  authority text CHECK (length(authority) BETWEEN 1 AND 500), -- the reason, where there is no crime
  authorised_by text CHECK (length(authorised_by) BETWEEN 1 AND 200),
  lat double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
  lon double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
  radius_m real NOT NULL CHECK (radius_m > 0 AND radius_m <= 500),
  from_time timestamptz NOT NULL,
  to_time timestamptz NOT NULL CHECK (to_time >= from_time AND to_time - from_time <= '12 h'),
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  state text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'answered', 'failed')),
  answered_at timestamptz,
  algorithm_version integer,
  settings jsonb, -- model.crimes.MatchingSettings
  present integer,
  possible integer,
  absent integer,
  cannot_say integer,
  CHECK ((authority IS NULL) = (authorised_by IS NULL)),
  CHECK (crime_id IS NOT NULL OR authority IS NOT NULL),
  CHECK (NOT same_subject(authorised_by, requested_by))
);
CREATE INDEX scene_searches_waiting ON scene_searches (scene_search_id) WHERE state = 'requested';
CREATE INDEX scene_searches_force ON scene_searches (force, scene_search_id);

CREATE TABLE scene_search_results (
  scene_search_id bigint NOT NULL REFERENCES scene_searches ON DELETE CASCADE,
  number integer NOT NULL CHECK (number >= 1),
  label text NOT NULL GENERATED ALWAYS AS ('S' || number) STORED, -- of this search alone
  person_id bigint NOT NULL REFERENCES people,
  verdict text NOT NULL CHECK (verdict IN ('present', 'possible')),
  document jsonb NOT NULL, -- model.crimes.Match
  PRIMARY KEY (scene_search_id, number),
  UNIQUE (scene_search_id, person_id)
);

-- Who ever asked for another run: of several who ask before it begins, the run itself names one.
CREATE TABLE rerun_requests (
  crime_id bigint NOT NULL REFERENCES crimes,
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX rerun_requests_crime ON rerun_requests (crime_id);
ALTER TABLE rerun_requests ENABLE ROW LEVEL SECURITY;

-- "Rule this person out": asked for one named person and one crime. Nothing that the API's role reads of it tells whether
-- the person is known here, unless the track rules them out.
CREATE TABLE eliminations (
  elimination_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  crime_version_id bigint NOT NULL REFERENCES crime_versions,
  identifier_kind text NOT NULL CHECK (identifier_kind IN ('crn', 'pnc_id')),
  identifier text NOT NULL CHECK (length(identifier) BETWEEN 1 AND 32),
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  state text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'answered', 'failed')),
  answered_at timestamptz,
  algorithm_version integer,
  settings jsonb, -- model.crimes.MatchingSettings
  person_id bigint REFERENCES people, -- NULL: nobody, or more than one, has this identifier
  verdict text CHECK (verdict IN ('present', 'possible', 'absent', 'cannot_say')), -- NULL: wore no tag then
  document jsonb, -- model.crimes.Match; NULL where none was made
  CHECK ((state = 'answered') = (answered_at IS NOT NULL)),
  CHECK (verdict IS NULL OR person_id IS NOT NULL)
);
CREATE INDEX eliminations_waiting ON eliminations (elimination_id) WHERE state = 'requested';
CREATE INDEX eliminations_version ON eliminations (crime_version_id, elimination_id);

-- Whether police may know who a match is: a reviewer's newest word confirms it, and no later data say otherwise.
CREATE FUNCTION match_is_confirmed(wanted bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  SELECT EXISTS (SELECT FROM matching_results WHERE result_id = wanted AND superseded_by IS NULL)
    AND coalesce((
      SELECT decision = 'confirmed' FROM match_qualifications WHERE result_id = wanted
      ORDER BY qualification_id DESC LIMIT 1), false)
$$;

CREATE POLICY read_own_force ON matching_runs FOR SELECT TO cordon_api USING (
  EXISTS (SELECT FROM crime_versions version WHERE version.crime_version_id = matching_runs.crime_version_id));

ALTER TABLE match_qualifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE match_outcomes ENABLE ROW LEVEL SECURITY;
ALTER TABLE crime_batch_wearers ENABLE ROW LEVEL SECURITY;
ALTER TABLE scene_searches ENABLE ROW LEVEL SECURITY;
ALTER TABLE scene_search_results ENABLE ROW LEVEL SECURITY;
ALTER TABLE eliminations ENABLE ROW LEVEL SECURITY;
DO $$
DECLARE
  guarded text;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['match_qualifications', 'match_outcomes', 'crime_batch_wearers', 'scene_searches',
                                 'scene_search_results', 'eliminations'] LOOP
    EXECUTE format('CREATE POLICY worker_all ON %I TO cordon_worker USING (true) WITH CHECK (true)', guarded);
  END LOOP;
END
$$;
CREATE POLICY read_own_force ON scene_searches FOR SELECT TO cordon_api USING (force = (SELECT police_force()));
CREATE POLICY asked ON scene_searches FOR INSERT TO cordon_api WITH CHECK (
  current_setting('cordon.role', true) = 'police_analyst'
  AND force = (SELECT police_force())
  AND requested_by = current_setting('cordon.subject', true)
  AND (crime_id IS NULL OR EXISTS (SELECT FROM crimes WHERE crimes.crime_id = scene_searches.crime_id)));

REVOKE ALL ON FUNCTION same_subject(text, text), match_is_confirmed(bigint), label_wearers() FROM public;
GRANT EXECUTE ON FUNCTION same_subject(text, text) TO cordon_api, cordon_worker; -- the check of scene_searches
GRANT EXECUTE ON FUNCTION match_is_confirmed(bigint) TO cordon_worker;
GRANT SELECT ON matching_runs, scene_searches TO cordon_api;
GRANT INSERT (force, crime_id, authority, authorised_by, lat, lon, radius_m, from_time, to_time, requested_by)
  ON scene_searches TO cordon_api;
GRANT SELECT ON match_qualifications, match_outcomes, crime_batch_wearers TO cordon_worker;
GRANT SELECT ON scene_searches, eliminations TO cordon_worker;
GRANT INSERT ON scene_search_results TO cordon_worker;
GRANT UPDATE (state, answered_at, algorithm_version, settings, present, possible, absent, cannot_say)
  ON scene_searches TO cordon_worker;
GRANT UPDATE (state, answered_at, algorithm_version, settings, person_id, verdict, document)
  ON eliminations TO cordon_worker;
