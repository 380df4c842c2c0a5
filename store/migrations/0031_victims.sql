-- Victims: a protected address lies in a schema of its own, which no role of the program may read. What holds about it is
-- done by functions that ask who calls, and write the audit in the same transaction; never the address itself.

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
  seed bytea NOT NULL DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), -- of its zone's shape
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT service_clock(),
  ended_at timestamptz, -- erased then
  CHECK ((ended_at IS NULL) = (address IS NOT NULL)),
  CHECK ((ended_at IS NULL) = (lat IS NOT NULL) AND (lat IS NULL) = (lon IS NULL))
);
CREATE UNIQUE INDEX addresses_kind ON cordon_protected.addresses (victim_id, kind) WHERE ended_at IS NULL;
CREATE INDEX addresses_lat ON cordon_protected.addresses (lat) WHERE ended_at IS NULL;

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

-- Whose victim it is: asked by row security and by every function below.
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

-- NULL for a victim who is not theirs: an error would put the statement, and the address in it, into the server's log.
CREATE FUNCTION set_protected_address(
  wanted bigint, new_kind text, new_address text, new_lat double precision, new_lon double precision, new_margin_m real
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  made bigint;
BEGIN
  IF NOT is_own_victim(wanted) THEN
    RETURN NULL;
  END IF;
  UPDATE cordon_protected.addresses SET ended_at = service_clock(), address = NULL, lat = NULL, lon = NULL
  WHERE victim_id = wanted AND kind = new_kind AND ended_at IS NULL;
  INSERT INTO cordon_protected.addresses (victim_id, kind, address, lat, lon, margin_m, set_by)
  VALUES (wanted, new_kind, new_address, new_lat, new_lon, new_margin_m, current_setting('cordon.subject'))
  RETURNING address_id INTO made;
  PERFORM record_victim_act('victim_address.set', jsonb_build_object('victim_id', wanted, 'address_id', made));
  RETURN made;
END
$$;

CREATE FUNCTION end_protected_address(wanted bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  whose bigint;
BEGIN
  UPDATE cordon_protected.addresses SET ended_at = service_clock(), address = NULL, lat = NULL, lon = NULL
  WHERE address_id = wanted AND ended_at IS NULL AND is_own_victim(victim_id) RETURNING victim_id INTO whose;
  IF whose IS NULL THEN
    RETURN false;
  END IF;
  PERFORM record_victim_act('victim_address.end', jsonb_build_object('victim_id', whose, 'address_id', wanted));
  RETURN true;
END
$$;

CREATE FUNCTION read_protected_addresses(wanted bigint) RETURNS TABLE (
  address_id bigint, kind text, address text, lat double precision, lon double precision, margin_m real, set_by text,
  set_at timestamptz
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  IF NOT is_own_victim(wanted) THEN
    RETURN;
  END IF;
  PERFORM record_victim_act('victim_address.read', jsonb_build_object('victim_id', wanted));
  RETURN QUERY
    SELECT held.address_id, held.kind, held.address, held.lat, held.lon, held.margin_m, held.set_by, held.set_at
    FROM cordon_protected.addresses held WHERE held.victim_id = wanted AND held.ended_at IS NULL ORDER BY held.address_id;
END
$$;

-- What the check of a shape needs: the place itself, which does not leave the service.
CREATE FUNCTION use_protected_place(wanted_victim bigint, wanted bigint) RETURNS TABLE (
  lat double precision, lon double precision, margin_m real, seed bytea
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  IF NOT is_own_victim(wanted_victim) THEN
    RETURN;
  END IF;
  PERFORM record_victim_act(
    'victim_address.check', jsonb_build_object('victim_id', wanted_victim, 'address_id', wanted));
  RETURN QUERY SELECT held.lat, held.lon, held.margin_m, held.seed FROM cordon_protected.addresses held
    WHERE held.victim_id = wanted_victim AND held.address_id = wanted AND held.ended_at IS NULL;
END
$$;

-- Shapes that are known already about the place, its own first: whoever draws another there tells more by the two than
-- by one. Those of other victims too, for a household may have two liaison officers.
CREATE FUNCTION shapes_about(wanted_victim bigint, wanted bigint, reach_m double precision) RETURNS TABLE (
  geometry jsonb, is_own boolean, is_proposed boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT shape.geometry, near.address_id = wanted, shape.is_proposed
  FROM cordon_protected.addresses place
  JOIN cordon_protected.addresses near ON near.address_id = wanted OR (
    near.lat BETWEEN place.lat - reach_m / 110000 AND place.lat + reach_m / 110000
    AND abs(near.lon - place.lon) * cos(radians(place.lat)) <= reach_m / 110000)
  JOIN cordon_protected.allowed_shapes shape ON shape.address_id = near.address_id
  WHERE place.address_id = wanted AND place.victim_id = wanted_victim AND place.ended_at IS NULL
    AND is_own_victim(wanted_victim)
  ORDER BY near.address_id <> wanted, shape.shape_id
$$;

CREATE FUNCTION allow_shape(wanted_victim bigint, wanted bigint, shape jsonb, made_for_it boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  IF NOT is_own_victim(wanted_victim) OR NOT EXISTS (
    SELECT FROM cordon_protected.addresses
    WHERE address_id = wanted AND victim_id = wanted_victim AND ended_at IS NULL
  ) THEN
    RETURN false;
  END IF;
  IF NOT EXISTS (
    SELECT FROM cordon_protected.allowed_shapes WHERE address_id = wanted AND geometry = shape
  ) THEN
    INSERT INTO cordon_protected.allowed_shapes (address_id, geometry, is_proposed, allowed_by)
    VALUES (wanted, shape, made_for_it, current_setting('cordon.subject'));
    PERFORM record_victim_act(
      'victim_shape.allow', jsonb_build_object('victim_id', wanted_victim, 'address_id', wanted));
  END IF;
  RETURN true;
END
$$;

-- The zone that a liaison officer means, with every shape that it ever had: all of them were to be seen.
CREATE FUNCTION zone_to_link(wanted text) RETURNS TABLE (
  zone_id bigint, person_id bigint, kind text, geometries jsonb
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT zone.zone_id, zone.person_id, (array_agg(version.kind ORDER BY version.version DESC))[1],
         jsonb_agg(DISTINCT version.geometry)
  FROM zones zone JOIN zone_versions version USING (zone_id)
  WHERE zone.reference = wanted AND current_setting('cordon.role', true) = 'victim_liaison'
  GROUP BY zone.zone_id, zone.person_id
$$;

-- false where a shape of the zone is not allowed for the address: one may have been published meanwhile.
CREATE FUNCTION link_victim_zone(wanted_victim bigint, wanted bigint, linked bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  IF NOT is_own_victim(wanted_victim) OR EXISTS (
    SELECT FROM zone_versions version WHERE version.zone_id = linked AND NOT EXISTS (
      SELECT FROM cordon_protected.allowed_shapes shape
      JOIN cordon_protected.addresses held USING (address_id)
      WHERE shape.address_id = wanted AND held.victim_id = wanted_victim AND held.ended_at IS NULL
        AND shape.geometry = version.geometry)
  ) THEN
    RETURN false;
  END IF;
  INSERT INTO victim_zones (zone_id, victim_id, address_id, linked_by)
  VALUES (linked, wanted_victim, wanted, current_setting('cordon.subject'))
  ON CONFLICT (zone_id, victim_id) DO UPDATE SET address_id = excluded.address_id;
  PERFORM record_victim_act('victim_zone.link', jsonb_build_object('victim_id', wanted_victim, 'zone_id', linked));
  RETURN true;
END
$$;

CREATE FUNCTION unlink_victim_zone(wanted_victim bigint, reference_of_zone text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  unlinked bigint;
BEGIN
  DELETE FROM victim_zones link USING zones zone
  WHERE link.zone_id = zone.zone_id AND zone.reference = reference_of_zone AND link.victim_id = wanted_victim
    AND is_own_victim(wanted_victim) RETURNING link.zone_id INTO unlinked;
  IF unlinked IS NULL THEN
    RETURN false;
  END IF;
  PERFORM record_victim_act('victim_zone.unlink', jsonb_build_object('victim_id', wanted_victim, 'zone_id', unlinked));
  RETURN true;
END
$$;

-- Which of (zone, shape) a liaison officer has not allowed yet. The answer compares shapes, and knows no address.
CREATE FUNCTION shapes_not_allowed(zone_ids bigint[], shapes jsonb) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT DISTINCT link.zone_id
  FROM unnest(zone_ids) WITH ORDINALITY AS given (zone_id, place)
  JOIN victim_zones link ON link.zone_id = given.zone_id
  WHERE NOT EXISTS (
    SELECT FROM cordon_protected.allowed_shapes allowed
    WHERE allowed.address_id = link.address_id AND allowed.geometry = shapes -> (given.place::integer - 1))
$$;

-- The net under it: by whatever way a version comes, the owner's too.
CREATE FUNCTION refuse_shape_not_allowed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM shapes_not_allowed(ARRAY[new.zone_id], jsonb_build_array(new.geometry))) THEN
    RAISE EXCEPTION 'zone % takes no new shape before the victim liaison officer has allowed it', new.zone_id
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN new;
END
$$;
CREATE TRIGGER victim_shape BEFORE INSERT OR UPDATE OF geometry ON zone_versions
  FOR EACH ROW EXECUTE FUNCTION refuse_shape_not_allowed();

-- The reference of a zone of theirs; liaison officers do not see zones.
CREATE FUNCTION victim_zone_references(wanted bigint) RETURNS TABLE (zone_id bigint, reference text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT zone.zone_id, zone.reference FROM victim_zones link JOIN zones zone USING (zone_id)
  WHERE link.victim_id = wanted AND is_own_victim(wanted)
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

DO $$
DECLARE
  shut text;
BEGIN
  FOREACH shut IN ARRAY ARRAY[
    'is_own_victim(bigint)', 'record_victim_act(text, jsonb)', 'refuse_shape_not_allowed()',
    'set_protected_address(bigint, text, text, double precision, double precision, real)',
    'end_protected_address(bigint)', 'read_protected_addresses(bigint)', 'use_protected_place(bigint, bigint)',
    'shapes_about(bigint, bigint, double precision)', 'allow_shape(bigint, bigint, jsonb, boolean)',
    'zone_to_link(text)', 'link_victim_zone(bigint, bigint, bigint)', 'unlink_victim_zone(bigint, text)',
    'shapes_not_allowed(bigint[], jsonb)', 'victim_zone_references(bigint)'
  ] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM public', shut);
    CONTINUE WHEN shut IN ('record_victim_act(text, jsonb)', 'refuse_shape_not_allowed()');
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO cordon_api', shut);
  END LOOP;
END
$$;

-- What the duty round asks of whether an address is still there: yes or no, and when.
CREATE FUNCTION victim_addresses_ended() RETURNS TABLE (zone_id bigint, victim_id bigint, ended_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT link.zone_id, link.victim_id, held.ended_at
  FROM victim_zones link JOIN cordon_protected.addresses held USING (address_id) WHERE held.ended_at IS NOT NULL
$$;
REVOKE ALL ON FUNCTION victim_addresses_ended() FROM public;
GRANT EXECUTE ON FUNCTION victim_addresses_ended() TO cordon_worker, cordon_api;
