-- What police write: a reviewer's word, what came of a match, another run, and whether somebody is ruled out. Each is
-- checked here, whatever the program above forgets.

-- Whether this subject asked for what a reviewer of this crime's matches would judge.
CREATE FUNCTION has_asked(asking_subject text, wanted_crime bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  SELECT EXISTS (
      SELECT FROM crime_versions version JOIN crime_batches batch USING (crime_batch_id)
      WHERE version.crime_id = wanted_crime AND same_subject(batch.imported_by, asking_subject))
    OR EXISTS (
      SELECT FROM crime_versions version JOIN matching_runs run USING (crime_version_id)
      WHERE version.crime_id = wanted_crime AND same_subject(run.requested_by, asking_subject))
    OR EXISTS (
      SELECT FROM crime_versions version JOIN matching_wanted waiting USING (crime_version_id)
      WHERE version.crime_id = wanted_crime AND same_subject(waiting.requested_by, asking_subject))
    OR EXISTS (
      SELECT FROM rerun_requests asked
      WHERE asked.crime_id = wanted_crime AND same_subject(asked.requested_by, asking_subject))
    OR EXISTS (
      SELECT FROM crime_versions version JOIN eliminations asked USING (crime_version_id)
      WHERE version.crime_id = wanted_crime AND same_subject(asked.requested_by, asking_subject))
    OR EXISTS (
      SELECT FROM scene_searches search
      WHERE search.crime_id = wanted_crime AND same_subject(search.requested_by, asking_subject))
$$;

-- Raises no_data_found for a match that is not there for this force, insufficient_privilege for who may not or asked for
-- it, object_not_in_prerequisite_state for a match that later data replaced, of the tracks or of the crime.
CREATE FUNCTION qualify_match(wanted bigint, wanted_decision text, wanted_note text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  asking_subject text := current_setting('cordon.subject', true);
  judged record;
  made bigint;
BEGIN
  PERFORM refuse_others('match_reviewer');
  SELECT result.person_id, result.superseded_by, version.crime_id, version.is_current INTO judged
    FROM matching_results result JOIN crime_versions version USING (crime_version_id) JOIN crimes USING (crime_id)
    WHERE result.result_id = wanted AND crimes.force = police_force() AND result.verdict <> 'cannot_say'
    FOR SHARE OF result;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no such match' USING ERRCODE = 'no_data_found';
  ELSIF has_asked(asking_subject, judged.crime_id) THEN
    RAISE EXCEPTION 'whoever imported a crime or asked for its matching does not review its matches'
      USING ERRCODE = 'insufficient_privilege';
  ELSIF judged.superseded_by IS NOT NULL OR NOT judged.is_current THEN
    RAISE EXCEPTION 'later data replaced this match: review the one that stands now'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  INSERT INTO match_qualifications (result_id, reviewer, decision, note)
    VALUES (wanted, asking_subject, wanted_decision, wanted_note) RETURNING qualification_id INTO made;
  PERFORM record_look('match.qualify', judged.person_id, NULL, NULL, NULL,
    jsonb_build_object('result_id', wanted, 'decision', wanted_decision));
  RETURN made;
END
$$;

-- Only of a match that was confirmed: before that nobody knows whose it is. The errors are those of qualify_match.
CREATE FUNCTION record_outcome(wanted bigint, wanted_outcome text, wanted_note text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  wearer bigint;
  made bigint;
BEGIN
  PERFORM refuse_others('police_analyst');
  SELECT result.person_id INTO wearer
    FROM matching_results result JOIN crime_versions version USING (crime_version_id) JOIN crimes USING (crime_id)
    WHERE result.result_id = wanted AND crimes.force = police_force() AND result.verdict <> 'cannot_say';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no such match' USING ERRCODE = 'no_data_found';
  ELSIF NOT EXISTS (SELECT FROM match_qualifications WHERE result_id = wanted AND decision = 'confirmed') THEN
    RAISE EXCEPTION 'no reviewer has confirmed this match: what came of it is recorded after that'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  INSERT INTO match_outcomes (result_id, outcome, note, recorded_by)
    VALUES (wanted, wanted_outcome, wanted_note, current_setting('cordon.subject')) RETURNING outcome_id INTO made;
  PERFORM record_look('outcome.record', wearer, NULL, NULL, NULL,
    jsonb_build_object('result_id', wanted, 'outcome', wanted_outcome));
  RETURN made;
END
$$;

-- The newest version of a crime of the caller's force. Raises no_data_found where there is none.
CREATE FUNCTION own_current_version(wanted_crime bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = cordon, pg_temp AS $$
DECLARE
  found_version bigint;
BEGIN
  SELECT version.crime_version_id INTO found_version
    FROM crimes crime JOIN crime_versions version USING (crime_id)
    WHERE crime.crime_id = wanted_crime AND crime.force = police_force() AND version.is_current;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no such crime' USING ERRCODE = 'no_data_found';
  END IF;
  RETURN found_version;
END
$$;

-- Another run over everyone. One that waits already is the same one, and is due now.
CREATE FUNCTION request_rerun(wanted_crime bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  asking_subject text := current_setting('cordon.subject', true);
  wanted_version bigint;
BEGIN
  PERFORM refuse_others('police_analyst');
  wanted_version := own_current_version(wanted_crime);
  IF EXISTS (
    SELECT FROM match_qualifications word JOIN matching_results result USING (result_id)
    JOIN crime_versions version USING (crime_version_id)
    WHERE version.crime_id = wanted_crime AND same_subject(word.reviewer, asking_subject)) THEN
    RAISE EXCEPTION 'whoever reviewed a match of this crime does not ask for another run'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO rerun_requests (crime_id, requested_by) VALUES (wanted_crime, asking_subject);
  INSERT INTO matching_wanted (crime_version_id, cause, requested_by) VALUES (wanted_version, 'requested', asking_subject)
    ON CONFLICT (crime_version_id) DO UPDATE
    SET cause = 'requested', requested_by = asking_subject, requested_at = clock_timestamp(), due_at = '-infinity',
        error = NULL;
  RETURN wanted_version;
END
$$;

CREATE FUNCTION request_elimination(
  wanted_crime bigint, wanted_kind text, wanted_identifier text, wanted_reason text
) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  made bigint;
BEGIN
  PERFORM refuse_others('police_analyst');
  INSERT INTO eliminations (crime_version_id, identifier_kind, identifier, reason, requested_by)
    VALUES (own_current_version(wanted_crime), wanted_kind, wanted_identifier, wanted_reason,
            current_setting('cordon.subject'))
    RETURNING elimination_id INTO made;
  RETURN made;
END
$$;

-- Of somebody whose name is known: so coarse that many questions do not add up to where the person was.
CREATE FUNCTION coarse_distance_band(distance_m double precision) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN distance_m <= 1000 THEN 'up_to_1_km' ELSE distance_band(distance_m) END
$$;

-- The eliminations of a crime, newest first, or one of them. An answer says whether the track rules the person out, and
-- nothing else: "present", "cannot say", "wore no tag" and "nobody of this name" look the same, or police would learn who
-- was there before any review, and who is tagged. It is withdrawn where a current result of matching says otherwise.
CREATE FUNCTION police_eliminations(
  wanted_crime bigint, wanted_elimination bigint, before_elimination bigint, page_size integer
) RETURNS TABLE (
  elimination_id bigint, crime_id bigint, crime_version integer, is_current_version boolean, identifier_kind text,
  identifier text, reason text, requested_by text, requested_at timestamptz, state text, answered_at timestamptz,
  ruled_out boolean, is_withdrawn boolean, reasons jsonb, nearest_band text, confirmed_result bigint,
  goes_on boolean
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
#variable_conflict use_column
DECLARE
  shown bigint[];
  more boolean;
BEGIN
  PERFORM refuse_others('police_analyst', 'match_reviewer'), refuse_long_page(page_size);
  shown := ARRAY(
    SELECT asked.elimination_id
    FROM eliminations asked JOIN crime_versions version USING (crime_version_id) JOIN crimes crime USING (crime_id)
    WHERE crime.force = police_force()
      AND CASE WHEN wanted_elimination IS NULL THEN crime.crime_id = wanted_crime
        ELSE asked.elimination_id = wanted_elimination END
      AND (before_elimination IS NULL OR asked.elimination_id < before_elimination)
    ORDER BY asked.elimination_id DESC LIMIT page_size + 1);
  more := cardinality(shown) > page_size;
  shown := shown[1:page_size];
  RETURN QUERY
    SELECT asked.elimination_id, version.crime_id, version.version, version.is_current, asked.identifier_kind,
           asked.identifier, asked.reason, asked.requested_by, asked.requested_at, asked.state,
           date_trunc('second', asked.answered_at + '999999 us'), -- to the ms it would tell whether there was a track
           CASE WHEN asked.state = 'answered' THEN asked.verdict IS NOT DISTINCT FROM 'absent' AND NOT later.differs END,
           asked.verdict IS NOT DISTINCT FROM 'absent' AND later.differs,
           CASE WHEN asked.verdict = 'absent' AND NOT later.differs THEN police_reasons(asked.document) END,
           CASE WHEN asked.verdict = 'absent' AND NOT later.differs
             THEN coarse_distance_band((asked.document ->> 'nearest_m')::float8) END,
           (SELECT result.result_id FROM matching_results result
            WHERE result.crime_version_id = asked.crime_version_id AND result.person_id = asked.person_id
              AND match_is_confirmed(result.result_id)),
           more
    FROM eliminations asked JOIN crime_versions version USING (crime_version_id)
    CROSS JOIN LATERAL (
      SELECT EXISTS (
        SELECT FROM matching_results result
        WHERE result.crime_version_id = asked.crime_version_id AND result.person_id = asked.person_id
          AND result.superseded_by IS NULL AND result.verdict <> 'absent') AS differs) later
    WHERE asked.elimination_id = ANY (shown)
    ORDER BY asked.elimination_id DESC;
  PERFORM record_look('elimination.read', asked.person_id, version.from_time, version.to_time, NULL,
      jsonb_build_object('elimination_id', asked.elimination_id, 'crime_id', version.crime_id))
    FROM eliminations asked JOIN crime_versions version USING (crime_version_id)
    WHERE asked.elimination_id = ANY (shown);
END
$$;

REVOKE ALL ON FUNCTION has_asked(text, bigint), own_current_version(bigint),
  coarse_distance_band(double precision), qualify_match(bigint, text, text), record_outcome(bigint, text, text),
  request_rerun(bigint), request_elimination(bigint, text, text, text),
  police_eliminations(bigint, bigint, bigint, integer) FROM public;
GRANT EXECUTE ON FUNCTION qualify_match(bigint, text, text), record_outcome(bigint, text, text), request_rerun(bigint),
  request_elimination(bigint, text, text, text), police_eliminations(bigint, bigint, bigint, integer) TO cordon_api;
