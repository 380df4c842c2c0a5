-- Casework: one clock, teams and staff, the life of an alert, what people are told, and the rules of all that.

-- The service's clock: whatever has a deadline asks it. One place, so that a rehearsal of days in a database of its own
-- can replace it there; the program's roles cannot.
CREATE FUNCTION service_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT clock_timestamp() $$;
REVOKE ALL ON FUNCTION service_clock() FROM public;
GRANT EXECUTE ON FUNCTION service_clock() TO cordon_worker, cordon_api;

CREATE TABLE teams (
  team_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 100),
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Whoever may be told of something, by the subject of their token.
CREATE TABLE staff (
  subject text PRIMARY KEY CHECK (length(subject) BETWEEN 1 AND 200),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  role text NOT NULL, -- model/staff.py
  team_id bigint REFERENCES teams,
  email text CHECK (length(email) BETWEEN 3 AND 254),
  mobile text CHECK (mobile ~ '^\+[1-9][0-9]{6,14}$'), -- E.164
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz -- left; is told nothing more
);
CREATE INDEX staff_team ON staff (team_id, role) WHERE ended_at IS NULL;

ALTER TABLE people ADD COLUMN team_id bigint REFERENCES teams;

-- The rules by which alerts are worked: outcomes, clocks, escalation, eligibility. Each change is a version.
CREATE TABLE casework_rules (
  version integer PRIMARY KEY CHECK (version >= 1),
  document text NOT NULL, -- TOML, as it was given and checked (alerts/casework_rules.py)
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT now()
);

-- What staff do about an alert. Its facts stay in alerts; one row each, made with the alert.
CREATE TABLE alert_cases (
  alert_id uuid PRIMARY KEY REFERENCES alerts,
  person_id bigint REFERENCES people,
  status text NOT NULL CHECK (
    status IN ('raised', 'acknowledged', 'under_review', 'contested', 'closed', 'retracted', 'reopened')),
  version integer NOT NULL DEFAULT 1, -- raised by every action, and by late data that says otherwise: the ETag
  raised_at timestamptz NOT NULL,
  assigned_to text,
  acknowledged_at timestamptz,
  acknowledged_by text,
  first_action_at timestamptz,
  first_action_by text,
  account_invited_at timestamptz, -- the wearer was asked for their side
  contested_at timestamptz,
  review_due_at timestamptz, -- of one contested: somebody else decides by then
  closed_at timestamptz,
  closed_by text,
  outcome text,
  outcome_is_breach boolean,
  CHECK ((status = 'closed') = (closed_at IS NOT NULL)),
  CHECK ((closed_at IS NULL) = (outcome IS NULL)),
  CHECK ((outcome IS NULL) = (outcome_is_breach IS NULL))
);
CREATE INDEX alert_cases_open ON alert_cases (raised_at) WHERE status NOT IN ('closed', 'retracted');
CREATE INDEX alert_cases_person ON alert_cases (person_id, raised_at);
CREATE INDEX alert_cases_assigned ON alert_cases (assigned_to) WHERE status NOT IN ('closed', 'retracted');

-- Who did what when; never changed.
CREATE TABLE alert_actions (
  alert_id uuid NOT NULL REFERENCES alert_cases,
  case_version integer NOT NULL, -- that the action led to
  action text NOT NULL,
  acted_by text NOT NULL, -- a subject; 'cordon' for what late data or the timetable did
  acted_at timestamptz NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (alert_id, case_version)
);

INSERT INTO alert_cases (alert_id, person_id, status, raised_at)
  SELECT alert_id, person_id, CASE state WHEN 'retracted' THEN 'retracted' ELSE 'raised' END, raised_at FROM alerts;

-- What one member of staff is to be told. Several may go in one message; none is lost in it.
CREATE TABLE notices (
  notice_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  recipient text NOT NULL REFERENCES staff,
  channel text NOT NULL CHECK (channel IN ('email', 'sms')),
  template text NOT NULL, -- model/notices.py
  detail jsonb NOT NULL DEFAULT '{}', -- what its words are made of: never a place, an offence or a wearer's name
  severity text NOT NULL CHECK (severity IN ('breach', 'warning', 'information')),
  alert_id uuid REFERENCES alerts,
  created_at timestamptz NOT NULL DEFAULT service_clock(),
  send_after timestamptz NOT NULL DEFAULT service_clock(),
  message_id bigint, -- in which it went, or is about to go
  cancelled_at timestamptz
);
CREATE INDEX notices_waiting ON notices (channel, recipient, send_after)
  WHERE message_id IS NULL AND cancelled_at IS NULL;
CREATE INDEX notices_alert ON notices (alert_id, notice_id);

-- One e-mail or text message.
CREATE TABLE messages (
  message_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  recipient text NOT NULL REFERENCES staff,
  channel text NOT NULL CHECK (channel IN ('email', 'sms')),
  created_at timestamptz NOT NULL DEFAULT service_clock(),
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT service_clock(),
  last_error text,
  accepted_at timestamptz, -- a provider has taken it
  provider_reference text,
  delivered_at timestamptz, -- the provider says that it arrived
  received_at timestamptz, -- the recipient has opened what it speaks of
  dead_at timestamptz -- given up; seen and sent again by hand
);
ALTER TABLE notices ADD FOREIGN KEY (message_id) REFERENCES messages;
CREATE INDEX messages_due ON messages (channel, next_attempt_at) WHERE accepted_at IS NULL AND dead_at IS NULL;

GRANT SELECT ON teams, staff, casework_rules TO cordon_worker, cordon_api;
GRANT SELECT, INSERT, UPDATE ON alert_cases, notices, messages TO cordon_worker;
GRANT SELECT, INSERT ON alert_actions TO cordon_worker;

ALTER TABLE alert_cases ENABLE ROW LEVEL SECURITY;
ALTER TABLE alert_actions ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON alert_cases TO cordon_worker USING (true) WITH CHECK (true);
CREATE POLICY worker_all ON alert_actions TO cordon_worker USING (true) WITH CHECK (true);

-- What came in, was worn or is judged anew: by the service's clock.
CREATE OR REPLACE FUNCTION append_pings(keys bytea[], payloads bytea[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  appended bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(1129272900, 1);
  INSERT INTO ping_queue (sequence, key, value, appended_at)
  SELECT nextval('ping_queue_sequence'), item.key, item.payload, service_clock()
  FROM unnest(keys, payloads) WITH ORDINALITY AS item (key, payload, place)
  ORDER BY item.place;
  GET DIAGNOSTICS appended = ROW_COUNT;
  RETURN appended;
END
$$;
CREATE OR REPLACE FUNCTION device_states(serials text[]) RETURNS TABLE (serial text, on_somebody boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT device.serial, EXISTS (
    SELECT FROM device_activations activation
    WHERE activation.device_id = device.device_id AND activation.during @> (SELECT service_clock()))
  FROM devices device WHERE device.serial = ANY (serials)
$$;
