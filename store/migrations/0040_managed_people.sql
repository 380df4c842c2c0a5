-- Who changes people: administrators everybody, a manager those whom they manage, now and by what they write.
CREATE FUNCTION administers_people() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT manages_people() AND coalesce(current_setting('cordon.role', true), '') <> 'manager'
$$;
CREATE FUNCTION caller_manages() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(current_setting('cordon.role', true) = 'manager', false)
    AND is_supervising(current_setting('cordon.subject', true), current_setting('cordon.role', true))
$$;
CREATE FUNCTION managed_caseload() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT managed FROM team_caseload(current_setting('cordon.subject', true)) AS managed WHERE (SELECT caller_manages())
$$;
CREATE FUNCTION managed_caseload(among bigint[]) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT managed FROM team_caseload(current_setting('cordon.subject', true), among) AS managed
  WHERE (SELECT caller_manages())
$$;
CREATE FUNCTION manages_person(wanted bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT administers_people() OR EXISTS (SELECT FROM managed_caseload(ARRAY[wanted]))
$$;
-- The rule of team_caseload for a row that is about to be written.
CREATE FUNCTION manages_people_of(whose text, team bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT administers_people() OR coalesce(manages_people()
    AND is_supervising(current_setting('cordon.subject', true), current_setting('cordon.role', true)) AND (
      SELECT (team IS NULL OR team <> ALL (managed_teams())) AND (other IS NULL OR other <> ALL (managed_teams()))
        OR EXISTS (
          SELECT FROM staff WHERE subject = current_setting('cordon.subject', true) AND role = 'manager'
            AND ended_at IS NULL AND team_id IN (team, other))
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
         OR person_id IN (SELECT managed FROM managed_caseload() AS managed))
  WITH CHECK OPTION;
-- What stands in the way of what a manager records and is somebody else's: that there is something, and not whose.
CREATE FUNCTION crns_of_others(wanted text[]) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT DISTINCT given FROM unnest(wanted) AS given JOIN people ON lower(crn) = lower(given)
  WHERE (SELECT manages_people() AND NOT administers_people()) AND NOT manages_people_of(practitioner, team_id)
$$;
CREATE FUNCTION worn_by_others(wanted integer[]) RETURNS TABLE (device_id integer, during tstzrange)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT worn.device_id, worn.during FROM device_activations worn
  WHERE (SELECT manages_people() AND NOT administers_people()) AND worn.device_id = ANY (wanted)
    AND worn.person_id NOT IN (SELECT managed FROM managed_caseload() AS managed)
$$;
DROP POLICY managed ON people;
CREATE POLICY managed ON people FOR SELECT TO cordon_api USING ((SELECT administers_people()));
DROP POLICY caseload ON eligibility_decisions;
CREATE POLICY caseload ON eligibility_decisions FOR SELECT TO cordon_api USING (
  (SELECT administers_people() OR sees_everyone(current_setting('cordon.role', true)))
  OR person_id IN (SELECT seen FROM caller_caseload() AS seen));
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

-- No manager widens what they see themselves, nor what somebody else does of another team: not by their own team or role,
-- nor by that team's staff. Nor do they change anything else of those, such as where they are told of a broken glass.
CREATE FUNCTION keep_managers_reach() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  caller text := current_setting('cordon.subject', true);
  own_team bigint;
BEGIN
  IF current_setting('cordon.role', true) IS DISTINCT FROM 'manager' OR TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN
    RETURN NEW;
  END IF;
  IF same_subject(NEW.subject, caller) THEN
    IF TG_OP = 'UPDATE'
       AND (NEW.team_id, NEW.role, NEW.ended_at) IS NOT DISTINCT FROM (OLD.team_id, OLD.role, OLD.ended_at) THEN
      RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a manager changes neither the own team nor the own role: an administrator does'
      USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'managers_reach';
  END IF;
  SELECT team_id INTO own_team FROM staff WHERE subject = caller AND role = 'manager' AND ended_at IS NULL;
  IF NEW.team_id = ANY (managed_teams()) AND NEW.team_id IS DISTINCT FROM own_team
     OR TG_OP = 'UPDATE' AND OLD.team_id IS DISTINCT FROM own_team
       AND (OLD.team_id = ANY (managed_teams()) OR OLD.role = 'manager') THEN
    RAISE EXCEPTION 'a manager changes staff of the own team: their manager or an administrator does'
      USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'managers_reach';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER keep_managers_reach BEFORE INSERT OR UPDATE ON staff FOR EACH ROW EXECUTE FUNCTION keep_managers_reach();

REVOKE ALL ON FUNCTION administers_people(), caller_manages(), managed_caseload(), managed_caseload(bigint[]),
  manages_person(bigint),
  manages_people_of(text, bigint), crns_of_others(text[]), worn_by_others(integer[]), refuse_unmanaged(bigint),
  correct_date_of_birth(bigint, date, bigint), end_conditions_of(bigint, timestamptz, text, bigint),
  keep_managers_reach() FROM public;
GRANT EXECUTE ON FUNCTION administers_people(), managed_caseload(), manages_person(bigint),
  manages_people_of(text, bigint), crns_of_others(text[]), worn_by_others(integer[]),
  correct_date_of_birth(bigint, date, bigint), end_conditions_of(bigint, timestamptz, text, bigint) TO cordon_api;
