-- How much one analyst asks; what the monitoring officer sees of devices; figures for the programme analyst.

CREATE INDEX eliminations_asked ON eliminations (cordon.bare_subject(requested_by), requested_at);
CREATE INDEX scene_searches_asked ON scene_searches (cordon.bare_subject(requested_by), requested_at);
CREATE INDEX trail_requests_asked ON trail_requests (cordon.bare_subject(requested_by), requested_at);

-- What police asked: each question by itself is allowed, and many of them are a trail.
CREATE VIEW police_questions AS
  SELECT 'elimination' AS kind, requested_by, requested_at, crime_version_id, NULL::text AS force FROM eliminations
  UNION ALL SELECT 'scene_search', requested_by, requested_at, NULL, force FROM scene_searches
  UNION ALL SELECT 'trail_request', requested_by, requested_at, NULL, force FROM trail_requests;

-- No more than cordon.police_questions_max of one analyst in 24 hours, however the name is written; 100 where the program
-- does not say. The detail is the seconds after which one more is taken.
CREATE FUNCTION question_within_limit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  most integer := coalesce(nullif(current_setting('cordon.police_questions_max', true), '')::integer, 100);
  asker text := bare_subject(NEW.requested_by);
  earlier timestamptz;
BEGIN
  PERFORM pg_advisory_xact_lock(1129272929, hashtext(asker)); -- store/locks.py: one at a time counts and asks
  SELECT question.requested_at INTO earlier FROM police_questions question
    WHERE bare_subject(question.requested_by) = asker AND question.requested_at > service_clock() - interval '24 hours'
    ORDER BY question.requested_at DESC OFFSET most - 1 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'one analyst asks % questions in 24 hours at most', most
      USING ERRCODE = 'configuration_limit_exceeded',
        DETAIL = greatest(ceil(extract(epoch FROM earlier + interval '24 hours' - service_clock())), 1)::text;
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER within_limit BEFORE INSERT ON eliminations FOR EACH ROW EXECUTE FUNCTION question_within_limit();
CREATE TRIGGER within_limit BEFORE INSERT ON scene_searches FOR EACH ROW EXECUTE FUNCTION question_within_limit();
CREATE TRIGGER within_limit BEFORE INSERT ON trail_requests FOR EACH ROW EXECUTE FUNCTION question_within_limit();

-- For the auditor: who asked how much on each day (UTC), and how often they were stopped. Newest first.
CREATE FUNCTION police_question_counts(begins_at timestamptz, ends_at timestamptz) RETURNS TABLE (
  day date, force text, subject text, eliminations bigint, scene_searches bigint, trail_requests bigint, stopped bigint
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
#variable_conflict use_column
BEGIN
  IF current_setting('cordon.role', true) IS DISTINCT FROM 'auditor' THEN
    RAISE EXCEPTION 'only the auditor reads who asked how much' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN QUERY
    WITH asked AS (
      SELECT question.kind, question.requested_by AS subject, (question.requested_at AT TIME ZONE 'UTC')::date AS day,
             coalesce(question.force, crime.force) AS force
      FROM police_questions question LEFT JOIN crime_versions version USING (crime_version_id)
      LEFT JOIN crimes crime USING (crime_id)
      WHERE question.requested_at >= begins_at AND question.requested_at < ends_at
      UNION ALL
      SELECT 'stopped', record.subject, (record.happened_at AT TIME ZONE 'UTC')::date, record.detail ->> 'force'
      FROM audit_log record
      WHERE record.outcome = 'refused' AND record.detail ->> 'stopped_by' = 'police_questions_max'
        AND record.happened_at >= begins_at AND record.happened_at < ends_at)
    SELECT asked.day, asked.force, asked.subject, count(*) FILTER (WHERE asked.kind = 'elimination'),
           count(*) FILTER (WHERE asked.kind = 'scene_search'), count(*) FILTER (WHERE asked.kind = 'trail_request'),
           count(*) FILTER (WHERE asked.kind = 'stopped')
    FROM asked GROUP BY asked.day, asked.force, asked.subject ORDER BY asked.day DESC, count(*) DESC, asked.subject;
END
$$;

CREATE FUNCTION refuse_but_monitoring() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = cordon, pg_temp AS $$
BEGIN
  IF current_setting('cordon.role', true) IS DISTINCT FROM 'monitoring_officer' THEN
    RAISE EXCEPTION 'the health of devices is not for this role' USING ERRCODE = 'insufficient_privilege';
  END IF;
END
$$;

-- Devices in the order of their serials, for the monitoring officer: what they need to see that one is ill, and nobody's
-- name or place. Whether a tag is at its home beacon is a place.
CREATE FUNCTION devices_health(after_serial text, heard_before timestamptz, page_size integer) RETURNS TABLE (
  serial text, is_worn boolean, last_heard_at timestamptz, last_fix_at timestamptz, battery_pct real,
  battery_at timestamptz
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  PERFORM refuse_long_page(page_size), refuse_but_monitoring();
  RETURN QUERY
    SELECT device.serial, EXISTS (
             SELECT FROM device_activations activation
             WHERE activation.device_id = device.device_id AND activation.during @> (SELECT service_clock())),
           heard.last_received_at, heard.last_fix_at, heard.battery_pct, heard.battery_at
    FROM devices device LEFT JOIN device_heard heard USING (device_id)
    WHERE (after_serial IS NULL OR device.serial > after_serial)
      AND (heard_before IS NULL OR coalesce(heard.last_received_at, '-infinity') < heard_before)
    ORDER BY device.serial LIMIT page_size;
END
$$;
-- Of the queue: until when everything that was received is judged, on the partition that is furthest behind; NULL where
-- one has no proof yet, or there are none.
CREATE FUNCTION intake_health() RETURNS TABLE (
  checked_at timestamptz, partitions bigint, processed_through timestamptz, alive_through timestamptz,
  deaf_since timestamptz
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  PERFORM refuse_but_monitoring();
  RETURN QUERY
    SELECT service_clock(), queue.partitions, queue.through, state.alive_through, state.deaf_since
    FROM intake_state state CROSS JOIN (
      SELECT count(*) AS partitions,
             CASE WHEN bool_and(judged.processed_through IS NOT NULL) THEN min(judged.processed_through) END AS through
      FROM partition_offsets judged) queue;
END
$$;

-- As in 0032, and for the programme analyst too, whose figures the program rounds.
CREATE OR REPLACE FUNCTION read_measured_detection() RETURNS TABLE (
  kind text, preset text, raised_month date, alerts bigint, still_open bigint, retracted bigint, breach bigint,
  allowed bigint, false_alarm bigint, not_counted bigint, reopened bigint, contested bigint, overturned bigint
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  IF coalesce(current_setting('cordon.role', true), '')
      NOT IN ('manager', 'administrator', 'monitoring_officer', 'programme_analyst') THEN
    RAISE EXCEPTION 'the measured precision of detection is not for this role' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN QUERY SELECT * FROM measure_detection();
END
$$;

REVOKE ALL ON FUNCTION question_within_limit(), police_question_counts(timestamptz, timestamptz),
  devices_health(text, timestamptz, integer), refuse_but_monitoring(), intake_health() FROM public;
GRANT EXECUTE ON FUNCTION police_question_counts(timestamptz, timestamptz),
  devices_health(text, timestamptz, integer), intake_health() TO cordon_api;
