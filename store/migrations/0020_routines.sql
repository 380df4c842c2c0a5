-- What routine alone would have brought about: for the sheet of a batch of crimes, and the precision of matching.

-- The routine of a wearer of a batch at a crime at which nothing placed them, near where they are at other times.
CREATE TABLE routine_expectations (
  crime_version_id bigint NOT NULL REFERENCES crime_versions,
  person_id bigint NOT NULL REFERENCES people,
  weight jsonb NOT NULL, -- crimes.chance.ChanceWeight
  PRIMARY KEY (crime_version_id, person_id)
);

-- The wearers of a batch whose routine is weighed, or waits for it. At crimes far from all their places there is nothing to
-- weigh.
CREATE TABLE batch_routines (
  crime_batch_id bigint NOT NULL REFERENCES crime_batches,
  person_id bigint NOT NULL REFERENCES people,
  wanted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  days_compared integer CHECK (days_compared >= 0), -- days on which the track tells; NULL: it waits
  left_out integer NOT NULL DEFAULT 0 CHECK (left_out >= 0), -- near crimes beyond the most that are weighed
  error text, -- set aside: it could not be weighed
  PRIMARY KEY (crime_batch_id, person_id)
);
CREATE INDEX batch_routines_waiting ON batch_routines (wanted_at) WHERE days_compared IS NULL AND error IS NULL;

ALTER TABLE routine_expectations ENABLE ROW LEVEL SECURITY;
ALTER TABLE batch_routines ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON routine_expectations TO cordon_worker USING (true) WITH CHECK (true);
CREATE POLICY worker_all ON batch_routines TO cordon_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON routine_expectations, batch_routines TO cordon_worker;

-- The wearers of a batch's sheet, by label: those present or possible at a crime of it, with what was weighed of each.
CREATE FUNCTION sheet_wearers(wanted bigint)
RETURNS TABLE (person_id bigint, label text, hits bigint, possibles bigint, there integer[], compared integer[],
               days_compared integer, left_out integer)
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  WITH placed AS (
    SELECT result.person_id, result.crime_version_id, result.verdict, result.weight
    FROM crime_versions version JOIN matching_results result USING (crime_version_id)
    WHERE version.crime_batch_id = wanted AND result.superseded_by IS NULL
      AND result.verdict IN ('present', 'possible')
  ), counted AS (
    SELECT placed.person_id, count(*) FILTER (WHERE verdict = 'present') AS hits,
           count(*) FILTER (WHERE verdict = 'possible') AS possibles
    FROM placed GROUP BY placed.person_id
  ), weighed AS (
    SELECT pair.person_id, array_agg((pair.weight ->> 'windows_there')::integer) AS there,
           array_agg((pair.weight ->> 'windows_compared')::integer) AS compared
    FROM (
      SELECT placed.person_id, coalesce(placed.weight, other.weight) AS weight
      FROM placed LEFT JOIN routine_expectations other USING (crime_version_id, person_id)
      UNION ALL
      SELECT other.person_id, other.weight
      FROM crime_versions version JOIN routine_expectations other USING (crime_version_id)
      WHERE version.crime_batch_id = wanted
        AND EXISTS (SELECT FROM matching_runs run WHERE run.crime_version_id = version.crime_version_id)
        AND NOT EXISTS (SELECT FROM placed WHERE placed.crime_version_id = other.crime_version_id
                          AND placed.person_id = other.person_id)
    ) pair
    WHERE pair.weight IS NOT NULL GROUP BY pair.person_id
  )
  SELECT counted.person_id, wearer.label, counted.hits, counted.possibles,
         coalesce(weighed.there, '{}'), coalesce(weighed.compared, '{}'), routine.days_compared, routine.left_out
  FROM counted
  JOIN crime_batch_wearers wearer ON wearer.crime_batch_id = wanted AND wearer.person_id = counted.person_id
  LEFT JOIN weighed ON weighed.person_id = counted.person_id
  LEFT JOIN batch_routines routine ON routine.crime_batch_id = wanted AND routine.person_id = counted.person_id
  ORDER BY wearer.number
$$;

-- The same for the API's role: police of the batch's own force, with one record for each wearer. No identity leaves it.
CREATE FUNCTION police_sheet_wearers(wanted bigint)
RETURNS TABLE (label text, hits bigint, possibles bigint, there integer[], compared integer[],
               days_compared integer, left_out integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
#variable_conflict use_column
BEGIN
  IF NOT EXISTS (SELECT FROM crime_batches WHERE crime_batch_id = wanted AND force = police_force()) THEN
    RAISE EXCEPTION 'this batch is not one of the caller''s force' USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO audit_log (subject, role, action, outcome, purpose, request_id, person_id, detail)
    SELECT current_setting('cordon.subject'), current_setting('cordon.role'), 'crime_sheet.read', 'allowed',
           current_setting('cordon.purpose'), current_setting('cordon.request_id'), one.person_id,
           jsonb_build_object('crime_batch_id', wanted, 'label', one.label)
    FROM sheet_wearers(wanted) one;
  RETURN QUERY SELECT one.label, one.hits, one.possibles, one.there, one.compared, one.days_compared, one.left_out
    FROM sheet_wearers(wanted) one;
END
$$;

-- What came of matches, over all forces, in numbers alone: the newest word of a reviewer and of the police on each.
CREATE FUNCTION matching_precision()
RETURNS TABLE (algorithm_version integer, verdict text, confirmed bigint, rejected bigint, borne_out bigint, refuted bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  WITH words AS (
    SELECT DISTINCT ON (result_id) result_id, decision FROM match_qualifications
    ORDER BY result_id, qualification_id DESC
  ), outcomes AS (
    SELECT DISTINCT ON (result_id) result_id, outcome FROM match_outcomes ORDER BY result_id, outcome_id DESC
  )
  SELECT run.algorithm_version, result.verdict,
         count(*) FILTER (WHERE words.decision = 'confirmed'), count(*) FILTER (WHERE words.decision = 'rejected'),
         count(*) FILTER (WHERE outcomes.outcome IN ('charged', 'witness_or_victim')),
         count(*) FILTER (WHERE outcomes.outcome = 'eliminated_by_other_evidence')
  FROM (SELECT result_id FROM words UNION SELECT result_id FROM outcomes) judged
  JOIN matching_results result USING (result_id)
  JOIN matching_runs run USING (run_id)
  LEFT JOIN words USING (result_id) LEFT JOIN outcomes USING (result_id)
  GROUP BY run.algorithm_version, result.verdict
$$;

REVOKE ALL ON FUNCTION sheet_wearers(bigint), police_sheet_wearers(bigint), matching_precision() FROM public;
GRANT EXECUTE ON FUNCTION police_sheet_wearers(bigint), matching_precision() TO cordon_api;
