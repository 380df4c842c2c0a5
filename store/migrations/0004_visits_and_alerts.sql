-- What follows from positions: presence (only where a wearer is not clear), visits, alerts, and the log of their changes.
CREATE TABLE presence (
  activation_id bigint NOT NULL REFERENCES device_activations,
  zone_id bigint NOT NULL REFERENCES zones,
  visit_id uuid NOT NULL,
  zone_version integer NOT NULL,
  entered_at timestamptz NOT NULL,
  last_inside_at timestamptz NOT NULL,
  positions_inside integer NOT NULL,
  evidence jsonb NOT NULL,
  PRIMARY KEY (activation_id, zone_id)
);

CREATE TABLE visits (
  visit_id uuid PRIMARY KEY,
  activation_id bigint NOT NULL REFERENCES device_activations,
  person_id bigint NOT NULL REFERENCES people,
  zone_id bigint NOT NULL REFERENCES zones,
  zone_version integer NOT NULL, -- as it stood at the entry
  entered_at timestamptz NOT NULL,
  last_inside_at timestamptz NOT NULL,
  left_at timestamptz, -- the first position outside; NULL while the last one known is inside
  positions_inside integer NOT NULL,
  UNIQUE (activation_id, zone_id, entered_at)
);
CREATE INDEX visits_person ON visits (person_id, entered_at);

CREATE SEQUENCE alert_sequence;
CREATE TABLE alerts (
  alert_id uuid PRIMARY KEY,
  sequence bigint NOT NULL UNIQUE, -- order in which alerts were raised; what a cursor walks
  kind text NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'ended')),
  person_id bigint NOT NULL REFERENCES people,
  activation_id bigint NOT NULL REFERENCES device_activations,
  zone_id bigint NOT NULL REFERENCES zones,
  zone_version integer NOT NULL,
  visit_id uuid NOT NULL REFERENCES visits,
  began_at timestamptz NOT NULL, -- fix time of the position that raised it
  last_inside_at timestamptz NOT NULL,
  ended_at timestamptz,
  received_at timestamptz NOT NULL, -- receipt of the ping that raised it
  raised_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  evidence jsonb NOT NULL,
  UNIQUE (visit_id, kind)
);
CREATE INDEX alerts_open ON alerts (sequence) WHERE state = 'open';
CREATE INDEX alerts_person ON alerts (person_id, sequence);
CREATE INDEX alerts_zone ON alerts (zone_id, sequence);

-- Every change of every alert, in the order in which it became visible: what the stream and the outbox read.
CREATE SEQUENCE alert_event_sequence;
CREATE TABLE alert_events (
  event_id bigint PRIMARY KEY,
  alert_id uuid NOT NULL REFERENCES alerts,
  person_id bigint NOT NULL,
  change text NOT NULL CHECK (change IN ('raised', 'updated', 'ended')),
  happened_at timestamptz NOT NULL,
  payload jsonb NOT NULL
);
CREATE INDEX alert_events_alert ON alert_events (alert_id, event_id);

CREATE TABLE outbox (
  event_id bigint NOT NULL REFERENCES alert_events,
  channel text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT '-infinity',
  last_error text,
  delivered_at timestamptz,
  PRIMARY KEY (channel, event_id)
);
CREATE INDEX outbox_waiting ON outbox (channel, event_id) WHERE delivered_at IS NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON presence TO cordon_worker;
GRANT SELECT, INSERT, UPDATE ON visits, alerts, outbox TO cordon_worker;
GRANT SELECT, INSERT ON alert_events TO cordon_worker;
GRANT USAGE ON SEQUENCE alert_sequence, alert_event_sequence TO cordon_worker;
GRANT SELECT ON visits, alerts, alert_events TO cordon_api;
