-- Crime matching goes by lawful times.

-- The few visits that last longer than two days: the others of a time are found by when they were entered. And what was
-- changed of lawful times in the past, for which crimes are matched anew: by the matcher, who joins it with
-- rematches_wanted. It is only added to, so that nobody who changes one waits for another.
CREATE TABLE long_visits (visit_id uuid PRIMARY KEY REFERENCES visits ON DELETE CASCADE);
INSERT INTO long_visits SELECT visit_id FROM visits WHERE coalesce(left_at, last_inside_at) > entered_at + interval '2 days';
CREATE INDEX visits_entered ON visits (entered_at);

CREATE TABLE lawful_changes (
  change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device_id integer NOT NULL REFERENCES devices,
  from_time timestamptz NOT NULL,
  until_time timestamptz NOT NULL
);
GRANT SELECT, DELETE ON lawful_changes TO cordon_worker;
GRANT SELECT ON long_visits TO cordon_worker;

CREATE FUNCTION note_lawful_change(whose bigint, since timestamptz, until_time timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  INSERT INTO lawful_changes (device_id, from_time, until_time)
  SELECT device_id, since, least(until_time, service_clock()) FROM device_activations
  WHERE person_id = whose AND since < service_clock() AND EXISTS (SELECT FROM crimes)
    AND during && tstzrange(since, greatest(since, until_time))
$$;
CREATE FUNCTION legal_basis_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  PERFORM note_lawful_change(NEW.person_id, lower(NEW.during), upper(NEW.during));
  RETURN NULL;
END
$$;
CREATE TRIGGER asks_for_matching AFTER INSERT OR UPDATE ON legal_bases
  FOR EACH ROW WHEN (NEW.status IN ('live', 'ended')) EXECUTE FUNCTION legal_basis_changed();
-- Until ever: what a version takes away of those before it may last longer than itself.
CREATE FUNCTION trail_condition_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  PERFORM note_lawful_change(person_id, least(NEW.starts_at, NEW.ended_at), 'infinity')
  FROM licence_conditions WHERE condition_id = NEW.condition_id AND kind = 'trail_monitoring';
  RETURN NULL;
END
$$;
CREATE TRIGGER asks_for_matching AFTER INSERT OR UPDATE ON condition_versions
  FOR EACH ROW WHEN (NEW.status IN ('live', 'superseded', 'ended')) EXECUTE FUNCTION trail_condition_changed();
-- Bases end with the person's monitoring.
CREATE FUNCTION monitoring_ended() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  PERFORM note_lawful_change(NEW.person_id, least(OLD.ended_at, NEW.ended_at), 'infinity');
  RETURN NULL;
END
$$;
CREATE TRIGGER asks_for_matching AFTER UPDATE OF ended_at ON people
  FOR EACH ROW WHEN (OLD.ended_at IS DISTINCT FROM NEW.ended_at) EXECUTE FUNCTION monitoring_ended();

-- A visit that goes on as positions come in changes nothing of a time that is matched for good: a crime is matched once
-- more ten minutes after its padded window (crimes.recent.SETTLED_AFTER_S). Two hours: the longest padding of a window;
-- thirteen: the longest window (model.crimes.LONGEST_HULL).
CREATE FUNCTION visits_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  INSERT INTO long_visits SELECT visit_id FROM new_visits
    WHERE coalesce(left_at, last_inside_at) > entered_at + interval '2 days' ORDER BY visit_id ON CONFLICT DO NOTHING;
  IF TG_OP = 'INSERT' THEN
    INSERT INTO lawful_changes (device_id, from_time, until_time)
      SELECT device_id, lower(changed.during), upper(changed.during)
      FROM (SELECT activation_id, visit_time(state, regime, entered_at, last_inside_at, left_at) AS during
            FROM new_visits) changed
      JOIN device_activations USING (activation_id)
      WHERE lower(changed.during) < service_clock() - interval '10 minutes' AND crimes_about(changed.during);
  ELSE
    INSERT INTO lawful_changes (device_id, from_time, until_time)
      SELECT device_id, lower(changed.during), upper(changed.during)
      FROM (SELECT latest.activation_id,
              tstzmultirange(visit_time(earlier.state, earlier.regime, earlier.entered_at, earlier.last_inside_at,
                                        earlier.left_at)) AS before,
              tstzmultirange(visit_time(latest.state, latest.regime, latest.entered_at, latest.last_inside_at,
                                        latest.left_at)) AS after
            FROM new_visits latest JOIN old_visits earlier USING (visit_id)) both_times
      CROSS JOIN LATERAL unnest((before - after) + (after - before)) AS changed (during)
      JOIN device_activations USING (activation_id)
      WHERE before <> after AND lower(changed.during) < service_clock() - interval '10 minutes'
        AND crimes_about(changed.during);
  END IF;
  RETURN NULL;
END
$$;
CREATE FUNCTION crimes_about(times tstzrange) RETURNS boolean
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM crime_versions
    WHERE is_current AND from_time <= upper(times) + interval '2 hours'
      AND from_time >= lower(times) - interval '15 hours' AND to_time >= lower(times) - interval '2 hours')
$$;
CREATE TRIGGER visits_begun AFTER INSERT ON visits REFERENCING NEW TABLE AS new_visits
  FOR EACH STATEMENT EXECUTE FUNCTION visits_changed();
CREATE TRIGGER visits_changed AFTER UPDATE ON visits REFERENCING OLD TABLE AS old_visits NEW TABLE AS new_visits
  FOR EACH STATEMENT EXECUTE FUNCTION visits_changed();

REVOKE ALL ON FUNCTION note_lawful_change(bigint, timestamptz, timestamptz), legal_basis_changed(),
  trail_condition_changed(), monitoring_ended(), visits_changed(), crimes_about(tstzrange) FROM public;

-- Who had no lawful time in a crime's padded windows when it was matched against everybody: counted as cannot say, and
-- without a result of their own. A bitmap: bit n of byte m is the person 8 m + n.
CREATE TABLE not_monitored (
  crime_version_id bigint PRIMARY KEY REFERENCES crime_versions,
  people bytea NOT NULL
);
ALTER TABLE matching_runs ADD COLUMN not_monitored integer NOT NULL DEFAULT 0; -- of those of cannot_say, who have no result
GRANT SELECT, INSERT, UPDATE ON not_monitored TO cordon_worker;

-- Of those who cannot be placed: how many have a gap for each reason. Who was not monitored has no result to count.
CREATE OR REPLACE FUNCTION cannot_say_reasons(wanted_version bigint) RETURNS TABLE (reason text, wearers bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT reason, sum(wearers)::bigint FROM (
    SELECT gap ->> 'reason' AS reason, count(DISTINCT result.person_id) AS wearers
    FROM crimes crime JOIN crime_versions version USING (crime_id) JOIN matching_results result USING (crime_version_id)
    CROSS JOIN LATERAL jsonb_array_elements(result.document -> 'gaps') gap
    WHERE version.crime_version_id = wanted_version AND crime.force = police_force()
      AND result.verdict = 'cannot_say' AND result.superseded_by IS NULL
    GROUP BY 1
    UNION ALL
    (SELECT 'not_monitored', run.not_monitored
     FROM crimes crime JOIN crime_versions version USING (crime_id) JOIN matching_runs run USING (crime_version_id)
     WHERE version.crime_version_id = wanted_version AND crime.force = police_force()
     ORDER BY run.run_id DESC LIMIT 1)) found
  WHERE wearers > 0 GROUP BY reason ORDER BY reason
$$;
