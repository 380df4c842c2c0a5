-- The only ways to victims' addresses and the shapes that protect them. Each asks whose victim it is, and writes the
-- audit. What is not the caller's gives NULL, false or no row: an error would put the statement, and the address in it,
-- into the server's log. Where an address goes, its seed goes: by the seed and the shape it could be reckoned again.

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
  UPDATE cordon_protected.addresses
    SET ended_at = service_clock(), address = NULL, lat = NULL, lon = NULL, seed = NULL
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
  UPDATE cordon_protected.addresses
    SET ended_at = service_clock(), address = NULL, lat = NULL, lon = NULL, seed = NULL
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
-- by one. Those of other victims too, for a household may have two liaison officers, and those of addresses that were
-- erased, for one may come back. Which are chosen depends on the shapes and on this place alone, and never on where
-- another address is: else an officer would find it by moving an address of their own.
CREATE FUNCTION shape_box_holds(shape jsonb, lat double precision, lon double precision) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(bool_and(
    lat BETWEEN south - around / 110000 AND north + around / 110000
    AND lon BETWEEN west - around / (110000 * cos(radians(lat))) AND east + around / (110000 * cos(radians(lat)))), false)
  FROM (
    SELECT min((corner ->> 0)::double precision) AS west, max((corner ->> 0)::double precision) AS east,
           min((corner ->> 1)::double precision) AS south, max((corner ->> 1)::double precision) AS north,
           coalesce((shape ->> 'radius_m')::double precision, 0) AS around
    FROM jsonb_path_query(shape, CASE shape ->> 'type'
      WHEN 'Point' THEN 'strict $.coordinates'::jsonpath
      WHEN 'Polygon' THEN 'strict $.coordinates[*][*]'
      ELSE 'strict $.coordinates[*][*][*]' END) AS corner
  ) box
$$;
CREATE FUNCTION shapes_about(wanted_victim bigint, wanted bigint) RETURNS TABLE (
  geometry jsonb, is_own boolean, is_proposed boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT shape.geometry, shape.address_id = wanted, shape.is_proposed
  FROM cordon_protected.addresses place
  JOIN cordon_protected.allowed_shapes shape
    ON shape.address_id = wanted OR shape_box_holds(shape.geometry, place.lat, place.lon)
  WHERE place.address_id = wanted AND place.victim_id = wanted_victim AND place.ended_at IS NULL
    AND is_own_victim(wanted_victim)
  ORDER BY shape.address_id <> wanted, shape.shape_id
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

-- Which of (zone, shape) a liaison officer has not allowed yet, for whoever publishes zones. The answer compares shapes,
-- and knows no address.
CREATE FUNCTION shapes_not_allowed(zone_ids bigint[], shapes jsonb) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT DISTINCT link.zone_id
  FROM unnest(zone_ids) WITH ORDINALITY AS given (zone_id, place)
  JOIN victim_zones link ON link.zone_id = given.zone_id
  WHERE (draws_zones(current_setting('cordon.role', true)) OR approves_conditions(current_setting('cordon.role', true))
         OR runs_operations(current_setting('cordon.role', true)) OR session_user = current_user)
    AND NOT EXISTS (
      SELECT FROM cordon_protected.allowed_shapes allowed
      WHERE allowed.address_id = link.address_id AND allowed.geometry = shapes -> (given.place::integer - 1))
$$;

-- The net under it: by whatever way a version comes, the owner's too.
CREATE FUNCTION refuse_shape_not_allowed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM victim_zones link WHERE link.zone_id = new.zone_id AND NOT EXISTS (
      SELECT FROM cordon_protected.allowed_shapes allowed
      WHERE allowed.address_id = link.address_id AND allowed.geometry = new.geometry)
  ) THEN
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
  shut text;
BEGIN
  FOREACH shut IN ARRAY ARRAY[
    'refuse_shape_not_allowed()', 'shape_box_holds(jsonb, double precision, double precision)',
    'set_protected_address(bigint, text, text, double precision, double precision, real)',
    'end_protected_address(bigint)', 'read_protected_addresses(bigint)', 'use_protected_place(bigint, bigint)',
    'shapes_about(bigint, bigint)', 'allow_shape(bigint, bigint, jsonb, boolean)',
    'zone_to_link(text)', 'link_victim_zone(bigint, bigint, bigint)', 'unlink_victim_zone(bigint, text)',
    'shapes_not_allowed(bigint[], jsonb)', 'victim_zone_references(bigint)'
  ] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM public', shut);
    CONTINUE WHEN shut LIKE 'refuse_shape%' OR shut LIKE 'shape_box%';
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
GRANT EXECUTE ON FUNCTION victim_addresses_ended() TO cordon_worker;
