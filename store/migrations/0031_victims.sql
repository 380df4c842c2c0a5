-- Victims: a protected address lies in a schema of its own, which no role of the program may read. What holds about it is
-- done by the functions of 0034, which ask who calls and write the audit in the same transaction; never the address.

-- What others may see is an identifier and a reference that says nothing.
CREATE TABLE victims (
  victim_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  reference text NOT NULL UNIQUE DEFAULT 'V-' || upper(left(replace(gen_random_uuid()::text, '-', ''), 10)),
  liaison text NOT NULL REFERENCES staff, -- whose victim it is: a victim liaison officer
  created_at timestamptz NOT NULL DEFAULT service_clock(),
  ended_at timestamptz
);
CREATE INDEX victims_liaison ON victims (liaison) WHERE ended_at IS NULL;

CREATE SCHEMA cordon_protected;
REVOKE ALL ON SCHEMA cordon_protected FROM public;

CREATE TABLE cordon_protected.addresses (
  address_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  victim_id bigint NOT NULL REFERENCES victims,
  kind text NOT NULL CHECK (kind IN ('home', 'work', 'school', 'family', 'other')),
  address text CHECK (length(address) BETWEEN 1 AND 500),
  lat double precision CHECK (lat BETWEEN -90 AND 90),
  lon double precision CHECK (lon BETWEEN -180 AND 180),
  margin_m real NOT NULL CHECK (margin_m BETWEEN 150 AND 5000),
  seed bytea DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), -- of its zone's shape
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT service_clock(),
  ended_at timestamptz, -- erased then
  CHECK ((ended_at IS NULL) = (address IS NOT NULL)),
  CHECK ((ended_at IS NULL) = (lat IS NOT NULL) AND (lat IS NULL) = (lon IS NULL)),
  CHECK ((ended_at IS NULL) = (seed IS NOT NULL))
);
CREATE UNIQUE INDEX addresses_kind ON cordon_protected.addresses (victim_id, kind) WHERE ended_at IS NULL;

-- Shapes that were found to give an address away by nothing. A linked zone takes these and no other, so that the answer
-- to whoever draws it depends on the shape's being here, and never on where the address is.
CREATE TABLE cordon_protected.allowed_shapes (
  shape_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  address_id bigint NOT NULL REFERENCES cordon_protected.addresses,
  geometry jsonb NOT NULL, -- as zone_versions holds it
  is_proposed boolean NOT NULL, -- made for the address, or drawn by hand
  allowed_by text NOT NULL,
  allowed_at timestamptz NOT NULL DEFAULT service_clock()
);
CREATE INDEX allowed_shapes_address ON cordon_protected.allowed_shapes (address_id);

CREATE TABLE victim_zones (
  zone_id bigint NOT NULL REFERENCES zones,
  victim_id bigint NOT NULL REFERENCES victims,
  address_id bigint NOT NULL REFERENCES cordon_protected.addresses,
  linked_by text NOT NULL,
  linked_at timestamptz NOT NULL DEFAULT service_clock(),
  PRIMARY KEY (zone_id, victim_id)
);
CREATE INDEX victim_zones_victim ON victim_zones (victim_id);

-- Whether a victim's zone is watched: as it is shown, and as it was told last.
CREATE TABLE victim_zone_states (
  zone_id bigint NOT NULL,
  victim_id bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('watched', 'weakened', 'not_watched', 'not_in_force')),
  reasons jsonb NOT NULL, -- [{"code", "since"}]
  since timestamptz NOT NULL,
  told_state text NOT NULL,
  told_codes text[] NOT NULL,
  better_since timestamptz, -- it has looked better since then, and is not shown so yet
  PRIMARY KEY (zone_id, victim_id),
  FOREIGN KEY (zone_id, victim_id) REFERENCES victim_zones ON DELETE CASCADE
);
-- When the zones were looked at last: a state that nobody looks after is not known.
CREATE TABLE victim_zone_rounds (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  looked_at timestamptz
);
INSERT INTO victim_zone_rounds DEFAULT VALUES;

-- What a victim wants to be told, how and when; every choice is kept.
CREATE TABLE victim_choices (
  victim_id bigint NOT NULL REFERENCES victims,
  version integer NOT NULL CHECK (version >= 1),
  kinds text[] NOT NULL CHECK (kinds <@ ARRAY['breach', 'recall', 'monitoring_ended', 'retraction']),
  method text NOT NULL CHECK (method IN ('phone', 'letter', 'sms', 'email')),
  breach_when text NOT NULL CHECK (breach_when IN ('confirmed', 'reviewed')),
  hours_from time NOT NULL,
  hours_to time NOT NULL CHECK (hours_to <> hours_from),
  at_night boolean NOT NULL,
  chosen_at timestamptz NOT NULL DEFAULT service_clock(),
  recorded_by text NOT NULL,
  PRIMARY KEY (victim_id, version)
);

-- Something to tell a victim: a person does it, and says so.
CREATE TABLE victim_tasks (
  task_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  victim_id bigint NOT NULL REFERENCES victims,
  fact text NOT NULL, -- what it is of: 'breach:<alert>', 'recall:<alert>', 'monitoring_ended:<zone>'
  kind text NOT NULL CHECK (kind IN ('breach', 'recall', 'monitoring_ended', 'retraction')),
  status text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'told', 'not_told', 'withdrawn')),
  happened_at timestamptz NOT NULL,
  words text NOT NULL, -- proposed; whoever tells says it in their own
  method text NOT NULL,
  choice_version integer NOT NULL,
  not_before timestamptz NOT NULL,
  made_at timestamptz NOT NULL DEFAULT service_clock(),
  settled_at timestamptz,
  settled_by text, -- a subject; 'cordon' for what was withdrawn
  told_at timestamptz,
  told_how text,
  reason text, -- why it was not told, or was withdrawn
  taken_back_by bigint REFERENCES victim_tasks,
  CHECK ((status = 'waiting') = (settled_at IS NULL)),
  CHECK ((status = 'told') = (told_at IS NOT NULL))
);
CREATE UNIQUE INDEX one_task_waiting ON victim_tasks (victim_id, fact, (kind = 'retraction')) WHERE status = 'waiting';
CREATE INDEX victim_tasks_victim ON victim_tasks (victim_id, task_id);

-- Whose victim it is: asked by row security and by every function of 0034.
CREATE FUNCTION is_own_victim(wanted bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(current_setting('cordon.role', true) = 'victim_liaison', false) AND EXISTS (
    SELECT FROM victims
    WHERE victim_id = wanted AND liaison = nullif(current_setting('cordon.subject', true), '') AND ended_at IS NULL)
$$;

CREATE FUNCTION record_victim_act(act text, about jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  INSERT INTO audit_log (subject, role, action, outcome, purpose, request_id, detail)
  VALUES (current_setting('cordon.subject'), current_setting('cordon.role'), act, 'allowed',
          current_setting('cordon.purpose'), current_setting('cordon.request_id'), about)
$$;

DO $$
DECLARE
  guarded text;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['victims', 'victim_zones', 'victim_zone_states', 'victim_choices', 'victim_tasks'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('CREATE POLICY worker_all ON %I TO cordon_worker USING (true) WITH CHECK (true)', guarded);
  END LOOP;
  FOREACH guarded IN ARRAY ARRAY['victim_zones', 'victim_zone_states', 'victim_choices', 'victim_tasks'] LOOP
    EXECUTE format('CREATE POLICY own ON %I FOR SELECT TO cordon_api USING (is_own_victim(victim_id))', guarded);
  END LOOP;
END
$$;
ALTER TABLE victim_zone_rounds ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON victim_zone_rounds TO cordon_worker USING (true) WITH CHECK (true);
CREATE POLICY liaison ON victim_zone_rounds FOR SELECT TO cordon_api
  USING (current_setting('cordon.role', true) = 'victim_liaison');
CREATE POLICY own ON victims FOR SELECT TO cordon_api USING (
  current_setting('cordon.role', true) = 'victim_liaison' AND liaison = current_setting('cordon.subject', true));
CREATE POLICY added ON victims FOR INSERT TO cordon_api WITH CHECK (
  current_setting('cordon.role', true) = 'victim_liaison' AND liaison = current_setting('cordon.subject', true));
CREATE POLICY chosen ON victim_choices FOR INSERT TO cordon_api
  WITH CHECK (is_own_victim(victim_id) AND recorded_by = current_setting('cordon.subject', true));
CREATE POLICY settled ON victim_tasks FOR UPDATE TO cordon_api
  USING (is_own_victim(victim_id) AND status = 'waiting')
  WITH CHECK (is_own_victim(victim_id) AND settled_by = current_setting('cordon.subject', true));

GRANT SELECT ON victims, victim_zones, victim_zone_states, victim_zone_rounds, victim_choices, victim_tasks
  TO cordon_worker, cordon_api;
GRANT INSERT (liaison) ON victims TO cordon_api;
GRANT INSERT ON victim_choices TO cordon_api;
GRANT UPDATE (status, settled_at, settled_by, told_at, told_how, reason) ON victim_tasks TO cordon_api;
GRANT INSERT, UPDATE ON victim_zone_states, victim_tasks TO cordon_worker;
GRANT UPDATE ON victim_zone_rounds TO cordon_worker;

REVOKE ALL ON FUNCTION is_own_victim(bigint), record_victim_act(text, jsonb) FROM public;
GRANT EXECUTE ON FUNCTION is_own_victim(bigint) TO cordon_api;
