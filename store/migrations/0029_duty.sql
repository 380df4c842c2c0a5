-- Who is told of an alert, and when: the rota, what was told at which step, and when each alert is looked at again.

-- Who holds which role when. Two shifts of one subject in one role do not overlap (store/rota.py sees to it under a
-- lock: the embedded server has no index that tells a text and a range at once).
CREATE TABLE rota_shifts (
  shift_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  role text NOT NULL CHECK (role IN ('duty_officer', 'manager')),
  subject text NOT NULL REFERENCES staff,
  during tstzrange NOT NULL,
  added_by text NOT NULL,
  added_at timestamptz NOT NULL DEFAULT service_clock(),
  cancelled_at timestamptz, -- before it began; one that has begun is cut short instead
  cancelled_by text,
  ending_told_at timestamptz, -- its holder was told that it ends soon
  handed_over_at timestamptz, -- after its end: nothing of it lies on its holder any more
  CONSTRAINT shift_has_both_ends CHECK (
    NOT isempty(during) AND lower(during) > '-infinity' AND upper(during) < 'infinity'
    AND lower_inc(during) AND NOT upper_inc(during)),
  CONSTRAINT shift_cancelled_by_somebody CHECK ((cancelled_at IS NULL) = (cancelled_by IS NULL))
);
CREATE INDEX rota_shifts_during ON rota_shifts USING gist (during) WHERE cancelled_at IS NULL;
CREATE INDEX rota_shifts_not_handed_over ON rota_shifts (upper(during))
  WHERE cancelled_at IS NULL AND handed_over_at IS NULL;

-- What the timetable did: one row a telling, and one where nobody could be told.
CREATE TABLE escalations (
  escalation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  alert_id uuid NOT NULL REFERENCES alert_cases,
  round integer NOT NULL CHECK (round >= 1), -- a new one when it was upgraded or reopened
  step integer NOT NULL CHECK (step >= 0), -- of the timetable; beyond its last one, that one again
  role text NOT NULL,
  recipient text REFERENCES staff,
  channel text CHECK (channel IN ('email', 'sms')),
  outcome text NOT NULL CHECK (outcome IN ('told', 'nobody', 'no_address')),
  decided_at timestamptz NOT NULL,
  notice_id bigint REFERENCES notices, -- several of one list share it
  CHECK ((outcome = 'told') = (notice_id IS NOT NULL)),
  CHECK ((outcome = 'told') = (channel IS NOT NULL)),
  CHECK (outcome <> 'told' OR recipient IS NOT NULL),
  UNIQUE NULLS NOT DISTINCT (alert_id, round, step, role, recipient, channel)
);

-- When the timetable looks at an alert next: at once whenever its case changes, whoever changes it.
CREATE TABLE escalation_looks (
  alert_id uuid PRIMARY KEY REFERENCES alert_cases,
  round integer NOT NULL DEFAULT 1,
  round_began_at timestamptz, -- null: when the alert was raised
  seen_version integer NOT NULL DEFAULT 0, -- of the case, when it was looked at last
  look_at timestamptz DEFAULT '-infinity' -- null: not until the case changes
) WITH (fillfactor = 70);
CREATE INDEX escalation_looks_due ON escalation_looks (look_at) WHERE look_at IS NOT NULL;

CREATE FUNCTION look_at_changed_case() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  INSERT INTO escalation_looks (alert_id) VALUES (NEW.alert_id)
    ON CONFLICT (alert_id) DO UPDATE SET look_at = '-infinity';
  RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION look_at_changed_case() FROM public;
CREATE TRIGGER look_at_changed_case AFTER INSERT OR UPDATE ON alert_cases
  FOR EACH ROW EXECUTE FUNCTION look_at_changed_case();

-- What was on somebody who has left is on nobody.
CREATE FUNCTION look_at_cases_of_leaver() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(1129272904); -- store/locks.py ALERT_EVENTS: a look that still saw them here is over
  UPDATE escalation_looks look SET look_at = '-infinity' FROM alert_cases c
    WHERE c.alert_id = look.alert_id AND c.assigned_to = NEW.subject AND c.status NOT IN ('closed', 'retracted');
  RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION look_at_cases_of_leaver() FROM public;
CREATE TRIGGER look_at_cases_of_leaver AFTER UPDATE OF ended_at ON staff
  FOR EACH ROW WHEN (NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL) EXECUTE FUNCTION look_at_cases_of_leaver();

-- What was raised long before anybody was told of anything stays on the lists, and nobody is woken for it.
INSERT INTO escalation_looks (alert_id, look_at)
  SELECT alert_id, CASE WHEN raised_at > service_clock() - interval '1 day' THEN '-infinity'::timestamptz END
  FROM alert_cases;

-- Clocks that ran out, each told once.
CREATE TABLE overdue_clocks (
  alert_id uuid NOT NULL REFERENCES alert_cases,
  clock text NOT NULL CHECK (clock IN ('acknowledge', 'first_action', 'outcome', 'review')),
  due_at timestamptz NOT NULL,
  told_at timestamptz NOT NULL,
  PRIMARY KEY (alert_id, clock, due_at)
);

GRANT SELECT, UPDATE ON rota_shifts TO cordon_worker;
GRANT SELECT, INSERT ON escalations, overdue_clocks TO cordon_worker;
GRANT SELECT, INSERT, UPDATE ON escalation_looks TO cordon_worker;

-- Whoever works alerts reads the rota; managers and administrators write it. What was told of an alert is seen by whoever
-- sees the alert.
CREATE FUNCTION writes_rota(asking_role text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(asking_role IN ('manager', 'administrator'), false) $$;
REVOKE ALL ON FUNCTION writes_rota(text) FROM public;
GRANT EXECUTE ON FUNCTION writes_rota(text) TO cordon_api;

ALTER TABLE rota_shifts ENABLE ROW LEVEL SECURITY;
ALTER TABLE escalations ENABLE ROW LEVEL SECURITY;
ALTER TABLE overdue_clocks ENABLE ROW LEVEL SECURITY;
ALTER TABLE escalation_looks ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON rota_shifts TO cordon_worker USING (true) WITH CHECK (true);
CREATE POLICY worker_all ON escalations TO cordon_worker USING (true) WITH CHECK (true);
CREATE POLICY worker_all ON overdue_clocks TO cordon_worker USING (true) WITH CHECK (true);
CREATE POLICY worker_all ON escalation_looks TO cordon_worker USING (true) WITH CHECK (true);
CREATE POLICY readers ON rota_shifts FOR SELECT TO cordon_api USING (
  (SELECT sees_zones(current_setting('cordon.role', true)) OR writes_rota(current_setting('cordon.role', true))));
CREATE POLICY added ON rota_shifts FOR INSERT TO cordon_api WITH CHECK (
  (SELECT writes_rota(current_setting('cordon.role', true)))
  AND added_by = current_setting('cordon.subject', true));
CREATE POLICY changed ON rota_shifts FOR UPDATE TO cordon_api
  USING ((SELECT writes_rota(current_setting('cordon.role', true))) AND cancelled_at IS NULL)
  WITH CHECK (cancelled_by IS NULL OR cancelled_by = current_setting('cordon.subject', true));
CREATE POLICY seen_with_alert ON escalations FOR SELECT TO cordon_api USING (
  EXISTS (SELECT FROM alerts WHERE alerts.alert_id = escalations.alert_id));
CREATE POLICY seen_with_alert ON overdue_clocks FOR SELECT TO cordon_api USING (
  EXISTS (SELECT FROM alerts WHERE alerts.alert_id = overdue_clocks.alert_id));

GRANT SELECT ON rota_shifts, escalations, overdue_clocks TO cordon_api;
GRANT SELECT (team_id) ON people TO cordon_api;
GRANT INSERT (role, subject, during, added_by) ON rota_shifts TO cordon_api;
GRANT UPDATE (during, cancelled_at, cancelled_by) ON rota_shifts TO cordon_api;

-- Who of the staff was told that issued evidence has changed. What was there before lies with its recipients.
CREATE TABLE evidence_tellings (
  notice_id bigint PRIMARY KEY REFERENCES evidence_notices,
  subject text REFERENCES staff, -- NULL: nobody whom it concerns is on the staff with an address
  decided_at timestamptz NOT NULL DEFAULT service_clock()
);
INSERT INTO evidence_tellings (notice_id) SELECT notice_id FROM evidence_notices;
GRANT SELECT, INSERT ON evidence_tellings TO cordon_worker;
