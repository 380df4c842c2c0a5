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

-- Who is seen, each rule written once and made twice: of everybody, as row security asks once a statement, and of some
-- people, as all else asks. One plan for both would suit neither; PL/pgSQL keeps the plans.
DO $make$
DECLARE
  parameter text;
  argument text;
  wanted text;
BEGIN
  FOR parameter, argument, wanted IN VALUES
    ('', '', 'true'), (', among bigint[]', ', among', 'person_id = ANY (among)') LOOP
    -- What a manager manages.
    EXECUTE format($made$
CREATE FUNCTION team_caseload(asking_subject text%1$s) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  own bigint := (SELECT team_id FROM staff WHERE subject = asking_subject AND role = 'manager' AND ended_at IS NULL);
  managed bigint[] := managed_teams();
BEGIN
  RETURN QUERY
    SELECT person_id FROM people WHERE team_id = own AND %2$s
    UNION ALL
    SELECT person_id FROM people
    WHERE practitioner = ANY (ARRAY(SELECT subject FROM staff WHERE team_id = own)) AND %2$s
    UNION ALL
    SELECT person_id FROM people LEFT JOIN staff supervising ON supervising.subject = people.practitioner
    WHERE (people.team_id IS NULL
           OR people.team_id = ANY (ARRAY(SELECT team_id FROM teams WHERE team_id <> ALL (managed))))
      AND (supervising.team_id IS NULL OR supervising.team_id <> ALL (managed)) AND %2$s;
END
$$
    $made$, parameter, wanted);
    -- Whom a caller sees whatever the rota says.
    EXECUTE format($made$
CREATE FUNCTION standing_caseload(asking_subject text, asking_role text%1$s) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  moment timestamptz := service_clock();
BEGIN
  IF is_supervising(asking_subject, asking_role) THEN
    RETURN QUERY
      SELECT person_id FROM people WHERE practitioner = ANY (stands_in_for(asking_subject)) AND %3$s
      UNION ALL
      SELECT person_id FROM break_glass
      WHERE opened_by = asking_subject AND ends_at > moment AND opened_at <= moment
        AND is_justified IS NOT FALSE AND %3$s
      UNION ALL
      SELECT managed FROM team_caseload(asking_subject%2$s) AS managed WHERE asking_role = 'manager';
  END IF;
END
$$
    $made$, parameter, argument, wanted);
    -- Whom a caller sees because of a shift that runs now: people of its area with an alert that is open, or that was
    -- closed or taken back in the shift: who closed it by mistake opens it again, and who is told that it was taken
    -- back can read it. Who is of no team is in every area. Not of entries into an authority's area: those are for who
    -- supervises the wearer alone, and whoever is on duty may draw the area.
    EXECUTE format($made$
CREATE FUNCTION rota_caseload(asking_subject text, asking_role text%1$s) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  is_everywhere boolean;
  area bigint[];
  since timestamptz;
BEGIN
  SELECT bool_or(teams = '{}'), greatest(min(began_at), rota_sees_since()) INTO is_everywhere, since
    FROM shifts_held(asking_subject, asking_role);
  IF is_everywhere IS NULL THEN -- no shift runs
    RETURN;
  END IF;
  area := ARRAY(SELECT unnest(teams) FROM shifts_held(asking_subject, asking_role));
  RETURN QUERY
    WITH inside AS MATERIALIZED (
      SELECT person_id FROM people WHERE NOT is_everywhere AND team_id = ANY (area) AND %2$s
      UNION ALL
      SELECT person_id FROM people
      WHERE NOT is_everywhere AND %2$s
        AND practitioner = ANY (ARRAY(SELECT subject FROM staff WHERE team_id = ANY (area)))
      UNION ALL
      SELECT person_id FROM people LEFT JOIN staff supervising ON supervising.subject = people.practitioner
      WHERE NOT is_everywhere AND people.team_id IS NULL AND supervising.team_id IS NULL AND %2$s),
    alerting AS (
      SELECT person_id FROM alert_cases
      WHERE (status NOT IN ('closed', 'retracted') OR closed_at >= since) AND person_id IS NOT NULL AND %2$s
        AND NOT EXISTS (SELECT FROM alerts entry
          WHERE entry.alert_id = alert_cases.alert_id AND entry.kind = 'authority_area_entry')
      UNION ALL
      SELECT person_id FROM alerts
      WHERE state = 'retracted' AND updated_at >= since AND person_id IS NOT NULL AND kind <> 'authority_area_entry'
        AND %2$s)
    SELECT person_id FROM alerting WHERE is_everywhere OR person_id IN (SELECT person_id FROM inside);
END
$$
    $made$, parameter, wanted);
    EXECUTE format(
      'REVOKE ALL ON FUNCTION team_caseload(text%1$s), standing_caseload(text, text%1$s), rota_caseload(text, text%1$s)'
      ' FROM public', replace(parameter, 'among ', ''));
  END LOOP;
END
$make$;

CREATE OR REPLACE FUNCTION caseload(asking_subject text, asking_role text) RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT ARRAY(
    SELECT seen FROM standing_caseload(asking_subject, asking_role) AS seen
    UNION
    SELECT seen FROM rota_caseload(asking_subject, asking_role) AS seen)
$$;

-- Alerts of nobody, such as that no tag is heard: every manager's, and of whoever is on duty.
CREATE FUNCTION sees_nobodys(asking_subject text, asking_role text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT sees_everyone(asking_role)
    OR asking_role = 'manager' AND is_supervising(asking_subject, asking_role)
    OR EXISTS (SELECT FROM shifts_held(asking_subject, asking_role))
$$;

-- Which of these people a caller sees; NULL stands for alerts that are nobody's.
CREATE FUNCTION caller_sees_of(asking_subject text, asking_role text, among bigint[]) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT unnest(among) WHERE sees_everyone(asking_role)
  UNION
  SELECT NULL WHERE array_position(among, NULL) IS NOT NULL AND sees_nobodys(asking_subject, asking_role)
  UNION
  SELECT seen FROM standing_caseload(asking_subject, asking_role, among) AS seen
  UNION
  SELECT seen FROM rota_caseload(asking_subject, asking_role, among) AS seen
$$;
CREATE OR REPLACE FUNCTION caller_may_see(asking_subject text, asking_role text, wanted bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT EXISTS (SELECT FROM caller_sees_of(asking_subject, asking_role, ARRAY[wanted]))
$$;

-- The same for the caller of this transaction, in the form that row security asks once a statement. In FROM, as in a
-- list of columns the function's settings would be made and undone for each row.
CREATE FUNCTION caller_standing() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT seen FROM standing_caseload(current_setting('cordon.subject', true), current_setting('cordon.role', true)) AS seen
$$;
CREATE FUNCTION caller_on_duty() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT seen FROM rota_caseload(current_setting('cordon.subject', true), current_setting('cordon.role', true)) AS seen
$$;
CREATE FUNCTION caller_caseload() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT seen FROM caller_standing() AS seen UNION ALL SELECT seen FROM caller_on_duty() AS seen
$$;
-- Who is on duty sees open alerts whatever their age, and of everything else what lasted into the last 48 hours.
CREATE FUNCTION caller_duty_alerts() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  WITH seen AS MATERIALIZED (SELECT seen AS person_id FROM caller_on_duty() AS seen)
  SELECT alert_id FROM alert_cases
  WHERE status NOT IN ('closed', 'retracted') AND person_id IN (SELECT person_id FROM seen)
    AND (SELECT EXISTS (SELECT FROM seen))
  UNION ALL
  SELECT alert_id FROM alert_cases
  WHERE closed_at >= (SELECT rota_sees_since()) AND person_id IN (SELECT person_id FROM seen)
    AND (SELECT EXISTS (SELECT FROM seen))
  UNION ALL
  SELECT alert_id FROM alerts JOIN alert_cases USING (alert_id)
  WHERE alerts.state = 'retracted' AND alerts.updated_at >= (SELECT rota_sees_since())
    AND alert_cases.status = 'retracted' AND alerts.person_id IN (SELECT person_id FROM seen)
    AND (SELECT EXISTS (SELECT FROM seen))
$$;
CREATE FUNCTION caller_sees_nobodys() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT sees_nobodys(current_setting('cordon.subject', true), current_setting('cordon.role', true))
$$;
-- From when on the caller may see what a person did.
CREATE FUNCTION earliest_seen(wanted bigint) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT CASE
    WHEN NOT EXISTS (SELECT FROM standing_caseload(subject, role, ARRAY[wanted]))
      AND EXISTS (SELECT FROM rota_caseload(subject, role, ARRAY[wanted])) THEN rota_sees_since()
    ELSE '-infinity'
  END
  FROM (SELECT current_setting('cordon.subject', true) AS subject, current_setting('cordon.role', true) AS role) caller
$$;

-- Plans for shared zones: by whom operations are run, who work alerts.
DROP POLICY set_by_supervision ON response_plans;
CREATE POLICY set_by_supervision ON response_plans FOR INSERT TO cordon_api WITH CHECK (
  (SELECT works_alerts(current_setting('cordon.role', true)))
  AND set_by = current_setting('cordon.subject', true)
  AND EXISTS (
    SELECT FROM zones WHERE zones.zone_id = response_plans.zone_id
      AND (zones.person_id IS NOT NULL OR (SELECT runs_operations(current_setting('cordon.role', true))))));

REVOKE ALL ON FUNCTION is_supervising(text, text), stands_in_for(text), managed_teams(), rota_sees_since(),
  shifts_held(text, text), sees_nobodys(text, text), caller_sees_of(text, text, bigint[]), caller_standing(),
  caller_on_duty(), caller_caseload(), caller_duty_alerts(), caller_sees_nobodys(), earliest_seen(bigint) FROM public;
GRANT EXECUTE ON FUNCTION caller_standing(), caller_on_duty(), caller_caseload(), caller_duty_alerts(),
  caller_sees_nobodys(), caller_sees_of(text, text, bigint[]), rota_sees_since(), earliest_seen(bigint) TO cordon_api;
GRANT EXECUTE ON FUNCTION caller_may_see(text, text, bigint), caseload(text, text) TO cordon_worker;
