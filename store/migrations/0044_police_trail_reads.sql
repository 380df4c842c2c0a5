-- The one way to requests for trails for the API's role: asked for by police, decided by managers, read within what was
-- authorised. Each function checks who asks and records it in the same transaction, with the wearer.

-- Raises no_data_found for a crime or match that is not the force's, object_not_in_prerequisite_state for a match that
-- nobody confirmed. Nothing is looked up of a number but for the audit: it may be anybody's, or nobody's.
CREATE FUNCTION request_trail(
  wanted_crn text, wanted_result bigint, wanted_crime bigint, wanted_operation text, wanted_reason text,
  wanted_basis text, wanted_reference text, wanted_from timestamptz, wanted_to timestamptz,
  wanted_lat double precision, wanted_lon double precision, wanted_radius_m double precision, wanted_outline jsonb
) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  asking_subject text := current_setting('cordon.subject', true);
  about_crime bigint;
  made trail_requests;
BEGIN
  PERFORM refuse_others('police_analyst');
  IF wanted_result IS NOT NULL THEN
    SELECT crime.crime_id INTO about_crime
      FROM matching_results result JOIN crime_versions version USING (crime_version_id) JOIN crimes crime USING (crime_id)
      WHERE result.result_id = wanted_result AND crime.force = police_force() AND result.verdict <> 'cannot_say';
  ELSIF wanted_crime IS NOT NULL THEN
    SELECT crime_id INTO about_crime FROM crimes WHERE crime_id = wanted_crime AND force = police_force();
  END IF;
  IF about_crime IS NULL AND num_nonnulls(wanted_result, wanted_crime) > 0 THEN
    RAISE EXCEPTION 'there is no such match or crime' USING ERRCODE = 'no_data_found';
  ELSIF wanted_result IS NOT NULL AND NOT match_is_confirmed(wanted_result) THEN
    RAISE EXCEPTION 'no reviewer has confirmed this match, or later data replaced it'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  ELSIF EXISTS (
    SELECT FROM match_qualifications word JOIN matching_results result USING (result_id)
    JOIN crime_versions version USING (crime_version_id)
    WHERE version.crime_id = about_crime AND same_subject(word.reviewer, asking_subject)) THEN
    RAISE EXCEPTION 'who reviewed a match of a crime asks for no trail because of it'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO trail_requests (force, crn, result_id, crime_id, operation, reason, legal_basis, basis_reference,
      from_time, to_time, lat, lon, radius_m, outline, requested_by)
    VALUES (police_force(), wanted_crn, wanted_result, about_crime, wanted_operation, wanted_reason, wanted_basis,
      wanted_reference, wanted_from, wanted_to, wanted_lat, wanted_lon, wanted_radius_m, wanted_outline, asking_subject)
    RETURNING * INTO made;
  PERFORM record_look('trail_request.make', trail_person(made), wanted_from, wanted_to, NULL,
    jsonb_build_object('trail_request_id', made.trail_request_id, 'legal_basis', wanted_basis));
  RETURN made.trail_request_id;
END
$$;

-- As in 0022; nor does who asked for a trail because of a crime review its matches.
CREATE OR REPLACE FUNCTION has_asked(asking_subject text, wanted_crime bigint) RETURNS boolean
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
    OR EXISTS (
      SELECT FROM trail_requests asked
      WHERE asked.crime_id = wanted_crime AND same_subject(asked.requested_by, asking_subject))
$$;

-- A manager of probation, of a person whom they see, and of a time that they see. Raises no_data_found,
-- insufficient_privilege for whoever asked, object_not_in_prerequisite_state.
CREATE FUNCTION decide_trail_request(
  wanted bigint, wanted_decision text, wanted_reason text, valid_h double precision
) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  moment timestamptz := service_clock();
  asked trail_requests;
  whose bigint;
BEGIN
  IF current_setting('cordon.role', true) IS DISTINCT FROM 'manager' THEN
    RAISE EXCEPTION 'only a manager of probation decides on police requests' USING ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT * INTO asked FROM trail_requests WHERE trail_request_id = wanted;
  whose := trail_person(asked);
  IF whose IS NULL OR NOT may_see_person(whose) THEN
    RAISE EXCEPTION 'there is no such request' USING ERRCODE = 'no_data_found';
  ELSIF asked.from_time < earliest_seen(whose) THEN
    RAISE EXCEPTION 'the window begins before what you see of this person while on duty: their own manager decides'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO trail_decisions (trail_request_id, decision, person_id, reason, decided_by, decided_at, expires_at)
    VALUES (wanted, wanted_decision, whose, wanted_reason, current_setting('cordon.subject'), moment,
      CASE WHEN wanted_decision IN ('authorised', 'extended') THEN moment + make_interval(secs => valid_h * 3600) END);
  PERFORM record_look('trail_request.decide', whose, asked.from_time, asked.to_time, NULL,
    jsonb_build_object('trail_request_id', wanted, 'decision', wanted_decision, 'for', asked.requested_by));
END
$$;

-- Newest first: an analyst's own requests, or those for people whom a manager sees; one of them where it is named. Police
-- see neither the person nor, of whom they named by number, that anybody refused.
CREATE FUNCTION read_trail_requests(wanted bigint, before_request bigint, only_waiting boolean, page_size integer)
RETURNS TABLE (
  trail_request_id bigint, force text, crn text, person_id bigint, result_id bigint, crime text, operation text,
  reason text, legal_basis text, basis_reference text, from_time timestamptz, to_time timestamptz,
  lat double precision, lon double precision, radius_m double precision, outline jsonb, requested_by text,
  requested_at timestamptz, decided_until timestamptz, state text, expires_at timestamptz, decisions jsonb,
  authorised_before bigint, goes_on boolean
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
#variable_conflict use_column
DECLARE
  asking_subject text := current_setting('cordon.subject', true);
  asking_role text := current_setting('cordon.role', true);
  is_manager boolean := coalesce(asking_role = 'manager', false);
  mine bigint[] := '{}';
  shown bigint[];
  more boolean;
BEGIN
  IF is_manager THEN
    mine := caseload(asking_subject, asking_role);
  ELSE
    PERFORM refuse_others('police_analyst');
  END IF;
  PERFORM refuse_long_page(page_size);
  shown := ARRAY(
    SELECT asked.trail_request_id FROM trail_requests asked
    WHERE (wanted IS NULL OR asked.trail_request_id = wanted)
      AND (before_request IS NULL OR asked.trail_request_id < before_request)
      AND CASE WHEN is_manager
        THEN trail_person(asked) = ANY (mine) OR (sees_everyone(asking_role) AND trail_person(asked) IS NOT NULL)
        ELSE asked.force = police_force() AND asked.requested_by = asking_subject END
      AND (NOT only_waiting OR 'requested' = CASE WHEN is_manager
        THEN (trail_standing(asked)).state ELSE trail_state_for_police(asked) END)
    ORDER BY asked.trail_request_id DESC LIMIT page_size + 1);
  more := cardinality(shown) > page_size;
  shown := shown[1:page_size];
  RETURN QUERY
    SELECT asked.trail_request_id, asked.force, coalesce(asked.crn, person.crn), person.person_id, asked.result_id,
           crime.reference, asked.operation, asked.reason, asked.legal_basis, asked.basis_reference, asked.from_time,
           asked.to_time, asked.lat, asked.lon, asked.radius_m, asked.outline, asked.requested_by, asked.requested_at,
           trail_decided_until(asked), told.state, standing.expires_at,
           CASE WHEN is_manager OR asked.result_id IS NOT NULL OR standing.expires_at IS NOT NULL
             THEN coalesce((
               SELECT jsonb_agg(jsonb_build_object('decision', decision.decision, 'reason', decision.reason,
                 'decided_by', decision.decided_by, 'decided_at', decision.decided_at,
                 'expires_at', decision.expires_at) ORDER BY decision.trail_decision_id)
               FROM trail_decisions decision WHERE decision.trail_request_id = asked.trail_request_id), '[]')
             ELSE '[]' END,
           CASE WHEN is_manager THEN (
             SELECT count(*) FROM trail_decisions earlier
             WHERE earlier.person_id = person.person_id AND earlier.decision = 'authorised'
               AND earlier.trail_request_id <> asked.trail_request_id
               AND earlier.decided_at > service_clock() - interval '28 days') END,
           more
    FROM trail_requests asked
    CROSS JOIN LATERAL trail_standing(asked) standing
    CROSS JOIN LATERAL (
      SELECT CASE WHEN is_manager THEN standing.state ELSE trail_state_for_police(asked) END AS state) told
    LEFT JOIN crimes crime ON crime.crime_id = asked.crime_id
    LEFT JOIN people person ON is_manager AND person.person_id = trail_person(asked)
    WHERE asked.trail_request_id = ANY (shown) ORDER BY asked.trail_request_id DESC;
  PERFORM record_look('trail_request.read', trail_person(asked), asked.from_time, asked.to_time, NULL,
      jsonb_build_object('trail_request_id', asked.trail_request_id))
    FROM trail_requests asked WHERE asked.trail_request_id = ANY (shown);
END
$$;

-- What may be shown of a request: in its window, where a condition or another basis allows a look, and in its area.
CREATE FUNCTION trail_positions(
  asked trail_requests, whose bigint, allowed tstzmultirange, figure polygon, after_time timestamptz, most integer
) RETURNS TABLE (
  fix_time timestamptz, lat double precision, lon double precision, accuracy_m real, mechanism smallint, speed_mps real,
  heading_deg real, flags smallint
)
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  SELECT page.* FROM device_activations activation
  CROSS JOIN LATERAL ( -- each in the index's order, so that a page ends where it is full
    SELECT p.fix_time, p.lat, p.lon, p.accuracy_m, p.mechanism, p.speed_mps, p.heading_deg, p.flags
    FROM positions p
    WHERE p.device_id = activation.device_id
      AND p.fix_time >= greatest(asked.from_time, lower(activation.during), coalesce(after_time, '-infinity'))
      AND p.fix_time < least(asked.to_time, coalesce(upper(activation.during), 'infinity'))
      AND (after_time IS NULL OR p.fix_time > after_time)
      AND p.fix_time <@ allowed
      AND CASE WHEN figure IS NULL THEN metres_apart(asked.lat, asked.lon, p.lat, p.lon) <= asked.radius_m
        ELSE figure @> point(p.lon, p.lat) END
    ORDER BY p.fix_time FETCH FIRST most ROWS WITH TIES
  ) page
  WHERE activation.person_id = whose AND activation.during && tstzrange(asked.from_time, asked.to_time)
  ORDER BY page.fix_time FETCH FIRST most ROWS WITH TIES -- what has one time comes on one page: none tells of a device
$$;

-- A page of the trail, behind a time. Asked anew for each page: whether the request is this analyst's, and whether the
-- authorisation still holds. Raises no_data_found, object_not_in_prerequisite_state.
CREATE FUNCTION police_trail(wanted bigint, after_time timestamptz, page_size integer) RETURNS TABLE (
  fix_time timestamptz, lat double precision, lon double precision, accuracy_m real, mechanism smallint, speed_mps real,
  heading_deg real, flags smallint, goes_on boolean
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
#variable_conflict use_column
DECLARE
  asked trail_requests;
  standing text;
  whose bigint;
  allowed tstzmultirange;
  figure polygon;
  found_rows bigint;
BEGIN
  PERFORM refuse_others('police_analyst'), refuse_long_page(page_size);
  SELECT * INTO asked FROM trail_requests request
    WHERE request.trail_request_id = wanted AND request.force = police_force()
      AND request.requested_by = current_setting('cordon.subject', true);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no such request' USING ERRCODE = 'no_data_found';
  END IF;
  standing := trail_state_for_police(asked);
  IF standing <> 'authorised' THEN
    RAISE EXCEPTION '%', CASE standing WHEN 'requested' THEN 'nobody has authorised this request yet'
        WHEN 'not_granted' THEN 'this request was not granted' WHEN 'expired' THEN 'the authorisation has expired'
        ELSE 'the authorisation holds no longer' END
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  SELECT decision.person_id INTO STRICT whose FROM trail_decisions decision -- the one who was weighed
    WHERE decision.trail_request_id = wanted AND decision.decision = 'authorised';
  allowed := coalesce(lawful_times(whose, asked.from_time, asked.to_time), '{}');
  figure := outline_polygon(asked.outline);
  RETURN QUERY
    WITH page AS MATERIALIZED (SELECT * FROM trail_positions(asked, whose, allowed, figure, after_time, page_size))
    SELECT page.*, EXISTS (
      SELECT FROM trail_positions(asked, whose, allowed, figure, (SELECT max(page.fix_time) FROM page), 1))
    FROM page ORDER BY page.fix_time;
  GET DIAGNOSTICS found_rows = ROW_COUNT;
  PERFORM record_look('trail.read', whose, coalesce(after_time, asked.from_time), asked.to_time, found_rows,
    jsonb_build_object('trail_request_id', wanted));
END
$$;

-- Of those that wait and nobody was told of: the managers who see the person and may decide.
CREATE FUNCTION untold_trail_requests(most integer) RETURNS TABLE (
  trail_request_id bigint, is_known boolean, managers text[]
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT asked.trail_request_id, trail_person(asked) IS NOT NULL, ARRAY(
      SELECT member.subject FROM staff member
      WHERE member.role = 'manager' AND member.ended_at IS NULL
        AND caller_may_see(member.subject, 'manager', trail_person(asked))
        AND NOT same_subject(member.subject, asked.requested_by) AND trail_person(asked) IS NOT NULL
      ORDER BY member.subject)
  FROM trail_requests asked
  WHERE NOT EXISTS (
    SELECT FROM trail_request_tellings told WHERE told.trail_request_id = asked.trail_request_id)
  ORDER BY asked.trail_request_id LIMIT most
$$;

CREATE POLICY worker_all ON trail_request_tellings TO cordon_worker USING (true) WITH CHECK (true);
GRANT INSERT (trail_request_id, managers) ON trail_request_tellings TO cordon_worker;
REVOKE ALL ON FUNCTION request_trail(text, bigint, bigint, text, text, text, text, timestamptz, timestamptz,
    double precision, double precision, double precision, jsonb),
  decide_trail_request(bigint, text, text, double precision),
  read_trail_requests(bigint, bigint, boolean, integer),
  trail_positions(trail_requests, bigint, tstzmultirange, polygon, timestamptz, integer),
  police_trail(bigint, timestamptz, integer), untold_trail_requests(integer) FROM public;
GRANT EXECUTE ON FUNCTION request_trail(text, bigint, bigint, text, text, text, text, timestamptz, timestamptz,
    double precision, double precision, double precision, jsonb),
  decide_trail_request(bigint, text, text, double precision), read_trail_requests(bigint, bigint, boolean, integer),
  police_trail(bigint, timestamptz, integer) TO cordon_api;
GRANT EXECUTE ON FUNCTION untold_trail_requests(integer) TO cordon_worker;
