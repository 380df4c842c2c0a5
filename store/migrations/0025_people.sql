-- People, devices and who may be tagged: nobody under 18 is, whoever writes. What was recorded of a child is
-- shut away: 0033_quarantine.sql.

-- Whether this session may change who is watched: an administrator or a manager, or the owner at the command line.
CREATE FUNCTION manages_people() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(current_setting('cordon.role', true) IN ('administrator', 'manager'), false)
    OR pg_has_role(session_user, (SELECT nspowner FROM pg_namespace WHERE nspname = 'cordon'), 'USAGE')
$$;

ALTER TABLE people
  ADD COLUMN ended_at timestamptz, -- no tag is put on from then on
  ADD CONSTRAINT identifiers_in_range CHECK (
    length(nomis_id) BETWEEN 1 AND 32 AND length(pnc_id) BETWEEN 1 AND 32) NOT VALID,
  ADD CONSTRAINT birth_in_range CHECK (date_of_birth BETWEEN '1900-01-01' AND '2200-01-01') NOT VALID;
CREATE INDEX people_team ON people (team_id);

-- By the calendar: whoever was born on 29 February is older on 1 March of a common year, never before.
CREATE FUNCTION birthday(born date, years integer) RETURNS date
LANGUAGE sql IMMUTABLE STRICT SET search_path = cordon, pg_temp AS $$
  SELECT CASE
    WHEN extract(day FROM born + make_interval(years => years)) = extract(day FROM born)
      THEN (born + make_interval(years => years))::date
    ELSE (born + make_interval(years => years))::date + 1
  END
$$;
-- The first moment of the 18th birthday; never, of a date that is not known.
CREATE FUNCTION adult_from(born date) RETURNS timestamptz
LANGUAGE sql IMMUTABLE SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(birthday(born, 18)::timestamp AT TIME ZONE 'Europe/London', 'infinity')
$$;

-- Every activation stays as a record. Those that are shut away are left out of what everything else reads.
ALTER TABLE device_activations RENAME TO activation_records;
ALTER TABLE activation_records ADD COLUMN quarantined_at timestamptz; -- the wearer was under 18
CREATE INDEX activation_records_quarantined ON activation_records (person_id) WHERE quarantined_at IS NOT NULL;
CREATE VIEW device_activations AS
  SELECT activation_id, device_id, person_id, during, revision FROM activation_records WHERE quarantined_at IS NULL;
CREATE VIEW activation_revisions AS SELECT device_id, revision FROM activation_records; -- what workers have to read anew
REVOKE ALL ON activation_records FROM cordon_worker;
GRANT SELECT ON device_activations, activation_revisions TO cordon_worker;

-- Nobody under 18 on the day it begins. The person's row is held, so that a date of birth cannot change meanwhile.
CREATE FUNCTION wearer_is_adult() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  born date;
BEGIN
  SELECT date_of_birth INTO born FROM people WHERE person_id = NEW.person_id FOR SHARE;
  IF lower(NEW.during) < adult_from(born) THEN
    RAISE EXCEPTION 'nobody under 18 on the day, or of an unknown date of birth, is tagged'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'wearer_is_adult';
  END IF;
  RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER wearer_is_adult AFTER INSERT ON activation_records
  FOR EACH ROW WHEN (NEW.quarantined_at IS NULL) EXECUTE FUNCTION wearer_is_adult();
-- One that was there before this rule may still end.
CREATE CONSTRAINT TRIGGER wearer_stays_adult AFTER UPDATE ON activation_records
  FOR EACH ROW WHEN (NEW.quarantined_at IS NULL AND (
    lower(NEW.during) <> lower(OLD.during) OR NEW.person_id <> OLD.person_id OR OLD.quarantined_at IS NOT NULL))
  EXECUTE FUNCTION wearer_is_adult();

CREATE FUNCTION birth_keeps_wearers_adult() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM device_activations
    WHERE person_id = NEW.person_id AND lower(during) < adult_from(NEW.date_of_birth)) THEN
    RAISE EXCEPTION 'this date of birth makes an activation one of somebody under 18: correct_date_of_birth() does both'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'wearer_is_adult';
  END IF;
  RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER wearer_is_adult AFTER UPDATE ON people
  FOR EACH ROW WHEN (NEW.date_of_birth IS DISTINCT FROM OLD.date_of_birth) EXECUTE FUNCTION birth_keeps_wearers_adult();

-- Who may be tagged: each decision as it was made, and what the person is told of it.
CREATE TABLE eligibility_decisions (
  decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  person_id bigint NOT NULL REFERENCES people,
  rules_version integer NOT NULL,
  for_day date NOT NULL, -- on which the tag is to be put on, in London
  prison text CHECK (length(prison) BETWEEN 1 AND 100),
  borough text CHECK (length(borough) BETWEEN 1 AND 100),
  stated jsonb NOT NULL, -- what the officer answered, by criterion
  answers jsonb NOT NULL, -- every criterion: answer, what it rests on, its words as they were (alerts/eligibility.py)
  screening_note text NOT NULL CHECK (length(btrim(screening_note)) BETWEEN 1 AND 2000), -- why it is proportionate
  is_eligible boolean NOT NULL,
  reason text NOT NULL CHECK (length(reason) >= 1),
  how_to_challenge text NOT NULL,
  decided_by text NOT NULL CHECK (length(decided_by) BETWEEN 1 AND 200),
  decided_at timestamptz NOT NULL DEFAULT service_clock(),
  withdrawn_at timestamptz -- it rested on a wrong date of birth
);
CREATE INDEX eligibility_decisions_person ON eligibility_decisions (person_id, decision_id);
ALTER TABLE eligibility_decisions ENABLE ROW LEVEL SECURITY;
CREATE POLICY caseload ON eligibility_decisions FOR SELECT TO cordon_api USING (
  (SELECT manages_people() OR sees_everyone(current_setting('cordon.role', true)))
  OR person_id = ANY ((
    SELECT caseload(current_setting('cordon.subject', true), current_setting('cordon.role', true)))::bigint[]));
CREATE POLICY decided ON eligibility_decisions FOR INSERT TO cordon_api
  WITH CHECK ((SELECT manages_people()) AND decided_by = current_setting('cordon.subject', true));
GRANT SELECT ON eligibility_decisions TO cordon_api;
GRANT INSERT (person_id, rules_version, for_day, prison, borough, stated, answers, screening_note, is_eligible, reason,
  how_to_challenge, decided_by) ON eligibility_decisions TO cordon_api;

-- What administrators and managers read and write of people, tags and who wears which. To anybody else they are empty. A
-- date of birth that makes a wearer somebody under 18 changes by correct_date_of_birth() alone.
CREATE VIEW managed_people WITH (security_barrier) AS
  SELECT person_id, crn, nomis_id, pnc_id, name, date_of_birth, practitioner, team_id, created_at, ended_at
  FROM people WHERE manages_people() WITH CHECK OPTION;
CREATE VIEW managed_devices WITH (security_barrier) AS
  SELECT device_id, serial, created_at FROM devices WHERE manages_people() WITH CHECK OPTION;
CREATE VIEW managed_activations WITH (security_barrier) AS
  SELECT activation_id, device_id, person_id, during, revision
  FROM activation_records WHERE quarantined_at IS NULL AND manages_people() WITH CHECK OPTION;
GRANT SELECT ON managed_people, managed_devices, managed_activations TO cordon_api;
GRANT INSERT (crn, nomis_id, pnc_id, name, date_of_birth, practitioner, team_id) ON managed_people TO cordon_api;
GRANT UPDATE (nomis_id, pnc_id, name, date_of_birth, practitioner, team_id, ended_at) ON managed_people TO cordon_api;
GRANT INSERT (serial) ON managed_devices TO cordon_api;
GRANT INSERT (device_id, person_id, during, revision), UPDATE (during, revision) ON managed_activations TO cordon_api;
CREATE POLICY managed ON people FOR SELECT TO cordon_api USING ((SELECT manages_people()));

CREATE FUNCTION makes_a_child_of_a_wearer(wanted bigint, born date) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT born IS NOT NULL AND manages_people() AND EXISTS (
    SELECT FROM device_activations WHERE person_id = wanted AND lower(during) < adult_from(born))
$$;

-- One person's whole record, for whoever supervises or manages the person.
CREATE FUNCTION person_record(wanted bigint) RETURNS TABLE (
  person_id bigint, crn text, nomis_id text, pnc_id text, name text, date_of_birth date, practitioner text,
  team_id bigint, team text, ended_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT person_id, crn, nomis_id, pnc_id, person.name, date_of_birth, practitioner, team_id, team.name, ended_at
  FROM people person LEFT JOIN teams team USING (team_id)
  WHERE person_id = wanted AND (may_see_person(wanted) OR manages_people())
$$;

-- Staff and teams: read by whoever works with people here, changed by who manages them.
CREATE FUNCTION reads_staff() RETURNS boolean
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(current_setting('cordon.role', true)
    IN ('practitioner', 'duty_officer', 'manager', 'administrator', 'victim_liaison', 'service'), false)
$$;
DO $$
DECLARE
  guarded text;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['teams', 'staff'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('CREATE POLICY worker_all ON %I TO cordon_worker USING (true)', guarded);
    EXECUTE format('CREATE POLICY colleagues ON %I FOR SELECT TO cordon_api USING ((SELECT reads_staff()))', guarded);
    EXECUTE format('CREATE POLICY managed ON %I TO cordon_api USING ((SELECT manages_people()))', guarded);
  END LOOP;
END
$$;
GRANT INSERT (name), UPDATE (name) ON teams TO cordon_api;
GRANT INSERT (subject, name, role, team_id, email, mobile), UPDATE (name, role, team_id, email, mobile, ended_at)
  ON staff TO cordon_api;

-- Who wore each device from its moment on was changed: what was judged since is judged anew, and the crimes since then are
-- matched once more, against everybody. What was found of somebody may be somebody else's now, and how many they all are
-- is another number. Two hours: the longest padding of a crime's window.
CREATE FUNCTION activations_changed(device_ids integer[], moments timestamptz[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  IF NOT manages_people() THEN
    RAISE EXCEPTION 'this caller may not change who wears what' USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO reevaluations (device_id, from_time)
    SELECT device_id, min(moment) FROM unnest(device_ids, moments) AS changed (device_id, moment)
    WHERE moment < service_clock() GROUP BY device_id ORDER BY device_id
    ON CONFLICT (device_id) DO UPDATE SET from_time = least(reevaluations.from_time, excluded.from_time),
      until_time = excluded.until_time, error = NULL;
  INSERT INTO matching_wanted (crime_version_id, cause, requested_by)
    SELECT crime_version_id, 'requested', 'cordon: who wore a device was changed' FROM crime_versions
    WHERE is_current AND to_time >= (SELECT min(moment) - interval '2 hours' FROM unnest(moments) AS changed (moment))
    ORDER BY crime_version_id
    ON CONFLICT (crime_version_id) DO UPDATE SET due_at = excluded.due_at, error = NULL;
  INSERT INTO rematches_wanted (device_id, from_time, until_time)
    SELECT device_id, min(moment), max(moment) FROM unnest(device_ids, moments) AS changed (device_id, moment)
    WHERE EXISTS (SELECT FROM crimes) GROUP BY device_id ORDER BY device_id
    ON CONFLICT (device_id) DO UPDATE SET from_time = least(rematches_wanted.from_time, excluded.from_time),
      until_time = greatest(rematches_wanted.until_time, excluded.until_time), error = NULL;
END
$$;

REVOKE ALL ON FUNCTION manages_people(), birthday(date, integer), adult_from(date), wearer_is_adult(),
  birth_keeps_wearers_adult(), makes_a_child_of_a_wearer(bigint, date), person_record(bigint), reads_staff(), activations_changed(integer[], timestamptz[])
  FROM public;
GRANT EXECUTE ON FUNCTION manages_people(), birthday(date, integer), adult_from(date),
  makes_a_child_of_a_wearer(bigint, date), person_record(bigint), reads_staff(),
  activations_changed(integer[], timestamptz[]) TO cordon_api;
