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
  WITH own AS MATERIALIZED (SELECT team_id FROM staff WHERE subject = asking_subject AND ended_at IS NULL)
  SELECT person_id FROM people WHERE team_id = (SELECT team_id FROM own) AND person_id BETWEEN first AND last
  UNION
  SELECT person_id FROM people
  WHERE practitioner = ANY (ARRAY(SELECT subject FROM staff WHERE team_id = (SELECT team_id FROM own)))
    AND person_id BETWEEN first AND last
  UNION
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
  UNION
  SELECT person_id FROM break_glass
  WHERE (SELECT is_supervising(asking_subject, asking_role))
    AND opened_by = asking_subject AND ends_at > (SELECT service_clock()) AND opened_at <= (SELECT service_clock())
    AND is_justified IS NOT FALSE AND person_id BETWEEN first AND last
  UNION
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
-- and who is told that it was taken back can read it.
CREATE FUNCTION people_with_alerts(since timestamptz, first bigint, last bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT person_id FROM alert_cases
  WHERE status NOT IN ('closed', 'retracted') AND person_id BETWEEN first AND last
  UNION
  SELECT person_id FROM alert_cases WHERE closed_at >= since AND person_id BETWEEN first AND last
  UNION
  SELECT person_id FROM alerts WHERE state = 'retracted' AND updated_at >= since AND person_id BETWEEN first AND last
$$;

-- Whom a caller sees because of a shift that runs now: people with alerts in its area. Who is of no team is in every area.
CREATE FUNCTION rota_caseload(asking_subject text, asking_role text, first bigint, last bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  WITH held AS MATERIALIZED (SELECT * FROM shifts_held(asking_subject, asking_role)),
  since AS MATERIALIZED (SELECT greatest(min(began_at), rota_sees_since()) AS since FROM held),
  area AS MATERIALIZED (
    SELECT bool_or(teams = '{}') AS is_everywhere, ARRAY(SELECT DISTINCT unnest(teams) FROM held) AS teams FROM held)
  SELECT alerting FROM since, area, people_with_alerts(since.since, first, last) AS alerting WHERE area.is_everywhere
  UNION
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
  SELECT unnest(caseload(current_setting('cordon.subject', true), current_setting('cordon.role', true)))
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

-- Who changes people: administrators everybody, a manager those whom they manage, now and by what they write.
CREATE FUNCTION administers_people() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT manages_people() AND coalesce(current_setting('cordon.role', true), '') <> 'manager'
$$;
CREATE FUNCTION managed_caseload(first bigint, last bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT managed FROM team_caseload(current_setting('cordon.subject', true), first, last) AS managed
  WHERE current_setting('cordon.role', true) = 'manager'
    AND is_supervising(current_setting('cordon.subject', true), current_setting('cordon.role', true))
$$;
CREATE FUNCTION manages_person(wanted bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT administers_people() OR EXISTS (SELECT FROM managed_caseload(wanted, wanted))
$$;
-- The rule of team_caseload for a row that is about to be written.
CREATE FUNCTION manages_people_of(whose text, team bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT administers_people() OR coalesce(manages_people()
    AND is_supervising(current_setting('cordon.subject', true), current_setting('cordon.role', true)) AND (
      SELECT (team IS NULL OR team <> ALL (managed_teams())) AND (other IS NULL OR other <> ALL (managed_teams()))
        OR EXISTS (
          SELECT FROM staff WHERE subject = current_setting('cordon.subject', true) AND ended_at IS NULL
            AND team_id IN (team, other))
      FROM (SELECT (SELECT team_id FROM staff WHERE subject = whose) AS other) practitioner), false)
$$;
CREATE OR REPLACE VIEW managed_people WITH (security_barrier) AS
  SELECT person_id, crn, nomis_id, pnc_id, name, date_of_birth, practitioner, team_id, created_at, ended_at
  FROM people
  WHERE manages_people() AND ((SELECT administers_people()) OR manages_people_of(practitioner, team_id))
  WITH CHECK OPTION;
CREATE OR REPLACE VIEW managed_activations WITH (security_barrier) AS
  SELECT activation_id, device_id, person_id, during, revision FROM activation_records
  WHERE quarantined_at IS NULL AND manages_people()
    AND ((SELECT administers_people())
         OR person_id IN (SELECT managed_caseload(-9223372036854775808, 9223372036854775807)))
  WITH CHECK OPTION;
-- What stands in the way of what a manager records and is somebody else's: that there is something, and not whose.
CREATE FUNCTION crns_of_others(wanted text[]) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT given FROM unnest(wanted) AS given
  WHERE manages_people() AND EXISTS (
    SELECT FROM people WHERE lower(crn) = lower(given) AND NOT manages_people_of(practitioner, team_id))
$$;
CREATE FUNCTION worn_by_others(wanted integer[]) RETURNS TABLE (device_id integer, during tstzrange)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT worn.device_id, worn.during FROM device_activations worn JOIN people USING (person_id)
  WHERE worn.device_id = ANY (wanted) AND manages_people() AND NOT manages_people_of(practitioner, team_id)
$$;
DROP POLICY managed ON people;
CREATE POLICY managed ON people FOR SELECT TO cordon_api USING ((SELECT administers_people()));
DROP POLICY caseload ON eligibility_decisions;
CREATE POLICY caseload ON eligibility_decisions FOR SELECT TO cordon_api USING (
  (SELECT administers_people() OR sees_everyone(current_setting('cordon.role', true)))
  OR person_id IN (SELECT caller_caseload()));
DROP POLICY decided ON eligibility_decisions;
CREATE POLICY decided ON eligibility_decisions FOR INSERT TO cordon_api
  WITH CHECK (manages_person(person_id) AND decided_by = current_setting('cordon.subject', true));
CREATE OR REPLACE FUNCTION person_record(wanted bigint) RETURNS TABLE (
  person_id bigint, crn text, nomis_id text, pnc_id text, name text, date_of_birth date, practitioner text,
  team_id bigint, team text, ended_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT person_id, crn, nomis_id, pnc_id, person.name, date_of_birth, practitioner, team_id, team.name, ended_at
  FROM people person LEFT JOIN teams team USING (team_id)
  WHERE person_id = wanted AND (may_see_person(wanted) OR manages_person(wanted))
$$;
CREATE OR REPLACE FUNCTION makes_a_child_of_a_wearer(wanted bigint, born date) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT born IS NOT NULL AND manages_person(wanted) AND EXISTS (
    SELECT FROM device_activations WHERE person_id = wanted AND lower(during) < adult_from(born))
$$;
CREATE OR REPLACE FUNCTION zones_begun_after(wanted bigint, moment timestamptz)
RETURNS TABLE (reference text, began_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT zone.reference, max(valid_from) FROM zones zone JOIN zone_versions USING (zone_id)
  WHERE zone.person_id = wanted AND manages_person(wanted) AND valid_from > moment AND valid_from <= service_clock()
    AND coalesce(valid_to > valid_from, true)
  GROUP BY zone.reference ORDER BY zone.reference
$$;
CREATE FUNCTION refuse_unmanaged(wanted bigint) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = cordon, pg_temp AS $$
BEGIN
  IF NOT manages_person(wanted) THEN
    RAISE EXCEPTION 'this caller may not change this person' USING ERRCODE = 'insufficient_privilege';
  END IF;
END
$$;
-- As in 0033 and 0026, for a person whom the caller manages.
ALTER FUNCTION correct_date_of_birth(bigint, date, bigint) RENAME TO write_date_of_birth;
REVOKE ALL ON FUNCTION write_date_of_birth(bigint, date, bigint) FROM cordon_api;
CREATE FUNCTION correct_date_of_birth(wanted bigint, born date, next_revision bigint)
RETURNS TABLE (device_ids integer[], moments timestamptz[], told integer)
LANGUAGE sql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT refuse_unmanaged(wanted);
  SELECT * FROM write_date_of_birth(wanted, born, next_revision)
$$;
ALTER FUNCTION end_conditions_of(bigint, timestamptz, text, bigint) RENAME TO write_end_of_conditions;
REVOKE ALL ON FUNCTION write_end_of_conditions(bigint, timestamptz, text, bigint) FROM cordon_api;
CREATE FUNCTION end_conditions_of(wanted bigint, moment timestamptz, by_whom text, new_revision bigint)
RETURNS TABLE (conditions integer, drafts integer, zones bigint[])
LANGUAGE sql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT refuse_unmanaged(wanted);
  SELECT * FROM write_end_of_conditions(wanted, moment, by_whom, new_revision)
$$;

-- Plans for shared zones: by whom operations are run, who work alerts.
DROP POLICY set_by_supervision ON response_plans;
CREATE POLICY set_by_supervision ON response_plans FOR INSERT TO cordon_api WITH CHECK (
  (SELECT works_alerts(current_setting('cordon.role', true)))
  AND set_by = current_setting('cordon.subject', true)
  AND EXISTS (
    SELECT FROM zones WHERE zones.zone_id = response_plans.zone_id
      AND (zones.person_id IS NOT NULL OR (SELECT runs_operations(current_setting('cordon.role', true))))));

-- Nobody widens what they see themselves: not by their own team or role, not by the end of another team's manager, not by
-- a shift that they give themselves, and no shift grows once it is there.
CREATE FUNCTION keep_managers_reach() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  caller text := current_setting('cordon.subject', true);
BEGIN
  IF current_setting('cordon.role', true) IS DISTINCT FROM 'manager' THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'UPDATE' AND (NEW.team_id, NEW.role, NEW.ended_at) IS NOT DISTINCT FROM (OLD.team_id, OLD.role, OLD.ended_at) THEN
    RETURN NEW;
  END IF;
  IF same_subject(NEW.subject, caller) THEN
    RAISE EXCEPTION 'a manager changes neither the own team nor the own role: an administrator does'
      USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'managers_reach';
  END IF;
  IF TG_OP = 'UPDATE' AND OLD.team_id = ANY (managed_teams()) AND NOT EXISTS (
    SELECT FROM staff WHERE subject = caller AND ended_at IS NULL AND team_id = OLD.team_id) THEN
    RAISE EXCEPTION 'a manager changes staff of the own team: their manager or an administrator does'
      USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'managers_reach';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER keep_managers_reach BEFORE INSERT OR UPDATE ON staff FOR EACH ROW EXECUTE FUNCTION keep_managers_reach();
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
        ON manager.subject = current_setting('cordon.subject', true) AND manager.ended_at IS NULL
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
    SELECT subject, EXISTS (SELECT FROM team_caseload(subject, wanted, wanted)) AS is_theirs FROM staff
    WHERE role = 'manager' AND ended_at IS NULL AND NOT same_subject(subject, opener))
  SELECT subject FROM managers WHERE is_theirs OR NOT EXISTS (SELECT FROM managers WHERE is_theirs)
$$;
CREATE FUNCTION reviews_glass(wanted bigint, opener text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(current_setting('cordon.role', true) = 'manager', false)
    AND is_supervising(current_setting('cordon.subject', true), current_setting('cordon.role', true))
    AND NOT same_subject(current_setting('cordon.subject', true), opener)
    AND (EXISTS (SELECT FROM managed_caseload(wanted, wanted))
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
  IF EXISTS (SELECT FROM standing_caseload(caller, caller_role, wanted, wanted)) THEN
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

REVOKE ALL ON FUNCTION is_supervising(text, text), stands_in_for(text), managed_teams(),
  team_caseload(text, bigint, bigint), standing_caseload(text, text, bigint, bigint), rota_sees_since(),
  shifts_held(text, text), people_with_alerts(timestamptz, bigint, bigint), rota_caseload(text, text, bigint, bigint),
  sees_nobodys(text, text), caller_caseload(), caller_sees_nobodys(), caller_rota_alone(), earliest_seen(bigint),
  was_retracted_since(uuid, timestamptz), administers_people(), managed_caseload(bigint, bigint), manages_person(bigint),
  manages_people_of(text, bigint), crns_of_others(text[]), worn_by_others(integer[]), refuse_unmanaged(bigint),
  correct_date_of_birth(bigint, date, bigint), end_conditions_of(bigint, timestamptz, text, bigint), keep_managers_reach(),
  shifts_only_shrink(), grants_cover_of(text), glass_reviewers(bigint, text), reviews_glass(bigint, text),
  open_break_glass(text, text) FROM public;
GRANT EXECUTE ON FUNCTION caller_caseload(), caller_sees_nobodys(), caller_rota_alone(), rota_sees_since(),
  earliest_seen(bigint), was_retracted_since(uuid, timestamptz), administers_people(), managed_caseload(bigint, bigint),
  manages_person(bigint), manages_people_of(text, bigint), crns_of_others(text[]), worn_by_others(integer[]),
  correct_date_of_birth(bigint, date, bigint), end_conditions_of(bigint, timestamptz, text, bigint),
  grants_cover_of(text), reviews_glass(bigint, text), open_break_glass(text, text) TO cordon_api;
GRANT EXECUTE ON FUNCTION caller_may_see(text, text, bigint), caseload(text, text) TO cordon_worker;
