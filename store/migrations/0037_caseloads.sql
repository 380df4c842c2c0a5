-- Who sees whom. Everybody who supervises sees people for a reason that is in the database: theirs, their team's, covered
-- for a colleague, told of by the rota, or opened by breaking the glass. Nobody but the service itself sees everyone.

-- A colleague's caseload, for a time. Granted by a manager, never by who gets it.
CREATE TABLE caseload_covers (
  cover_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  covered text NOT NULL REFERENCES staff, -- whose people
  covered_by text NOT NULL REFERENCES staff, -- who sees them meanwhile
  during tstzrange NOT NULL,
  reason text NOT NULL CHECK (length(btrim(reason)) BETWEEN 1 AND 500),
  granted_by text NOT NULL,
  granted_at timestamptz NOT NULL DEFAULT service_clock(),
  ended_by text, -- who took it back, before its end or before it began
  ended_at timestamptz,
  CONSTRAINT cover_is_dated CHECK (
    NOT isempty(during) AND lower(during) > '-infinity' AND upper(during) < 'infinity'
    AND lower_inc(during) AND NOT upper_inc(during) AND upper(during) - lower(during) <= interval '92 days'),
  CONSTRAINT cover_ended_by_somebody CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
  CONSTRAINT cover_is_by_another CHECK (NOT same_subject(covered, covered_by)),
  CONSTRAINT cover_is_granted_by_another CHECK (NOT same_subject(granted_by, covered_by))
);
CREATE INDEX caseload_covers_by ON caseload_covers (covered_by, upper(during));
CREATE INDEX caseload_covers_of ON caseload_covers (covered, upper(during));

-- Somebody needed to see a person who was not theirs, at once. Reviewed afterwards by a manager who is somebody else.
CREATE TABLE break_glass (
  break_glass_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  person_id bigint NOT NULL REFERENCES people,
  reason text NOT NULL CHECK (length(btrim(reason)) BETWEEN 10 AND 1000),
  opened_by text NOT NULL,
  opened_role text NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT service_clock(),
  ends_at timestamptz NOT NULL,
  reviewed_by text,
  reviewed_at timestamptz,
  is_justified boolean,
  review_note text CHECK (length(btrim(review_note)) BETWEEN 1 AND 1000),
  CONSTRAINT glass_is_open_for_hours CHECK (ends_at > opened_at AND ends_at <= opened_at + interval '4 hours'),
  CONSTRAINT glass_is_reviewed_whole CHECK (num_nonnulls(reviewed_by, reviewed_at, is_justified, review_note) IN (0, 4)),
  CONSTRAINT glass_is_reviewed_by_another CHECK (NOT same_subject(opened_by, reviewed_by))
);
CREATE INDEX break_glass_opened ON break_glass (opened_by, ends_at);
CREATE INDEX break_glass_unreviewed ON break_glass (opened_at) WHERE reviewed_at IS NULL;

-- The area of a shift: teams, which are never deleted.
ALTER TABLE rota_shifts ADD COLUMN teams bigint[] NOT NULL DEFAULT '{}'; -- none: the whole service
CREATE INDEX rota_shifts_subject ON rota_shifts (subject, upper(during)) WHERE cancelled_at IS NULL;
CREATE INDEX alert_cases_open_person ON alert_cases (person_id) WHERE status NOT IN ('closed', 'retracted');
CREATE INDEX alert_cases_closed ON alert_cases (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX alerts_retracted ON alerts (updated_at) WHERE state = 'retracted';

-- Only the service itself; a person's data are shown to people for a reason of their own.
CREATE OR REPLACE FUNCTION sees_everyone(asking_role text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(asking_role = 'service', false) $$;
CREATE OR REPLACE FUNCTION sees_zones(asking_role text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = cordon, pg_temp AS $$
  SELECT draws_zones(asking_role) OR sees_everyone(asking_role) OR works_alerts(asking_role)
$$;

-- Whether a subject may see anybody at all: whoever has left the staff may not, whatever their token says.
CREATE FUNCTION is_supervising(asking_subject text, asking_role text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT works_alerts(asking_role) AND coalesce(asking_subject, '') <> ''
    AND NOT EXISTS (SELECT FROM staff WHERE subject = asking_subject AND ended_at IS NOT NULL)
$$;

-- Subjects whose people are the asker's now: their own, and those of colleagues whom they cover.
CREATE FUNCTION stands_in_for(asking_subject text) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT ARRAY(
    SELECT covered FROM caseload_covers
    WHERE covered_by = asking_subject AND ended_at IS NULL AND upper(during) > (SELECT service_clock())
      AND during @> (SELECT service_clock())) || asking_subject
$$;

-- Teams that somebody manages. A person is their team's and their practitioner's; who is of no such team is every
-- manager's, so that nobody is unsupervised.
CREATE FUNCTION managed_teams() RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT ARRAY(
    SELECT DISTINCT team_id FROM staff WHERE role = 'manager' AND team_id IS NOT NULL AND ended_at IS NULL)
$$;

-- What a manager manages, of people whose ids lie in [first, last]. By the indexes of teams and practitioners.
CREATE FUNCTION team_caseload(asking_subject text, first bigint, last bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  WITH own AS MATERIALIZED (
    SELECT team_id FROM staff WHERE subject = asking_subject AND role = 'manager' AND ended_at IS NULL)
  SELECT person_id FROM people WHERE team_id = (SELECT team_id FROM own) AND person_id BETWEEN first AND last
  UNION ALL
  SELECT person_id FROM people
  WHERE practitioner = ANY (ARRAY(SELECT subject FROM staff WHERE team_id = (SELECT team_id FROM own)))
    AND person_id BETWEEN first AND last
  UNION ALL
  SELECT person_id FROM people LEFT JOIN staff supervising ON supervising.subject = people.practitioner
  WHERE (people.team_id IS NULL
         OR people.team_id = ANY (ARRAY(SELECT team_id FROM teams WHERE team_id <> ALL ((SELECT managed_teams())::bigint[]))))
    AND (supervising.team_id IS NULL OR supervising.team_id <> ALL ((SELECT managed_teams())::bigint[]))
    AND person_id BETWEEN first AND last
$$;

-- Whom a caller sees whatever the rota says.
CREATE FUNCTION standing_caseload(asking_subject text, asking_role text, first bigint, last bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT person_id FROM people
  WHERE (SELECT is_supervising(asking_subject, asking_role))
    AND practitioner = ANY ((SELECT stands_in_for(asking_subject))::text[]) AND person_id BETWEEN first AND last
  UNION ALL
  SELECT person_id FROM break_glass
  WHERE (SELECT is_supervising(asking_subject, asking_role))
    AND opened_by = asking_subject AND ends_at > (SELECT service_clock()) AND opened_at <= (SELECT service_clock())
    AND is_justified IS NOT FALSE AND person_id BETWEEN first AND last
  UNION ALL
  SELECT managed FROM team_caseload(asking_subject, first, last) AS managed
  WHERE asking_role = 'manager' AND (SELECT is_supervising(asking_subject, asking_role))
$$;

-- What who is on duty sees of a person goes back so far, but for open alerts.
CREATE FUNCTION rota_sees_since() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT service_clock() - interval '48 hours'
$$;

-- Shifts that run now, of whoever supervises.
CREATE FUNCTION shifts_held(asking_subject text, asking_role text) RETURNS TABLE (began_at timestamptz, teams bigint[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT lower(during), shift.teams FROM rota_shifts shift
  WHERE (SELECT is_supervising(asking_subject, asking_role)) AND subject = asking_subject AND cancelled_at IS NULL
    AND upper(during) > (SELECT service_clock()) AND during @> (SELECT service_clock())
$$;

-- People with an alert that is open, or that was closed or taken back since: who closed it by mistake opens it again,
-- and who is told that it was taken back can read it. Not of the entries into an authority's area: those are for who
-- supervises the wearer alone, and whoever is on duty may draw the area.
CREATE FUNCTION people_with_alerts(since timestamptz, first bigint, last bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT alert_case.person_id FROM alert_cases alert_case JOIN alerts alert USING (alert_id)
  WHERE status NOT IN ('closed', 'retracted') AND alert_case.person_id BETWEEN first AND last
    AND alert.kind <> 'authority_area_entry'
  UNION
  SELECT alert_case.person_id FROM alert_cases alert_case JOIN alerts alert USING (alert_id)
  WHERE closed_at >= since AND alert_case.person_id BETWEEN first AND last AND alert.kind <> 'authority_area_entry'
  UNION
  SELECT person_id FROM alerts
  WHERE state = 'retracted' AND updated_at >= since AND person_id BETWEEN first AND last AND kind <> 'authority_area_entry'
$$;

-- Whom a caller sees because of a shift that runs now: people with alerts in its area. Who is of no team is in every area.
CREATE FUNCTION rota_caseload(asking_subject text, asking_role text, first bigint, last bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  WITH held AS MATERIALIZED (SELECT * FROM shifts_held(asking_subject, asking_role)),
  since AS MATERIALIZED (SELECT greatest(min(began_at), rota_sees_since()) AS since FROM held),
  area AS MATERIALIZED (
    SELECT bool_or(teams = '{}') AS is_everywhere, ARRAY(SELECT DISTINCT unnest(teams) FROM held) AS teams FROM held)
  SELECT alerting FROM since, area, people_with_alerts(since.since, first, last) AS alerting WHERE area.is_everywhere
  UNION ALL
  SELECT alerting FROM since, area, people_with_alerts(since.since, first, last) AS alerting
  JOIN people ON people.person_id = alerting
  LEFT JOIN staff supervising ON supervising.subject = people.practitioner
  WHERE NOT area.is_everywhere
    AND (people.team_id = ANY (area.teams) OR supervising.team_id = ANY (area.teams)
         OR people.team_id IS NULL AND supervising.team_id IS NULL)
$$;

CREATE OR REPLACE FUNCTION caseload(asking_subject text, asking_role text) RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT ARRAY(
    SELECT standing_caseload(asking_subject, asking_role, -9223372036854775808, 9223372036854775807)
    UNION
    SELECT rota_caseload(asking_subject, asking_role, -9223372036854775808, 9223372036854775807))
$$;

-- Alerts of nobody, such as that no tag is heard: every manager's, and of whoever is on duty.
CREATE FUNCTION sees_nobodys(asking_subject text, asking_role text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT sees_everyone(asking_role)
    OR asking_role = 'manager' AND is_supervising(asking_subject, asking_role)
    OR EXISTS (SELECT FROM shifts_held(asking_subject, asking_role))
$$;

CREATE OR REPLACE FUNCTION caller_may_see(asking_subject text, asking_role text, wanted bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(CASE
    WHEN sees_everyone(asking_role) THEN true
    WHEN wanted IS NULL THEN sees_nobodys(asking_subject, asking_role)
    ELSE EXISTS (SELECT FROM standing_caseload(asking_subject, asking_role, wanted, wanted))
      OR EXISTS (SELECT FROM rota_caseload(asking_subject, asking_role, wanted, wanted))
  END, false)
$$;

-- The same for the caller of this transaction, in the form that row security asks once a statement.
CREATE FUNCTION caller_caseload() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  WITH caller AS MATERIALIZED (
    SELECT current_setting('cordon.subject', true) AS subject, current_setting('cordon.role', true) AS role,
           -9223372036854775808 AS first, 9223372036854775807 AS last)
  SELECT standing FROM caller, standing_caseload(subject, role, first::bigint, last) AS standing
  UNION ALL
  SELECT alerting FROM caller, rota_caseload(subject, role, first::bigint, last) AS alerting
$$;
CREATE FUNCTION caller_sees_nobodys() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT sees_nobodys(current_setting('cordon.subject', true), current_setting('cordon.role', true))
$$;
-- Whom the caller sees by the rota alone, and so not their past.
CREATE FUNCTION caller_rota_alone() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  WITH caller AS MATERIALIZED (
    SELECT current_setting('cordon.subject', true) AS subject, current_setting('cordon.role', true) AS role,
           -9223372036854775808 AS first, 9223372036854775807 AS last)
  SELECT alerting FROM caller, rota_caseload(subject, role, first::bigint, last) AS alerting
  WHERE alerting NOT IN (
    SELECT standing FROM caller, standing_caseload(subject, role, first::bigint, last) AS standing)
$$;
-- From when on the caller may see what a person did.
CREATE FUNCTION earliest_seen(wanted bigint) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT CASE
    WHEN NOT EXISTS (SELECT FROM standing_caseload(subject, role, wanted, wanted))
      AND EXISTS (SELECT FROM rota_caseload(subject, role, wanted, wanted)) THEN rota_sees_since()
    ELSE '-infinity'
  END
  FROM (SELECT current_setting('cordon.subject', true) AS subject, current_setting('cordon.role', true) AS role) caller
$$;

-- Row security, once more for all tables that hold data of people.
DO $$
DECLARE
  guarded text;
BEGIN
  FOREACH guarded IN ARRAY ARRAY[
    'people', 'visits', 'alerts', 'alert_events', 'alert_cases', 'authorisations', 'licence_conditions'] LOOP
    EXECUTE format('DROP POLICY caseload ON %I', guarded);
    EXECUTE format($policy$
      CREATE POLICY caseload ON %I FOR SELECT TO cordon_api USING (
        (SELECT sees_everyone(current_setting('cordon.role', true)))
        OR person_id IN (SELECT caller_caseload()))$policy$, guarded);
  END LOOP;
  FOREACH guarded IN ARRAY ARRAY['alerts', 'alert_events', 'alert_cases'] LOOP
    EXECUTE format($policy$
      CREATE POLICY of_nobody ON %I FOR SELECT TO cordon_api USING (
        person_id IS NULL AND (SELECT caller_sees_nobodys()))$policy$, guarded);
  END LOOP;
END
$$;
DROP POLICY visible ON zones;
CREATE POLICY visible ON zones FOR SELECT TO cordon_api USING (
  (SELECT draws_zones(current_setting('cordon.role', true)) OR sees_everyone(current_setting('cordon.role', true)))
  OR person_id IS NULL AND (SELECT sees_zones(current_setting('cordon.role', true)))
  OR person_id IN (SELECT caller_caseload()));

-- Who is on duty sees open alerts whatever their age, and of everything else what lasted into the last 48 hours.
CREATE FUNCTION was_retracted_since(wanted uuid, since timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT EXISTS (SELECT FROM alerts WHERE alert_id = wanted AND state = 'retracted' AND updated_at >= since)
$$;
CREATE POLICY on_duty ON alert_cases AS RESTRICTIVE FOR SELECT TO cordon_api USING (
  status NOT IN ('closed', 'retracted') OR raised_at >= (SELECT rota_sees_since()) OR person_id IS NULL
  OR person_id NOT IN (SELECT caller_rota_alone())
  OR closed_at >= (SELECT rota_sees_since())
  OR status = 'retracted' AND was_retracted_since(alert_id, (SELECT rota_sees_since())));
CREATE POLICY on_duty ON alerts AS RESTRICTIVE FOR SELECT TO cordon_api USING (
  raised_at >= (SELECT rota_sees_since()) OR person_id IS NULL OR person_id NOT IN (SELECT caller_rota_alone())
  OR EXISTS (SELECT FROM alert_cases WHERE alert_cases.alert_id = alerts.alert_id));
CREATE POLICY on_duty ON alert_events AS RESTRICTIVE FOR SELECT TO cordon_api USING (
  happened_at >= (SELECT rota_sees_since()) OR person_id IS NULL OR person_id NOT IN (SELECT caller_rota_alone())
  OR EXISTS (SELECT FROM alert_cases WHERE alert_cases.alert_id = alert_events.alert_id));
CREATE POLICY on_duty ON visits AS RESTRICTIVE FOR SELECT TO cordon_api USING (
  entered_at >= (SELECT rota_sees_since()) OR person_id NOT IN (SELECT caller_rota_alone())
  OR coalesce(left_at, last_inside_at) >= (SELECT rota_sees_since())
  OR EXISTS (SELECT FROM alerts WHERE alerts.visit_id = visits.visit_id));

-- Plans for shared zones: by whom operations are run, who work alerts.
DROP POLICY set_by_supervision ON response_plans;
CREATE POLICY set_by_supervision ON response_plans FOR INSERT TO cordon_api WITH CHECK (
  (SELECT works_alerts(current_setting('cordon.role', true)))
  AND set_by = current_setting('cordon.subject', true)
  AND EXISTS (
    SELECT FROM zones WHERE zones.zone_id = response_plans.zone_id
      AND (zones.person_id IS NOT NULL OR (SELECT runs_operations(current_setting('cordon.role', true))))));

REVOKE ALL ON FUNCTION is_supervising(text, text), stands_in_for(text), managed_teams(),
  team_caseload(text, bigint, bigint), standing_caseload(text, text, bigint, bigint), rota_sees_since(),
  shifts_held(text, text), people_with_alerts(timestamptz, bigint, bigint), rota_caseload(text, text, bigint, bigint),
  sees_nobodys(text, text), caller_caseload(), caller_sees_nobodys(), caller_rota_alone(), earliest_seen(bigint),
  was_retracted_since(uuid, timestamptz) FROM public;
GRANT EXECUTE ON FUNCTION caller_caseload(), caller_sees_nobodys(), caller_rota_alone(), rota_sees_since(),
  earliest_seen(bigint), was_retracted_since(uuid, timestamptz) TO cordon_api;
GRANT EXECUTE ON FUNCTION caller_may_see(text, text, bigint), caseload(text, text) TO cordon_worker;
