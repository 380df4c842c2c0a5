-- The one way to matches for the API's role. Each function checks who asks and records it in the same transaction, with
-- the wearer: if the record cannot be written, the answer is not given. Police get no identity before a reviewer has
-- confirmed the match, no position outside the padded window and the report radius, and nobody's device ever.

CREATE FUNCTION distance_band(distance_m double precision) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN distance_m IS NULL THEN NULL
    WHEN distance_m <= 100 THEN 'up_to_100_m'
    WHEN distance_m <= 250 THEN '100_to_250_m'
    WHEN distance_m <= 500 THEN '250_to_500_m'
    WHEN distance_m <= 1000 THEN '500_to_1000_m'
    WHEN distance_m <= 5000 THEN '1_to_5_km'
    ELSE 'over_5_km'
  END
$$;

-- Of a match's positions, those in the padded windows ([[from_us, to_us], …]) and within the report radius, and of each
-- what police may have. `settings` and `document` are those of crimes/matching/documents.py. Police state themselves how
-- uncertain a place is, up to 10 km: no more of it counts than a search may be wide, or it would give them trails.
CREATE FUNCTION police_positions(document jsonb, windows jsonb, settings jsonb, place_uncertainty_m double precision)
RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object(
      'fix_time', one -> 'fix_time', 'lat', one -> 'lat', 'lon', one -> 'lon', 'accuracy_m', one -> 'accuracy_m',
      'accuracy_stated', one -> 'accuracy_stated', 'mechanism', one -> 'mechanism', 'speed_mps', one -> 'speed_mps',
      'heading_deg', one -> 'heading_deg', 'flags', one -> 'flags', 'distance_m', one -> 'distance_m',
      'overlap', one -> 'overlap', 'label', one -> 'label') ORDER BY place), '[]')
  FROM jsonb_array_elements(document -> 'positions') WITH ORDINALITY AS position (one, place)
  WHERE (one ->> 'distance_m')::float8
      <= (settings ->> 'radius_m')::float8 + least(place_uncertainty_m, 500) + (one ->> 'accuracy_m')::float8
    AND EXISTS (
      SELECT FROM jsonb_array_elements(windows) stretch
      WHERE extract(epoch FROM (one ->> 'fix_time')::timestamptz) * 1000000
        BETWEEN (stretch ->> 0)::numeric - (settings ->> 'padding_s')::numeric * 1000000
            AND (stretch ->> 1)::numeric + (settings ->> 'padding_s')::numeric * 1000000)
$$;

-- A match's reasons but the one that says to the metre how far away the nearest position was, and when: the distances
-- from a few scenes would tell where somebody was who was at none of them. The words are crimes/matching/reasons.py's.
CREATE FUNCTION police_reasons(document jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(jsonb_agg(reason ORDER BY place), '[]')
  FROM jsonb_array_elements_text(document -> 'reasons') WITH ORDINALITY AS said (reason, place)
  WHERE reason !~ '^of [0-9]+ positions? in that time the nearest'
$$;

-- Into the audit: one record for each wearer whose data are given.
CREATE FUNCTION record_look(
  wanted_action text, wanted_person bigint, from_time timestamptz, to_time timestamptz, found bigint, about jsonb
) RETURNS void LANGUAGE sql AS $$
  INSERT INTO cordon.audit_log
    (subject, role, action, outcome, purpose, request_id, person_id, window_from, window_to, row_count, detail)
  VALUES (current_setting('cordon.subject'), current_setting('cordon.role'), wanted_action, 'allowed',
          current_setting('cordon.purpose'), current_setting('cordon.request_id'), wanted_person, from_time, to_time,
          found, about)
$$;

CREATE FUNCTION refuse_others(VARIADIC roles text[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = cordon, pg_temp AS $$
BEGIN
  IF police_force() IS NULL OR nullif(current_setting('cordon.subject', true), '') IS NULL
     OR NOT current_setting('cordon.role', true) = ANY (roles) THEN
    RAISE EXCEPTION 'this caller may not do this, or works for no police force' USING ERRCODE = 'insufficient_privilege';
  END IF;
END
$$;

CREATE FUNCTION refuse_long_page(page_size integer) RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF page_size IS NULL OR page_size NOT BETWEEN 1 AND 1000 THEN
    RAISE EXCEPTION 'a page holds 1 to 1000 items' USING ERRCODE = 'invalid_parameter_value';
  END IF;
END
$$;

-- What comes first on a list of matches.
CREATE FUNCTION verdict_rank(verdict text) RETURNS integer
LANGUAGE sql IMMUTABLE AS $$ SELECT array_position(ARRAY['present', 'possible', 'absent', 'cannot_say'], verdict) $$;

-- The current matches of a crime's newest version (wanted_result is NULL), or one match, current or not, of any version.
-- Who cannot be placed is no match for police: they learn how many there are, and why. Nor is in the list who was far away,
-- unless they were present or possibly present before: police may have read that, and learn that it holds no more.
CREATE FUNCTION police_matches(
  wanted_crime bigint, wanted_result bigint, after_rank integer, after_result bigint, page_size integer
) RETURNS TABLE (
  result_id bigint, run_id bigint, crime_id bigint, crime_version integer, label text, verdict text, reasons jsonb,
  positions jsonb, nearest_band text, position_count integer, weight jsonb, is_current boolean,
  crn text, name text, pnc_id text, qualifications jsonb, outcomes jsonb, goes_on boolean
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
#variable_conflict use_column
DECLARE
  shown bigint[];
  more boolean;
BEGIN
  PERFORM refuse_others('police_analyst', 'match_reviewer'), refuse_long_page(page_size);
  shown := ARRAY(
    SELECT result.result_id
    FROM crimes crime JOIN crime_versions version USING (crime_id) JOIN matching_results result USING (crime_version_id)
    JOIN matching_runs run USING (run_id)
    WHERE crime.force = police_force() AND result.verdict <> 'cannot_say'
      AND CASE WHEN wanted_result IS NULL
        THEN crime.crime_id = wanted_crime AND version.is_current AND result.superseded_by IS NULL
          AND (result.verdict <> 'absent'
            OR (result.document ->> 'nearest_m')::float8 <= (run.settings ->> 'near_m')::float8
            OR EXISTS (
              SELECT FROM matching_results earlier
              WHERE earlier.crime_version_id = result.crime_version_id AND earlier.person_id = result.person_id
                AND earlier.verdict IN ('present', 'possible')))
        ELSE result.result_id = wanted_result END
      AND (after_rank IS NULL OR (verdict_rank(result.verdict), result.result_id) > (after_rank, after_result))
    ORDER BY verdict_rank(result.verdict), result.result_id
    LIMIT page_size + 1);
  more := cardinality(shown) > page_size;
  shown := shown[1:page_size];
  RETURN QUERY
    SELECT result.result_id, result.run_id, version.crime_id, version.version, wearer.label, result.verdict,
           police_reasons(result.document), seen.positions,
           distance_band((result.document ->> 'nearest_m')::float8), (result.document ->> 'position_count')::integer,
           CASE WHEN result.weight IS NOT NULL THEN jsonb_build_object(
             'words', result.weight -> 'words', 'yardstick', result.weight -> 'yardstick') END,
           result.superseded_by IS NULL AND version.is_current, person.crn, person.name, person.pnc_id,
           coalesce((
             SELECT jsonb_agg(jsonb_build_object('reviewer', word.reviewer, 'decision', word.decision,
               'note', word.note, 'at', word.qualified_at) ORDER BY word.qualification_id DESC)
             FROM match_qualifications word WHERE word.result_id = result.result_id), '[]'),
           coalesce((
             SELECT jsonb_agg(jsonb_build_object('outcome', came.outcome, 'note', came.note,
               'recorded_by', came.recorded_by, 'at', came.recorded_at) ORDER BY came.outcome_id DESC)
             FROM match_outcomes came WHERE came.result_id = result.result_id), '[]'),
           more
    FROM matching_results result
    JOIN matching_runs run USING (run_id)
    JOIN crime_versions version ON version.crime_version_id = result.crime_version_id
    JOIN crime_batch_wearers wearer
      ON wearer.crime_batch_id = version.crime_batch_id AND wearer.person_id = result.person_id
    LEFT JOIN people person ON person.person_id = result.person_id AND match_is_confirmed(result.result_id)
    CROSS JOIN LATERAL (
      SELECT police_positions(result.document, version.windows, run.settings, version.place_uncertainty_m)
      AS positions) seen
    WHERE result.result_id = ANY (shown)
    ORDER BY verdict_rank(result.verdict), result.result_id;
  PERFORM record_look('match.read', result.person_id, version.from_time - padding, version.to_time + padding,
      jsonb_array_length(
        police_positions(result.document, version.windows, run.settings, version.place_uncertainty_m)),
      jsonb_build_object('result_id', result.result_id, 'crime_id', version.crime_id,
        'identity', match_is_confirmed(result.result_id)))
    FROM matching_results result JOIN matching_runs run USING (run_id)
    JOIN crime_versions version ON version.crime_version_id = result.crime_version_id
    CROSS JOIN LATERAL make_interval(secs => (run.settings ->> 'padding_s')::float8) padding
    WHERE result.result_id = ANY (shown);
END
$$;

-- Of those who cannot be placed: how many have a gap for each reason.
CREATE FUNCTION cannot_say_reasons(wanted_version bigint) RETURNS TABLE (reason text, wearers bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT gap ->> 'reason', count(DISTINCT result.person_id)
  FROM crimes crime JOIN crime_versions version USING (crime_id) JOIN matching_results result USING (crime_version_id)
  CROSS JOIN LATERAL jsonb_array_elements(result.document -> 'gaps') gap
  WHERE version.crime_version_id = wanted_version AND crime.force = police_force()
    AND result.verdict = 'cannot_say' AND result.superseded_by IS NULL
  GROUP BY 1 ORDER BY 1
$$;

-- A search's results, by its own labels. Nobody learns from a search who it was: that is what a match is for.
CREATE FUNCTION police_search_results(wanted bigint, after_number integer, page_size integer)
RETURNS TABLE (
  number integer, label text, verdict text, reasons jsonb, positions jsonb, nearest_band text, position_count integer,
  goes_on boolean
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
#variable_conflict use_column
DECLARE
  search scene_searches;
  windows jsonb;
BEGIN
  PERFORM refuse_others('police_analyst', 'match_reviewer'), refuse_long_page(page_size);
  SELECT * INTO search FROM scene_searches WHERE scene_search_id = wanted AND force = police_force();
  windows := jsonb_build_array(jsonb_build_array(
    extract(epoch FROM search.from_time) * 1000000, extract(epoch FROM search.to_time) * 1000000));
  RETURN QUERY
    SELECT result.number, result.label, result.verdict, police_reasons(result.document),
           police_positions(result.document, windows, search.settings, 0),
           distance_band((result.document ->> 'nearest_m')::float8), (result.document ->> 'position_count')::integer,
           EXISTS (
             SELECT FROM scene_search_results other
             WHERE other.scene_search_id = wanted AND other.number > after_number + page_size)
    FROM scene_search_results result
    WHERE result.scene_search_id = search.scene_search_id AND result.number > after_number
    ORDER BY result.number LIMIT page_size;
  PERFORM record_look('scene_search.read', result.person_id, search.from_time, search.to_time,
      jsonb_array_length(police_positions(result.document, windows, search.settings, 0)),
      jsonb_build_object('scene_search_id', wanted, 'label', result.label))
    FROM scene_search_results result
    WHERE result.scene_search_id = search.scene_search_id AND result.number > after_number
      AND result.number <= after_number + page_size;
END
$$;

-- The supervising side: what matching says of one of their people, whoever could not be placed among them.
CREATE FUNCTION person_matches(wanted bigint, before_result bigint, page_size integer)
RETURNS TABLE (
  result_id bigint, run_id bigint, run_at timestamptz, force text, reference text, crime_type text,
  crime_version integer, lat double precision, lon double precision, place_uncertainty_m real, windows jsonb,
  verdict text, document jsonb, weight jsonb, decision text, goes_on boolean
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
#variable_conflict use_column
DECLARE
  shown bigint[];
  more boolean;
BEGIN
  PERFORM refuse_long_page(page_size);
  IF NOT may_see_person(wanted) THEN
    RAISE EXCEPTION 'this caller may not see this person' USING ERRCODE = 'insufficient_privilege';
  END IF;
  shown := ARRAY(
    SELECT result.result_id FROM matching_results result JOIN crime_versions version USING (crime_version_id)
    WHERE result.person_id = wanted AND result.superseded_by IS NULL AND version.is_current
      AND (before_result IS NULL OR result.result_id < before_result)
    ORDER BY result.result_id DESC LIMIT page_size + 1);
  more := cardinality(shown) > page_size;
  shown := shown[1:page_size];
  RETURN QUERY
    SELECT result.result_id, run.run_id, run.run_at, crime.force, crime.reference, version.crime_type, version.version,
           version.lat, version.lon, version.place_uncertainty_m, version.windows, result.verdict, result.document,
           result.weight, (
             SELECT word.decision FROM match_qualifications word WHERE word.result_id = result.result_id
             ORDER BY word.qualification_id DESC LIMIT 1), more
    FROM matching_results result JOIN matching_runs run USING (run_id)
    JOIN crime_versions version ON version.crime_version_id = result.crime_version_id
    JOIN crimes crime USING (crime_id)
    WHERE result.result_id = ANY (shown) ORDER BY result.result_id DESC;
  PERFORM record_look('person_matches.read', wanted, NULL, NULL, cardinality(shown), '{}');
END
$$;

REVOKE ALL ON FUNCTION distance_band(double precision), police_positions(jsonb, jsonb, jsonb, double precision),
  police_reasons(jsonb), record_look(text, bigint, timestamptz, timestamptz, bigint, jsonb), refuse_others(text[]),
  refuse_long_page(integer), verdict_rank(text), police_matches(bigint, bigint, integer, bigint, integer),
  cannot_say_reasons(bigint), police_search_results(bigint, integer, integer), person_matches(bigint, bigint, integer)
  FROM public;
GRANT EXECUTE ON FUNCTION police_matches(bigint, bigint, integer, bigint, integer), cannot_say_reasons(bigint),
  police_search_results(bigint, integer, integer), person_matches(bigint, bigint, integer) TO cordon_api;
