-- A date of birth that was wrong: monitoring of somebody under 18 stops, and what was recorded of them is shut away.

-- What was recorded of somebody under 18 is shown to nobody by the API. Few people have such a time.
CREATE FUNCTION people_with_quarantine() RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(array_agg(DISTINCT person_id), '{}') FROM activation_records WHERE quarantined_at IS NOT NULL
$$;
CREATE FUNCTION is_quarantined(wanted bigint, worn bigint, moment timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM activation_records
    WHERE person_id = wanted AND quarantined_at IS NOT NULL AND (activation_id = worn OR during @> moment))
$$;
CREATE FUNCTION alert_is_quarantined(wanted uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(is_quarantined(person_id, activation_id, began_at), false) FROM alerts WHERE alert_id = wanted
$$;
-- What was told of a child's alert is not sent once more: asked by replay_webhook (0030).
CREATE FUNCTION may_go_out(whose bigint, wanted uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT whose IS NULL OR whose <> ALL (people_with_quarantine()) OR NOT alert_is_quarantined(wanted)
$$;
REVOKE ALL ON FUNCTION may_go_out(bigint, uuid) FROM public;
CREATE POLICY not_of_a_child ON visits AS RESTRICTIVE TO cordon_api USING (
  person_id <> ALL ((SELECT people_with_quarantine())::bigint[])
  OR NOT is_quarantined(person_id, activation_id, entered_at));
CREATE POLICY not_of_a_child ON alerts AS RESTRICTIVE TO cordon_api USING (
  person_id IS NULL OR person_id <> ALL ((SELECT people_with_quarantine())::bigint[])
  OR NOT is_quarantined(person_id, activation_id, began_at));
DO $$
DECLARE
  guarded text;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['alert_events', 'alert_cases'] LOOP
    EXECUTE format($policy$
      CREATE POLICY not_of_a_child ON %I AS RESTRICTIVE TO cordon_api USING (
        person_id IS NULL OR person_id <> ALL ((SELECT people_with_quarantine())::bigint[])
        OR NOT alert_is_quarantined(alert_id))$policy$, guarded);
  END LOOP;
END
$$;
CREATE POLICY not_of_a_child ON alert_actions AS RESTRICTIVE TO cordon_api USING (
  cardinality((SELECT people_with_quarantine())) = 0 OR NOT alert_is_quarantined(alert_id));

-- Matches of that time: left out of what police, officers and the matcher itself read.
ALTER TABLE matching_results RENAME TO matching_result_records;
ALTER TABLE matching_result_records ADD COLUMN quarantined_at timestamptz;
DROP INDEX matching_results_current;
CREATE UNIQUE INDEX matching_results_current ON matching_result_records (crime_version_id, person_id)
  WHERE superseded_by IS NULL AND quarantined_at IS NULL;
CREATE VIEW matching_results AS
  SELECT result_id, run_id, crime_version_id, person_id, verdict, document, weight, weighing_error, superseded_by
  FROM matching_result_records WHERE quarantined_at IS NULL;
REVOKE ALL ON matching_result_records FROM cordon_worker;
GRANT SELECT, INSERT, UPDATE (superseded_by, weight, weighing_error) ON matching_results TO cordon_worker;
ALTER TABLE scene_search_results RENAME TO scene_search_result_records;
ALTER TABLE scene_search_result_records ADD COLUMN quarantined_at timestamptz;
CREATE VIEW scene_search_results AS
  SELECT scene_search_id, number, label, person_id, verdict, document
  FROM scene_search_result_records WHERE quarantined_at IS NULL;
REVOKE ALL ON scene_search_result_records FROM cordon_worker;
GRANT INSERT ON scene_search_results TO cordon_worker;
CREATE FUNCTION result_is_quarantined(wanted bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT EXISTS (SELECT FROM matching_result_records WHERE result_id = wanted AND quarantined_at IS NOT NULL)
$$;
CREATE POLICY not_of_a_child ON evidence_requests AS RESTRICTIVE TO cordon_api
  USING (NOT result_is_quarantined(result_id));

-- As in 0019, but nobody takes a bundle away that shows a child, whoever has it already.
CREATE OR REPLACE FUNCTION take_evidence(wanted bigint) RETURNS bytea
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  asking_subject text := current_setting('cordon.subject', true);
  taken bytea;
  judged bigint;
BEGIN
  SELECT bundle.content, asked.result_id INTO taken, judged
  FROM evidence_bundles bundle JOIN evidence_requests asked USING (evidence_id) JOIN matching_results USING (result_id)
  WHERE evidence_id = wanted AND asked.force = police_force();
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  IF NOT match_is_confirmed(judged) AND NOT EXISTS (
    SELECT FROM evidence_receipts WHERE evidence_id = wanted AND recipient = asking_subject) THEN
    RAISE EXCEPTION 'the match is no longer confirmed, or later data replaced it'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  INSERT INTO evidence_receipts (evidence_id, recipient) VALUES (wanted, asking_subject) ON CONFLICT DO NOTHING;
  INSERT INTO audit_log (subject, role, action, outcome, purpose, request_id, person_id, detail)
  VALUES (asking_subject, current_setting('cordon.role'), 'evidence.export', 'allowed',
          current_setting('cordon.purpose'), current_setting('cordon.request_id'), evidence_person(wanted),
          jsonb_build_object('evidence_id', wanted));
  RETURN taken;
END
$$;

-- Alerts of a quarantined time are taken back, and whoever was told of one is told that. Nothing more of them goes out.
CREATE FUNCTION retract_quarantined(wanted bigint) RETURNS void
LANGUAGE plpgsql SET search_path = cordon, pg_temp AS $$
DECLARE
  hidden uuid[];
  retracted record;
  event bigint;
BEGIN
  hidden := ARRAY(SELECT alert_id FROM alerts
    WHERE person_id = wanted AND is_quarantined(person_id, activation_id, began_at));
  UPDATE notices SET cancelled_at = service_clock()
    WHERE alert_id = ANY (hidden) AND message_id IS NULL AND cancelled_at IS NULL;
  DELETE FROM outbox USING alert_events event
    WHERE event.event_id = outbox.event_id AND event.alert_id = ANY (hidden) AND delivered_at IS NULL;
  INSERT INTO alert_actions (alert_id, case_version, action, acted_by, acted_at, detail)
    SELECT alert_id, version + 1, 'retract', 'cordon', service_clock(), '{"cause": "date_of_birth"}'
    FROM alert_cases WHERE alert_id = ANY (hidden) AND status NOT IN ('closed', 'retracted');
  UPDATE alert_cases SET status = 'retracted', version = version + 1
    WHERE alert_id = ANY (hidden) AND status NOT IN ('closed', 'retracted');
  DELETE FROM presence USING activation_records worn
    WHERE worn.activation_id = presence.activation_id AND worn.person_id = wanted AND worn.quarantined_at IS NOT NULL;
  UPDATE visits SET state = 'retracted' WHERE person_id = wanted AND state <> 'retracted'
    AND is_quarantined(person_id, activation_id, entered_at);
  FOR retracted IN
    UPDATE alerts SET state = 'retracted', ended_at = coalesce(ended_at, service_clock()), updated_at = service_clock()
    WHERE alert_id = ANY (hidden) AND state <> 'retracted' RETURNING *
  LOOP
    INSERT INTO alert_events (event_id, alert_id, person_id, change, urgency, happened_at, payload)
      VALUES (nextval('alert_event_sequence'), retracted.alert_id, retracted.person_id, 'retracted', retracted.urgency,
        service_clock(), jsonb_build_object( -- as store/alert_writes.py writes it
          'alert_id', retracted.alert_id, 'change', 'retracted', 'kind', retracted.kind, 'severity', retracted.severity,
          'urgency', retracted.urgency, 'state', retracted.state, 'person_id', retracted.person_id,
          'zone_id', retracted.zone_id, 'zone_version', retracted.zone_version, 'began_at', retracted.began_at,
          'last_evidence_at', retracted.last_evidence_at, 'ended_at', retracted.ended_at))
      RETURNING event_id INTO event;
    INSERT INTO outbox (event_id, channel)
      SELECT DISTINCT event, channel FROM outbox told JOIN alert_events before USING (event_id)
      WHERE before.alert_id = retracted.alert_id
        AND channel NOT LIKE 'webhook:%'; -- webhooks choose for themselves what is queued for them
  END LOOP;
END
$$;

-- Matches of a quarantined time, and what routine was reckoned from it.
CREATE FUNCTION quarantine_matches(wanted bigint) RETURNS void
LANGUAGE plpgsql SET search_path = cordon, pg_temp AS $$
BEGIN
  UPDATE matching_result_records result SET quarantined_at = service_clock() FROM crime_versions version
    WHERE result.person_id = wanted AND result.quarantined_at IS NULL
      AND version.crime_version_id = result.crime_version_id AND touches_quarantine(wanted, from_time, to_time);
  UPDATE matching_result_records SET weight = NULL
    WHERE person_id = wanted AND quarantined_at IS NULL AND weight IS NOT NULL;
  UPDATE scene_search_result_records result SET quarantined_at = service_clock() FROM scene_searches search
    WHERE result.person_id = wanted AND result.quarantined_at IS NULL
      AND search.scene_search_id = result.scene_search_id AND touches_quarantine(wanted, from_time, to_time);
  UPDATE eliminations asked SET verdict = NULL, document = NULL FROM crime_versions version
    WHERE asked.person_id = wanted AND version.crime_version_id = asked.crime_version_id
      AND touches_quarantine(wanted, from_time, to_time);
  DELETE FROM routine_expectations WHERE person_id = wanted;
  UPDATE batch_routines SET days_compared = NULL, left_out = 0, error = NULL WHERE person_id = wanted;
END
$$;
CREATE FUNCTION touches_quarantine(wanted bigint, from_time timestamptz, to_time timestamptz) RETURNS boolean
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM activation_records WHERE person_id = wanted AND quarantined_at IS NOT NULL
      AND during && tstzrange(from_time - interval '2 hours', to_time + interval '2 hours', '[]'))
$$;

-- A date of birth that was wrong. Where it makes a wearer somebody who was under 18: every tag of theirs stops being
-- watched now, what was recorded before the 18th birthday is shut away, decisions are withdrawn, and the data-protection
-- officers are told. Under the exclusive locks of the
-- registry and of the events of alerts, which the caller holds; `next_revision` is theirs too.
-- The answer: devices and the moments from which they are judged anew; how many staff were told.
CREATE FUNCTION correct_date_of_birth(wanted bigint, born date, next_revision bigint)
RETURNS TABLE (device_ids integer[], moments timestamptz[], told integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  stopped_at timestamptz := service_clock();
  worn activation_records;
BEGIN
  IF NOT manages_people() THEN
    RAISE EXCEPTION 'this caller may not change people' USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM FROM people WHERE person_id = wanted FOR UPDATE;
  device_ids := '{}';
  moments := '{}';
  told := 0;
  IF EXISTS (SELECT FROM device_activations WHERE person_id = wanted AND lower(during) < adult_from(born)) THEN
    FOR worn IN
      SELECT * FROM activation_records WHERE person_id = wanted AND quarantined_at IS NULL
        AND (upper_inf(during) OR upper(during) > stopped_at OR lower(during) < adult_from(born)) ORDER BY activation_id
    LOOP
      PERFORM stop_and_quarantine(worn, adult_from(born), stopped_at, next_revision);
      device_ids := device_ids || worn.device_id;
      moments := moments || least(lower(worn.during), stopped_at);
    END LOOP;
    UPDATE eligibility_decisions SET withdrawn_at = stopped_at WHERE person_id = wanted AND withdrawn_at IS NULL;
    INSERT INTO notices (recipient, channel, template, detail, severity)
      SELECT subject, channel, 'date_of_birth', jsonb_build_object('person_id', wanted), 'warning'
      FROM staff CROSS JOIN LATERAL (VALUES ('email', email), ('sms', mobile)) AS way (channel, address)
      WHERE role = 'data_protection_officer' AND ended_at IS NULL AND address IS NOT NULL;
    told := (SELECT count(*) FROM staff WHERE role = 'data_protection_officer' AND ended_at IS NULL
             AND (email IS NOT NULL OR mobile IS NOT NULL));
    PERFORM retract_quarantined(wanted), quarantine_matches(wanted);
    PERFORM activations_changed(device_ids, moments);
  END IF;
  UPDATE people SET date_of_birth = born WHERE person_id = wanted;
  RETURN NEXT;
END
$$;

-- One activation: ended where it goes on, and what of it lies before `adult` shut away. The rest keeps its number.
CREATE FUNCTION stop_and_quarantine(
  worn activation_records, adult timestamptz, stopped_at timestamptz, next_revision bigint
) RETURNS void
LANGUAGE plpgsql SET search_path = cordon, pg_temp AS $$
DECLARE
  first timestamptz := lower(worn.during);
  until timestamptz := least(coalesce(upper(worn.during), 'infinity'), greatest(stopped_at, first));
BEGIN
  IF until = first THEN -- it would have begun later: nothing was recorded, and a range may not be empty
    UPDATE activation_records
      SET during = tstzrange(first, first + interval '1 us'), quarantined_at = stopped_at, revision = next_revision
      WHERE activation_id = worn.activation_id;
  ELSIF adult >= until THEN
    UPDATE activation_records
      SET during = tstzrange(first, until), quarantined_at = stopped_at, revision = next_revision
      WHERE activation_id = worn.activation_id;
  ELSE
    UPDATE activation_records SET during = tstzrange(greatest(first, adult), until), revision = next_revision
      WHERE activation_id = worn.activation_id;
    INSERT INTO activation_records (device_id, person_id, during, revision, quarantined_at)
      SELECT worn.device_id, worn.person_id, tstzrange(first, adult), next_revision, stopped_at WHERE adult > first;
  END IF;
END
$$;

REVOKE ALL ON FUNCTION people_with_quarantine(), is_quarantined(bigint, bigint, timestamptz), alert_is_quarantined(uuid),
  result_is_quarantined(bigint), retract_quarantined(bigint), quarantine_matches(bigint),
  touches_quarantine(bigint, timestamptz, timestamptz), correct_date_of_birth(bigint, date, bigint),
  stop_and_quarantine(activation_records, timestamptz, timestamptz, bigint) FROM public;
GRANT EXECUTE ON FUNCTION people_with_quarantine(), is_quarantined(bigint, bigint, timestamptz), alert_is_quarantined(uuid),
  result_is_quarantined(bigint), correct_date_of_birth(bigint, date, bigint) TO cordon_api;
