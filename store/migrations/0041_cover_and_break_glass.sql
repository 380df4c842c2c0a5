-- Row security by who sees whom; and cover, breaking the glass and the rota: who gives whom what they see, and never
-- themselves.

-- Row security, once more for all tables that hold data of people. A set that is not asked for is not made.
DO $$
DECLARE
  guarded text;
  shown text;
BEGIN
  FOR guarded, shown IN VALUES
    ('people', 'person_id IN (SELECT seen FROM caller_caseload() AS seen)'),
    ('authorisations', 'person_id IN (SELECT seen FROM caller_caseload() AS seen)'),
    ('licence_conditions', 'person_id IN (SELECT seen FROM caller_caseload() AS seen)'),
    ('alert_cases', $shown$
      person_id IN (SELECT seen FROM caller_standing() AS seen)
      OR (status NOT IN ('closed', 'retracted') OR raised_at >= (SELECT rota_sees_since()))
        AND person_id IN (SELECT seen FROM caller_on_duty() AS seen)
      OR alert_id IN (SELECT seen FROM caller_duty_alerts() AS seen)$shown$),
    ('alerts', $shown$
      person_id IN (SELECT seen FROM caller_standing() AS seen)
      OR raised_at >= (SELECT rota_sees_since()) AND person_id IN (SELECT seen FROM caller_on_duty() AS seen)
      OR alert_id IN (SELECT seen FROM caller_duty_alerts() AS seen)$shown$),
    ('alert_events', $shown$
      person_id IN (SELECT seen FROM caller_standing() AS seen)
      OR happened_at >= (SELECT rota_sees_since()) AND person_id IN (SELECT seen FROM caller_on_duty() AS seen)
      OR alert_id IN (SELECT seen FROM caller_duty_alerts() AS seen)$shown$),
    ('visits', $shown$
      person_id IN (SELECT seen FROM caller_standing() AS seen)
      OR person_id IN (SELECT seen FROM caller_on_duty() AS seen) AND (
        entered_at >= (SELECT rota_sees_since()) OR coalesce(left_at, last_inside_at) >= (SELECT rota_sees_since())
        OR EXISTS (SELECT FROM alerts WHERE alerts.visit_id = visits.visit_id))$shown$)
  LOOP
    EXECUTE format('DROP POLICY caseload ON %I', guarded);
    EXECUTE format($policy$
      CREATE POLICY caseload ON %I FOR SELECT TO cordon_api USING (
        (SELECT sees_everyone(current_setting('cordon.role', true))) OR %s)$policy$, guarded, shown);
  END LOOP;
  FOREACH guarded IN ARRAY ARRAY['alerts', 'alert_events', 'alert_cases'] LOOP
    EXECUTE format($policy$
      CREATE POLICY of_nobody ON %I FOR SELECT TO cordon_api USING (
        person_id IS NULL AND (SELECT caller_sees_nobodys()))$policy$, guarded);
  END LOOP;
END
$$;
DROP POLICY worked ON alert_cases;
CREATE POLICY worked ON alert_cases FOR UPDATE TO cordon_api USING (
  (SELECT works_alerts(current_setting('cordon.role', true)))
  AND (person_id IN (SELECT seen FROM caller_caseload() AS seen)
       OR person_id IS NULL AND (SELECT caller_sees_nobodys())));
DROP POLICY visible ON zones;
CREATE POLICY visible ON zones FOR SELECT TO cordon_api USING (
  (SELECT draws_zones(current_setting('cordon.role', true)) OR sees_everyone(current_setting('cordon.role', true)))
  OR person_id IS NULL AND (SELECT sees_zones(current_setting('cordon.role', true)))
  OR person_id IN (SELECT seen FROM caller_caseload() AS seen));

-- A shift does not grow once it is there, and nobody gives themselves one.
CREATE FUNCTION shifts_only_shrink() RETURNS trigger
LANGUAGE plpgsql SET search_path = cordon, pg_temp AS $$
BEGIN
  IF NOT NEW.during <@ OLD.during OR (NEW.subject, NEW.role, NEW.teams) <> (OLD.subject, OLD.role, OLD.teams) THEN
    RAISE EXCEPTION 'a shift is cut short or cancelled, and otherwise stays as it was added'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER only_shrink BEFORE UPDATE ON rota_shifts FOR EACH ROW EXECUTE FUNCTION shifts_only_shrink();
DROP POLICY added ON rota_shifts;
CREATE POLICY added ON rota_shifts FOR INSERT TO cordon_api WITH CHECK (
  (SELECT writes_rota(current_setting('cordon.role', true)))
  AND added_by = current_setting('cordon.subject', true) AND NOT same_subject(added_by, subject));
GRANT INSERT (teams) ON rota_shifts TO cordon_api;

-- Cover is seen by both sides and by who may grant it: a manager of whoever is covered.
CREATE FUNCTION grants_cover_of(whose text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(current_setting('cordon.role', true) = 'manager', false)
    AND is_supervising(current_setting('cordon.subject', true), current_setting('cordon.role', true))
    AND EXISTS (
      SELECT FROM staff covered LEFT JOIN staff manager
        ON manager.subject = current_setting('cordon.subject', true) AND manager.role = 'manager'
          AND manager.ended_at IS NULL
      WHERE covered.subject = whose AND (
        covered.team_id = manager.team_id OR covered.team_id IS NULL OR covered.team_id <> ALL (managed_teams())))
$$;
ALTER TABLE caseload_covers ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON caseload_covers FOR SELECT TO cordon_worker USING (true);
CREATE POLICY concerned ON caseload_covers FOR SELECT TO cordon_api USING (
  (SELECT works_alerts(current_setting('cordon.role', true)))
  AND (current_setting('cordon.subject', true) IN (covered, covered_by) OR grants_cover_of(covered)));
CREATE POLICY granted ON caseload_covers FOR INSERT TO cordon_api WITH CHECK (
  granted_by = current_setting('cordon.subject', true) AND ended_at IS NULL AND grants_cover_of(covered));
CREATE POLICY ended ON caseload_covers FOR UPDATE TO cordon_api
  USING (ended_at IS NULL AND grants_cover_of(covered)) WITH CHECK (ended_by = current_setting('cordon.subject', true));
GRANT SELECT ON caseload_covers TO cordon_worker, cordon_api;
GRANT INSERT (covered, covered_by, during, reason, granted_by), UPDATE (ended_by, ended_at) ON caseload_covers TO cordon_api;

-- Who is told of a broken glass and reviews it: the person's managers but its opener; where there are none, all others.
CREATE FUNCTION glass_reviewers(wanted bigint, opener text) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  WITH managers AS MATERIALIZED (
    SELECT subject, EXISTS (SELECT FROM team_caseload(subject, ARRAY[wanted])) AS is_theirs FROM staff
    WHERE role = 'manager' AND ended_at IS NULL AND NOT same_subject(subject, opener))
  SELECT subject FROM managers WHERE is_theirs OR NOT EXISTS (SELECT FROM managers WHERE is_theirs)
$$;
CREATE FUNCTION reviews_glass(wanted bigint, opener text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(current_setting('cordon.role', true) = 'manager', false)
    AND is_supervising(current_setting('cordon.subject', true), current_setting('cordon.role', true))
    AND NOT same_subject(current_setting('cordon.subject', true), opener)
    AND (EXISTS (SELECT FROM managed_caseload(ARRAY[wanted]))
         OR current_setting('cordon.subject', true) IN (SELECT glass_reviewers(wanted, opener)))
$$;
-- No row where nobody has the CRN. The record and the notices to managers are written with it, or it is not opened.
CREATE FUNCTION open_break_glass(wanted_crn text, why text)
RETURNS TABLE (break_glass_id bigint, person_id bigint, opened_at timestamptz, ends_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
#variable_conflict use_column
DECLARE
  caller text := current_setting('cordon.subject', true);
  caller_role text := current_setting('cordon.role', true);
  opened break_glass;
  wanted bigint;
  moment timestamptz := service_clock();
BEGIN
  IF NOT coalesce(is_supervising(caller, caller_role), false) THEN
    RAISE EXCEPTION 'this caller may not break the glass' USING ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT person_id INTO wanted FROM people WHERE crn = wanted_crn;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  IF EXISTS (SELECT FROM standing_caseload(caller, caller_role, ARRAY[wanted])) THEN
    RAISE EXCEPTION 'the caller sees this person already' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  INSERT INTO break_glass (person_id, reason, opened_by, opened_role, opened_at, ends_at)
    VALUES (wanted, why, caller, caller_role, moment, moment + interval '4 hours') RETURNING * INTO opened;
  INSERT INTO notices (recipient, channel, template, detail, severity)
    SELECT subject, channel, 'break_glass', '{}', 'warning'
    FROM glass_reviewers(wanted, caller) AS reviewer JOIN staff ON staff.subject = reviewer
    CROSS JOIN LATERAL (VALUES ('email', email), ('sms', mobile)) AS way (channel, address) WHERE address IS NOT NULL;
  PERFORM record_look('break_glass.open', wanted, opened.opened_at, opened.ends_at, NULL,
    jsonb_build_object('break_glass_id', opened.break_glass_id, 'reason', why));
  RETURN QUERY SELECT opened.break_glass_id, opened.person_id, opened.opened_at, opened.ends_at;
END
$$;
ALTER TABLE break_glass ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON break_glass FOR SELECT TO cordon_worker USING (true);
CREATE POLICY concerned ON break_glass FOR SELECT TO cordon_api USING (
  (SELECT current_setting('cordon.role', true) = 'auditor')
  OR (SELECT works_alerts(current_setting('cordon.role', true))) AND opened_by = current_setting('cordon.subject', true)
  OR reviews_glass(person_id, opened_by));
CREATE POLICY reviewed ON break_glass FOR UPDATE TO cordon_api
  USING (reviewed_at IS NULL AND reviews_glass(person_id, opened_by))
  WITH CHECK (reviewed_by = current_setting('cordon.subject', true));
GRANT SELECT ON break_glass TO cordon_worker, cordon_api;
GRANT UPDATE (reviewed_by, reviewed_at, is_justified, review_note) ON break_glass TO cordon_api;

-- As in 0021; for who is on duty, of crimes of the last 48 hours.
CREATE OR REPLACE FUNCTION person_matches(wanted bigint, before_result bigint, page_size integer)
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
      AND version.to_time >= (SELECT earliest_seen(wanted))
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

-- As in 0028, in the order of the alerts however the statement is planned: many go over at once.
CREATE OR REPLACE FUNCTION tell_worked() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(1129272904); -- store/locks.py ALERT_EVENTS
  WITH told AS (
    INSERT INTO alert_events (event_id, alert_id, person_id, change, urgency, happened_at, payload)
    SELECT nextval('alert_event_sequence'), told.* FROM (SELECT alert.alert_id, alert.person_id, 'worked', alert.urgency,
      added.acted_at, jsonb_build_object(
        'alert_id', alert.alert_id, 'change', 'worked', 'kind', alert.kind, 'severity', alert.severity,
        'urgency', alert.urgency, 'state', alert.state, 'person_id', alert.person_id, 'zone_id', alert.zone_id,
        'zone_version', alert.zone_version, 'began_at', alert.began_at, 'last_evidence_at', alert.last_evidence_at,
        'ended_at', alert.ended_at, 'action', added.action, 'acted_by', added.acted_by, 'status', alert_case.status,
        'case_version', added.case_version, 'assigned_to', alert_case.assigned_to, 'outcome', alert_case.outcome)
    FROM added JOIN alerts alert USING (alert_id) JOIN alert_cases alert_case USING (alert_id)
    WHERE added.action NOT IN ('amend', 'upgrade', 'downgrade', 'retract', 'revive')
    ORDER BY alert.raised_at, alert.alert_id) told
    RETURNING event_id, alert_id
  )
  INSERT INTO outbox (event_id, channel)
  SELECT DISTINCT told.event_id, earlier.channel
  FROM told JOIN alert_events event USING (alert_id) JOIN outbox earlier ON earlier.event_id = event.event_id
  WHERE earlier.channel NOT LIKE 'webhook:%'; -- webhooks choose for themselves what is queued for them
  RETURN NULL;
END
$$;

REVOKE ALL ON FUNCTION shifts_only_shrink(), grants_cover_of(text), glass_reviewers(bigint, text),
  reviews_glass(bigint, text), open_break_glass(text, text) FROM public;
GRANT EXECUTE ON FUNCTION grants_cover_of(text), reviews_glass(bigint, text), open_break_glass(text, text) TO cordon_api;
