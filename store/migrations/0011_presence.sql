-- Presence with a policy: confirmation, leaving, schedules, authorisations; alerts that are amended and retracted.

-- A zone's hours, how sure the engine has to be, and whether the wearer knows of the zone.
ALTER TABLE zone_versions DROP CONSTRAINT zone_versions_kind_check;
ALTER TABLE zone_versions
  ADD COLUMN schedule jsonb, -- as geofence/schedule_documents.py writes it; NULL: every hour
  ADD COLUMN preset text NOT NULL DEFAULT 'steady',
  ADD COLUMN policy jsonb NOT NULL DEFAULT '{}', -- every value as it was published; what is missing is the preset's
  ADD COLUMN is_disclosed boolean NOT NULL DEFAULT false,
  ADD CONSTRAINT zone_versions_kind_check CHECK (kind IN ('exclusion', 'inclusion', 'curfew', 'crime_scene'));

-- An authorised entry or absence lifts a zone for one person and a time.
CREATE TABLE authorisations (
  authorisation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  person_id bigint NOT NULL REFERENCES people,
  zone_id bigint NOT NULL REFERENCES zones,
  during tstzrange NOT NULL CHECK (
    NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during) AND lower_inc(during) AND NOT upper_inc(during)
    AND lower(during) >= '1970-01-01Z' AND upper(during) <= '2200-01-01Z'),
  purpose text NOT NULL CHECK (length(purpose) BETWEEN 1 AND 500),
  granted_by text NOT NULL CHECK (length(granted_by) BETWEEN 1 AND 200),
  granted_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz, -- it holds until then, if it had begun
  revoked_by text,
  revision bigint NOT NULL
);
CREATE INDEX authorisations_person ON authorisations (person_id);
CREATE INDEX authorisations_zone ON authorisations (zone_id);
CREATE INDEX authorisations_revision ON authorisations (revision);

-- What a visit is now: its state, what was watched, and under which regime.
ALTER TABLE visits
  ADD COLUMN aspect text NOT NULL DEFAULT 'zone' CHECK (aspect IN ('zone', 'buffer')),
  ADD COLUMN regime text NOT NULL DEFAULT 'in_force' CHECK (regime IN ('in_force', 'authorised')),
  ADD COLUMN state text NOT NULL DEFAULT 'ended'
    CHECK (state IN ('possible', 'confirmed', 'ending', 'ended', 'lapsed', 'retracted')),
  ADD COLUMN inferred boolean NOT NULL DEFAULT false,
  ADD COLUMN confirmed_at timestamptz,
  ADD COLUMN closed_at timestamptz, -- the position that decided its end: a late one before it may undo the end
  ADD COLUMN end_reason text,
  ADD COLUMN evidence jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN merged_into uuid REFERENCES visits; -- of a retracted one: the visit that later data made it part of
UPDATE visits SET confirmed_at = entered_at, closed_at = left_at, end_reason = 'left' WHERE left_at IS NOT NULL;
UPDATE visits SET confirmed_at = entered_at, state = 'confirmed' WHERE left_at IS NULL;
ALTER TABLE visits DROP CONSTRAINT visits_activation_id_zone_id_entered_at_key;
CREATE INDEX visits_activation ON visits (activation_id, zone_id, entered_at);

-- Of visits under the plain dot the positions are looked up again; how deep they were only their alerts say.
CREATE FUNCTION pg_temp.microseconds(moment timestamptz) RETURNS bigint
LANGUAGE sql AS $$ SELECT (extract(epoch FROM moment) * 1000000)::bigint $$;
CREATE FUNCTION pg_temp.plain_dot_position(wanted integer, moment timestamptz, depth_m jsonb) RETURNS jsonb
LANGUAGE sql AS $$
  SELECT jsonb_build_object(
    'device_id', device_id, 'fix_time_us', pg_temp.microseconds(fix_time), 'fix_key', fix_key,
    'received_us', pg_temp.microseconds(received_at), 'lat', lat, 'lon', lon, 'accuracy_m', accuracy_m,
    'mechanism', mechanism, 'flags', flags, 'depth_m', coalesce(depth_m, '0'), 'p_inside', 1, 'verdict', 'for')
  FROM positions WHERE device_id = wanted AND fix_time = moment ORDER BY fix_key LIMIT 1
$$;
UPDATE visits SET evidence = jsonb_build_object('entry', known.entry, 'confirming', known.entry,
  'deepest', coalesce(known.deepest, known.entry), 'latest', coalesce(known.latest, known.entry),
  'trail', jsonb_build_array(known.entry))
FROM (
  SELECT visit.visit_id,
    pg_temp.plain_dot_position(device_id, entered_at, told.positions #> '{entry,depth_m}') AS entry,
    pg_temp.plain_dot_position(device_id, (told.positions #>> '{deepest,fix_time}')::timestamptz,
      told.positions #> '{deepest,depth_m}') AS deepest,
    pg_temp.plain_dot_position(device_id, visit.last_inside_at, told.positions #> '{latest,depth_m}') AS latest
  FROM visits visit JOIN device_activations USING (activation_id)
  LEFT JOIN LATERAL (
    SELECT alerts.evidence->'positions' AS positions FROM alerts WHERE alerts.visit_id = visit.visit_id LIMIT 1
  ) told ON true
) known
WHERE known.visit_id = visits.visit_id AND known.entry IS NOT NULL;

-- Only what is not clear: the open visit of (activation, zone, aspect), with everything that the next step needs.
DROP TABLE presence;
CREATE TABLE presence (
  activation_id bigint NOT NULL REFERENCES device_activations,
  zone_id bigint NOT NULL REFERENCES zones,
  aspect text NOT NULL,
  visit jsonb NOT NULL,
  PRIMARY KEY (activation_id, zone_id, aspect)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON presence TO cordon_worker;
-- Who is in a zone stays there: a visit begun anew would alert a second time.
INSERT INTO presence (activation_id, zone_id, aspect, visit)
  SELECT activation_id, zone_id, aspect, jsonb_build_object(
    'visit_id', visit_id, 'activation_id', activation_id, 'person_id', person_id, 'zone_id', zone_id,
    'zone_version', zone_version, 'zone_kind', kind, 'aspect', aspect, 'regime', regime, 'state', state,
    'inferred', inferred, 'entered_us', pg_temp.microseconds(entered_at),
    'confirmed_us', pg_temp.microseconds(confirmed_at), 'last_inside_us', pg_temp.microseconds(last_inside_at),
    'left_us', NULL, 'closed_us', NULL, 'end_reason', NULL, 'positions_inside', positions_inside,
    'tally', jsonb_build_object('for_count', positions_inside, 'for_since_us', pg_temp.microseconds(entered_at),
      'against_count', 0, 'against_since_us', NULL),
    'evidence', evidence)
  FROM visits JOIN zone_versions USING (zone_id)
  WHERE version = zone_version AND left_at IS NULL AND evidence <> '{}';

-- Alerts of devices have no zone, and our own have no person.
ALTER TABLE alerts DROP CONSTRAINT alerts_state_check;
ALTER TABLE alerts
  ADD CONSTRAINT alerts_state_check CHECK (state IN ('open', 'ended', 'retracted')),
  ALTER COLUMN person_id DROP NOT NULL,
  ALTER COLUMN activation_id DROP NOT NULL,
  ALTER COLUMN zone_id DROP NOT NULL,
  ALTER COLUMN zone_version DROP NOT NULL,
  ALTER COLUMN visit_id DROP NOT NULL,
  ADD COLUMN severity text NOT NULL DEFAULT 'breach' CHECK (severity IN ('breach', 'warning', 'information')),
  ADD COLUMN urgency text NOT NULL DEFAULT 'immediate' CHECK (urgency IN ('immediate', 'morning'));
ALTER TABLE alerts RENAME COLUMN last_inside_at TO last_evidence_at;
CREATE INDEX alerts_activation_open ON alerts (activation_id) WHERE state = 'open';

ALTER TABLE alert_events DROP CONSTRAINT alert_events_change_check;
ALTER TABLE alert_events
  ADD CONSTRAINT alert_events_change_check CHECK (
    change IN ('raised', 'updated', 'ended', 'amended', 'upgraded', 'retracted', 'reopened')),
  ALTER COLUMN person_id DROP NOT NULL,
  ADD COLUMN urgency text NOT NULL DEFAULT 'immediate' CHECK (urgency IN ('immediate', 'morning'));

-- Devices whose past has to be judged anew, by the worker that owns their partition.
CREATE TABLE reevaluations (
  device_id integer PRIMARY KEY REFERENCES devices,
  from_time timestamptz NOT NULL, -- the earliest fix time whose judgement may have changed,
  until_time timestamptz NOT NULL DEFAULT 'infinity', -- and the latest, save for what follows from it
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  partition integer, -- of the device's newest position; NULL: not looked up yet
  error text -- set aside: it could not be judged; NULL again when it is asked for anew or a worker takes the partition
);
CREATE INDEX reevaluations_waiting ON reevaluations (partition, requested_at) WHERE error IS NULL;
-- Visits that were open under the plain dot are judged anew.
INSERT INTO reevaluations (device_id, from_time)
  SELECT device_id, min(entered_at) FROM visits JOIN device_activations USING (activation_id)
  WHERE left_at IS NULL GROUP BY device_id;

-- A zone, an authorisation or an activation was changed for a time that was judged already: whom it concerns is judged
-- anew from then on. Of a shared zone that is everyone who wore a device since.
CREATE FUNCTION request_reevaluation(wanted_zone bigint, wanted_person bigint, since timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  INSERT INTO reevaluations (device_id, from_time)
  -- Told apart, and without an operator of ranges, so that a person's activations are found by that person's index: an
  -- import may ask for each of 20,000 zones.
  SELECT activation.device_id, since FROM device_activations activation
  WHERE activation.person_id = coalesce(wanted_person, (SELECT person_id FROM zones WHERE zone_id = wanted_zone))
    AND coalesce(upper(activation.during), 'infinity') > since AND since < clock_timestamp()
  UNION
  SELECT activation.device_id, since FROM device_activations activation
  WHERE wanted_person IS NULL AND (SELECT person_id IS NULL FROM zones WHERE zone_id = wanted_zone)
    AND coalesce(upper(activation.during), 'infinity') > since AND since < clock_timestamp()
  ON CONFLICT (device_id) DO UPDATE
    SET from_time = least(reevaluations.from_time, excluded.from_time), until_time = excluded.until_time, error = NULL
$$;
REVOKE ALL ON FUNCTION request_reevaluation(bigint, bigint, timestamptz) FROM public;
GRANT EXECUTE ON FUNCTION request_reevaluation(bigint, bigint, timestamptz) TO cordon_api;

GRANT SELECT, INSERT, UPDATE, DELETE ON reevaluations TO cordon_worker;
GRANT SELECT ON authorisations TO cordon_worker;
