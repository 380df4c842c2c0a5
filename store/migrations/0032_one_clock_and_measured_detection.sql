-- Times that people see, and whatever has a deadline, go by the service's clock: here what earlier migrations left to the
-- database's. The audit, tokens, the list of
-- migrations and the signs of life of processes stay on the database's own clock, which nobody replaces.
DO $$
DECLARE
  stamped record;
BEGIN
  FOR stamped IN
    SELECT attrelid::regclass AS relation, attname FROM pg_attrdef
    JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
    JOIN pg_class ON pg_class.oid = adrelid
    WHERE relnamespace = 'cordon'::regnamespace AND pg_get_expr(adbin, adrelid) IN ('now()', 'clock_timestamp()')
      AND relname NOT IN ('audit_log', 'access_tokens', 'schema_migrations', 'worker_registries')
    ORDER BY 1, 2
  LOOP
    EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT service_clock()', stamped.relation, stamped.attname);
  END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION request_reevaluation(wanted_zone bigint, wanted_person bigint, since timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  INSERT INTO reevaluations (device_id, from_time)
  -- Told apart, and without an operator of ranges, so that a person's activations are found by that person's index: an
  -- import may ask for each of 20,000 zones.
  SELECT activation.device_id, since FROM device_activations activation
  WHERE activation.person_id = coalesce(wanted_person, (SELECT person_id FROM zones WHERE zone_id = wanted_zone))
    AND coalesce(upper(activation.during), 'infinity') > since AND since < (SELECT service_clock())
  UNION
  SELECT activation.device_id, since FROM device_activations activation
  WHERE wanted_person IS NULL AND (SELECT person_id IS NULL FROM zones WHERE zone_id = wanted_zone)
    AND coalesce(upper(activation.during), 'infinity') > since AND since < (SELECT service_clock())
  ON CONFLICT (device_id) DO UPDATE
    SET from_time = least(reevaluations.from_time, excluded.from_time), until_time = excluded.until_time, error = NULL
$$;

CREATE OR REPLACE FUNCTION record_device_events(
  serials text[], kinds text[], event_times timestamptz[], received timestamptz[], batteries real[], sequences bigint[],
  originals bytea[]
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  recorded bigint;
BEGIN
  -- the timers first, as the watch does, and everything in the order of the devices: nobody blocks another for good
  INSERT INTO device_timers (device_id, due_at)
  SELECT device_id, '-infinity' FROM devices WHERE serial = ANY (serials) ORDER BY device_id
  ON CONFLICT (device_id) DO UPDATE SET due_at = excluded.due_at;

  INSERT INTO device_heard (device_id, last_received_at)
  SELECT device_id, max(item.received_at) FROM unnest(serials, received) AS item (serial, received_at)
  JOIN devices device ON device.serial = item.serial GROUP BY device_id ORDER BY device_id
  ON CONFLICT (device_id) DO UPDATE
  SET last_received_at = greatest(device_heard.last_received_at, excluded.last_received_at);

  WITH stored AS (
    INSERT INTO device_events (device_id, kind, event_time, received_at, battery_pct, sequence, original)
    SELECT device_id, kind, event_time, received_at, battery_pct, sequence, original
    FROM unnest(serials, kinds, event_times, received, batteries, sequences, originals)
      AS item (serial, kind, event_time, received_at, battery_pct, sequence, original)
    JOIN devices device ON device.serial = item.serial ORDER BY device_id, event_time, kind
    ON CONFLICT DO NOTHING
    RETURNING device_id, event_time),
  asked AS (
    INSERT INTO rematches_wanted (device_id, from_time, until_time)
    SELECT device_id, min(event_time), (SELECT service_clock()) FROM stored
    WHERE event_time < (SELECT service_clock()) - interval '240 seconds' -- crimes.recent.LATE_AFTER_S: earlier, a run sees it
      AND EXISTS (SELECT FROM crimes)
    GROUP BY device_id ORDER BY device_id
    ON CONFLICT (device_id) DO UPDATE
    SET from_time = least(rematches_wanted.from_time, excluded.from_time),
        until_time = greatest(rematches_wanted.until_time, excluded.until_time), error = NULL)
  SELECT count(*) INTO recorded FROM stored;
  RETURN recorded;
END
$$;

CREATE OR REPLACE FUNCTION request_rerun(wanted_crime bigint) RETURNS bigint
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
    SET cause = 'requested', requested_by = asking_subject, requested_at = service_clock(), due_at = '-infinity',
        error = NULL;
  RETURN wanted_version;
END
$$;

-- What came of alerts, in numbers alone: by kind, by the preset of the zone as it was, and by the month (UTC) in which
-- they were raised. What an alert was closed with last stands; what was closed before is only counted as reopened.
CREATE FUNCTION measure_detection() RETURNS TABLE (
  kind text, preset text, raised_month date, alerts bigint, still_open bigint, retracted bigint, breach bigint,
  allowed bigint, false_alarm bigint, not_counted bigint, reopened bigint, contested bigint, overturned bigint
)
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  WITH contests AS (
    SELECT alert_id, max(case_version) AS case_version FROM alert_actions WHERE action = 'contest' GROUP BY alert_id),
  judged AS (
    SELECT alert.kind, version.preset, date_trunc('month', alert.raised_at AT TIME ZONE 'UTC')::date AS raised_month,
      worked.status, CASE WHEN worked.status = 'closed' THEN last.outcome_group END AS outcome_group, last.is_false_alarm,
      EXISTS (SELECT FROM alert_actions again WHERE again.alert_id = alert.alert_id AND again.action = 'reopen') AS reopened,
      contest.alert_id IS NOT NULL AS contested,
      -- of one that was not closed before it was contested, it was the breach that was contested
      worked.status = 'closed' AND contest.alert_id IS NOT NULL AND last.case_version > contest.case_version
        AND coalesce(earlier.outcome_group, 'breach') <> last.outcome_group AS overturned
    FROM alerts alert JOIN alert_cases worked USING (alert_id)
    LEFT JOIN zone_versions version ON version.zone_id = alert.zone_id AND version.version = alert.zone_version
    LEFT JOIN contests contest ON contest.alert_id = alert.alert_id
    LEFT JOIN LATERAL (
      SELECT case_version, detail ->> 'outcome_group' AS outcome_group,
        coalesce((detail ->> 'is_false_alarm')::boolean, false) AS is_false_alarm
      FROM alert_actions closing WHERE closing.alert_id = alert.alert_id AND action = 'close'
      ORDER BY case_version DESC LIMIT 1) last ON true
    LEFT JOIN LATERAL (
      SELECT detail ->> 'outcome_group' AS outcome_group FROM alert_actions closing
      WHERE closing.alert_id = alert.alert_id AND action = 'close' AND closing.case_version < contest.case_version
      ORDER BY case_version DESC LIMIT 1) earlier ON true)
  SELECT kind, preset, raised_month, count(*),
    count(*) FILTER (WHERE status NOT IN ('closed', 'retracted')),
    count(*) FILTER (WHERE status = 'retracted'),
    count(*) FILTER (WHERE outcome_group = 'breach'),
    count(*) FILTER (WHERE outcome_group = 'not_a_breach' AND NOT is_false_alarm),
    count(*) FILTER (WHERE outcome_group = 'not_a_breach' AND is_false_alarm),
    count(*) FILTER (WHERE outcome_group = 'not_counted'),
    count(*) FILTER (WHERE reopened), count(*) FILTER (WHERE contested), count(*) FILTER (WHERE overturned)
  FROM judged GROUP BY kind, preset, raised_month ORDER BY kind, preset NULLS FIRST, raised_month
$$;
CREATE FUNCTION read_measured_detection() RETURNS TABLE (
  kind text, preset text, raised_month date, alerts bigint, still_open bigint, retracted bigint, breach bigint,
  allowed bigint, false_alarm bigint, not_counted bigint, reopened bigint, contested bigint, overturned bigint
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  IF coalesce(current_setting('cordon.role', true), '') NOT IN ('manager', 'administrator', 'monitoring_officer') THEN
    RAISE EXCEPTION 'the measured precision of detection is not for this role' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN QUERY SELECT * FROM measure_detection();
END
$$;
REVOKE ALL ON FUNCTION measure_detection(), read_measured_detection() FROM public;
GRANT EXECUTE ON FUNCTION read_measured_detection() TO cordon_api;
