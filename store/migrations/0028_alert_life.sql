-- The life of an alert: every alert is a case by itself, what is done about it stands in a log that nobody can change,
-- and each has the response plan that held when it was raised.

-- What to do about an alert. The newest version of the alert's zone holds; where it has none, that of the alert's kind.
CREATE TABLE response_plans (
  response_plan_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  zone_id bigint REFERENCES zones,
  alert_kind text, -- of a plan for all zones without their own
  version integer NOT NULL CHECK (version >= 1),
  steps jsonb NOT NULL CHECK (jsonb_typeof(steps) = 'array' AND jsonb_array_length(steps) BETWEEN 1 AND 30),
  emergency_when text NOT NULL CHECK (length(emergency_when) BETWEEN 1 AND 1000),
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT service_clock(),
  CHECK ((zone_id IS NULL) <> (alert_kind IS NULL)),
  UNIQUE (zone_id, version),
  UNIQUE (alert_kind, version)
);

INSERT INTO response_plans (alert_kind, version, steps, emergency_when, set_by)
SELECT kind, 1, steps::jsonb, emergency_when, 'cordon' FROM (VALUES
  (ARRAY['exclusion_zone_breach', 'inferred_crossing'],
   '[{"code": "look", "text": "Read the explanation: is the wearer in the zone now, and how sure is it?", "phone": null, "minutes": 2},
     {"code": "protect", "text": "Where the zone protects somebody: tell the victim liaison officer on duty.", "phone": null, "minutes": 5},
     {"code": "call_wearer", "text": "Ring the wearer: ask them to leave, and for their account.", "phone": null, "minutes": 10},
     {"code": "police", "text": "No answer, or they stay: ring the police and give the reference of the alert.", "phone": "101", "minutes": 15}]',
   'At once where somebody may come to harm: the wearer is at or near the person whom the zone protects, or was threatening.'),
  (ARRAY['inclusion_zone_absence', 'curfew_absence'],
   '[{"code": "look", "text": "Read the explanation: where was the tag last heard, and is it silent?", "phone": null, "minutes": 5},
     {"code": "call_wearer", "text": "Ring the wearer, then the address: ask for their account.", "phone": null, "minutes": 15},
     {"code": "record", "text": "Write down what was said, and when they are to be back.", "phone": null, "minutes": 30}]',
   'Where anybody fears for the life of the wearer or of somebody else.'),
  (ARRAY['approach_warning'],
   '[{"code": "look", "text": "Read the explanation: is the wearer coming nearer?", "phone": null, "minutes": 5},
     {"code": "call_wearer", "text": "Ring the wearer and remind them of the zone.", "phone": null, "minutes": 10}]',
   'Where the wearer goes on towards somebody whom the zone protects and cannot be reached.'),
  (ARRAY['strap_tamper', 'power_off'],
   '[{"code": "look", "text": "Where was the tag last, and which zones are near?", "phone": null, "minutes": 5},
     {"code": "call_wearer", "text": "Ring the wearer: ask them to check the strap and to charge the tag.", "phone": null, "minutes": 15},
     {"code": "visit", "text": "Ask the supplier for a visit to check or change the tag.", "phone": null, "minutes": 60}]',
   'Where the wearer may have taken the tag off to reach somebody who is at risk.'),
  (ARRAY['battery_low', 'battery_critical', 'no_communication', 'no_fix'],
   '[{"code": "call_wearer", "text": "Ring the wearer: ask them to charge the tag and to go where it can be heard.", "phone": null, "minutes": 30},
     {"code": "visit", "text": "Still so after two hours: ask the supplier for a visit.", "phone": null, "minutes": 120}]',
   'Not for a device by itself; where anybody fears for somebody''s life, at once.'),
  (ARRAY['authorised_entry', 'authorised_absence', 'authority_area_entry', 'left_home_area'],
   '[{"code": "look", "text": "Read it; nothing more has to be done unless it surprises you.", "phone": null, "minutes": 60}]',
   'Where anybody fears for somebody''s life.'),
  (ARRAY['intake_deaf'],
   '[{"code": "operator", "text": "Ring the operator of the service: no wearer can be heard.", "phone": null, "minutes": 5},
     {"code": "list", "text": "Go through the victim zones: until it is over, none of them is watched.", "phone": null, "minutes": 15}]',
   'Where somebody who is protected by a zone reports danger: no alert will come.')
) AS given (kinds, steps, emergency_when), unnest(kinds) AS kind;

CREATE FUNCTION response_plan_for(wanted_zone bigint, wanted_kind text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT response_plan_id FROM response_plans
  WHERE zone_id = wanted_zone OR alert_kind = wanted_kind
  ORDER BY zone_id IS NULL, version DESC LIMIT 1
$$;

ALTER TABLE alert_cases
  ADD COLUMN clocks_from timestamptz, -- raised, or reopened: the three clocks begin anew
  ADD COLUMN response_plan_id bigint REFERENCES response_plans, -- as it stood when the alert was raised
  ADD COLUMN outcome_rules_version integer, -- under which the outcome was chosen; 0: the program's own
  ADD COLUMN breach_decided boolean NOT NULL DEFAULT false, -- by the last outcome, also once it was taken up again
  ADD CHECK ((outcome IS NULL) = (outcome_rules_version IS NULL));
UPDATE alert_cases SET clocks_from = alert_cases.raised_at, response_plan_id = plan.response_plan_id
  FROM alerts LEFT JOIN response_plans plan ON plan.alert_kind = alerts.kind -- no zone has one of its own yet
  WHERE alerts.alert_id = alert_cases.alert_id;
ALTER TABLE alert_cases ALTER COLUMN clocks_from SET NOT NULL;
CREATE INDEX alert_cases_review ON alert_cases (review_due_at) WHERE review_due_at IS NOT NULL;

-- Whatever writes an alert: it is a case, and so on a list, in the same statement.
CREATE FUNCTION open_cases() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO alert_cases (alert_id, person_id, status, raised_at, clocks_from, response_plan_id)
    SELECT alert_id, person_id, CASE state WHEN 'retracted' THEN 'retracted' ELSE 'raised' END, raised_at, raised_at,
           response_plan_for(zone_id, kind)
    FROM raised;
  RETURN NULL;
END
$$;
CREATE TRIGGER open_cases AFTER INSERT ON alerts REFERENCING NEW TABLE AS raised
  FOR EACH STATEMENT EXECUTE FUNCTION open_cases();
-- What workers of the release before raised since 0024; from here on the trigger's lock keeps them waiting.
INSERT INTO alert_cases (alert_id, person_id, status, raised_at, clocks_from, response_plan_id)
  SELECT alert_id, person_id, CASE state WHEN 'retracted' THEN 'retracted' ELSE 'raised' END, raised_at, raised_at,
         response_plan_for(zone_id, kind)
  FROM alerts WHERE NOT EXISTS (SELECT FROM alert_cases WHERE alert_cases.alert_id = alerts.alert_id);

-- A case changes by actions alone: one version an action, and at the commit the action is there,
-- of whoever the case names.
CREATE FUNCTION case_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.version <> OLD.version + 1 OR NEW.alert_id <> OLD.alert_id
     OR NEW.person_id IS DISTINCT FROM OLD.person_id OR NEW.raised_at <> OLD.raised_at THEN
    RAISE EXCEPTION 'a case goes on by one version an action' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER goes_on BEFORE UPDATE ON alert_cases FOR EACH ROW EXECUTE FUNCTION case_goes_on();
CREATE FUNCTION case_has_action() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM alert_actions WHERE alert_id = NEW.alert_id AND case_version = NEW.version
      AND (NEW.closed_at IS NULL OR OLD.closed_at IS NOT NULL OR action = 'close')
      AND (NEW.closed_by IS NULL OR NEW.closed_by IN (OLD.closed_by, acted_by))
      AND (NEW.acknowledged_by IS NULL OR NEW.acknowledged_by IN (OLD.acknowledged_by, acted_by))
      AND (NEW.first_action_by IS NULL OR NEW.first_action_by IN (OLD.first_action_by, acted_by))) THEN
    RAISE EXCEPTION 'a case was changed and nobody says how, or somebody else is named'
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER has_action AFTER UPDATE ON alert_cases DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION case_has_action();

CREATE FUNCTION alert_actions_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what was done about an alert is never changed' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON alert_actions
  FOR EACH STATEMENT EXECUTE FUNCTION alert_actions_stay();

-- What staff do is told to whoever was told of the alert, without their words. What late data does is told as such.
ALTER TABLE alert_events DROP CONSTRAINT alert_events_change_check;
ALTER TABLE alert_events ADD CONSTRAINT alert_events_change_check CHECK (
  change IN ('raised', 'updated', 'ended', 'amended', 'upgraded', 'retracted', 'reopened', 'worked'));
CREATE FUNCTION tell_worked() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(1129272904); -- store/locks.py ALERT_EVENTS
  WITH told AS (
    INSERT INTO alert_events (event_id, alert_id, person_id, change, urgency, happened_at, payload)
    SELECT nextval('alert_event_sequence'), alert.alert_id, alert.person_id, 'worked', alert.urgency, added.acted_at,
      jsonb_build_object(
        'alert_id', alert.alert_id, 'change', 'worked', 'kind', alert.kind, 'severity', alert.severity,
        'urgency', alert.urgency, 'state', alert.state, 'person_id', alert.person_id, 'zone_id', alert.zone_id,
        'zone_version', alert.zone_version, 'began_at', alert.began_at, 'last_evidence_at', alert.last_evidence_at,
        'ended_at', alert.ended_at, 'action', added.action, 'acted_by', added.acted_by, 'status', alert_case.status,
        'case_version', added.case_version, 'assigned_to', alert_case.assigned_to, 'outcome', alert_case.outcome)
    FROM added JOIN alerts alert USING (alert_id) JOIN alert_cases alert_case USING (alert_id)
    WHERE added.action NOT IN ('amend', 'upgrade', 'downgrade', 'retract', 'revive')
    RETURNING event_id, alert_id
  )
  INSERT INTO outbox (event_id, channel)
  SELECT DISTINCT told.event_id, earlier.channel
  FROM told JOIN alert_events event USING (alert_id) JOIN outbox earlier ON earlier.event_id = event.event_id
  WHERE earlier.channel NOT LIKE 'webhook:%'; -- webhooks choose for themselves what is queued for them
  RETURN NULL;
END
$$;
CREATE TRIGGER tell_worked AFTER INSERT ON alert_actions REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION tell_worked();

-- Who works an alert: for their own caseload, in their own name.
CREATE FUNCTION works_alerts(asking_role text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(asking_role IN ('practitioner', 'duty_officer', 'manager'), false)
$$;
CREATE POLICY caseload ON alert_cases FOR SELECT TO cordon_api USING (
  (SELECT sees_everyone(current_setting('cordon.role', true)))
  OR person_id = ANY ((
    SELECT caseload(current_setting('cordon.subject', true), current_setting('cordon.role', true)))::bigint[]));
CREATE POLICY worked ON alert_cases FOR UPDATE TO cordon_api
  USING ((SELECT works_alerts(current_setting('cordon.role', true))) AND may_see_person(person_id))
  WITH CHECK ((SELECT works_alerts(current_setting('cordon.role', true))) AND may_see_person(person_id));
CREATE POLICY caseload ON alert_actions FOR SELECT TO cordon_api USING (
  EXISTS (SELECT FROM alert_cases WHERE alert_cases.alert_id = alert_actions.alert_id));
CREATE POLICY own_name ON alert_actions FOR INSERT TO cordon_api WITH CHECK (
  (SELECT works_alerts(current_setting('cordon.role', true)))
  AND acted_by = current_setting('cordon.subject', true) AND acted_by <> 'cordon'
  AND action NOT IN ('amend', 'upgrade', 'downgrade', 'retract', 'revive', 'escalate')
  AND EXISTS (
    SELECT FROM alert_cases WHERE alert_cases.alert_id = alert_actions.alert_id
      AND alert_cases.version = alert_actions.case_version));

-- Plans are seen with their zones; a person's are set by who supervises the person, all others by who sees everyone.
ALTER TABLE response_plans ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON response_plans TO cordon_worker USING (true);
CREATE POLICY visible ON response_plans FOR SELECT TO cordon_api USING (
  zone_id IS NULL OR EXISTS (SELECT FROM zones WHERE zones.zone_id = response_plans.zone_id));
CREATE POLICY set_by_supervision ON response_plans FOR INSERT TO cordon_api WITH CHECK (
  (SELECT works_alerts(current_setting('cordon.role', true)))
  AND set_by = current_setting('cordon.subject', true)
  AND EXISTS (
    SELECT FROM zones WHERE zones.zone_id = response_plans.zone_id
      AND (zones.person_id IS NOT NULL OR (SELECT sees_everyone(current_setting('cordon.role', true))))));

REVOKE ALL ON FUNCTION works_alerts(text), response_plan_for(bigint, text), open_cases(), case_goes_on(),
  case_has_action(), alert_actions_stay(), tell_worked() FROM public;
GRANT EXECUTE ON FUNCTION works_alerts(text) TO cordon_api;
GRANT EXECUTE ON FUNCTION response_plan_for(bigint, text) TO cordon_worker;
GRANT SELECT ON alert_cases, alert_actions, response_plans TO cordon_api;
GRANT SELECT ON response_plans TO cordon_worker;
GRANT INSERT ON alert_actions TO cordon_api;
GRANT INSERT (zone_id, version, steps, emergency_when, set_by) ON response_plans TO cordon_api;
GRANT UPDATE (status, version, clocks_from, assigned_to, acknowledged_at, acknowledged_by, first_action_at,
  first_action_by, account_invited_at, contested_at, review_due_at, closed_at, closed_by, outcome, outcome_is_breach,
  outcome_rules_version, breach_decided) ON alert_cases TO cordon_api;
