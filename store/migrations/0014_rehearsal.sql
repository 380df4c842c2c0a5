-- A draft zone is rehearsed over where its wearer was: positions, read for that and recorded as that.

-- What a rehearsal reads of each position; for the owner, and for the function below.
CREATE FUNCTION worn_positions(wanted bigint, from_time timestamptz, to_time timestamptz, most integer)
RETURNS TABLE (
  activation_id bigint, device_id integer, fix_time timestamptz, fix_key bigint, received_at timestamptz,
  lat double precision, lon double precision, accuracy_m real, mechanism smallint, speed_mps real, flags smallint
)
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  SELECT activation.activation_id, p.device_id, p.fix_time, p.fix_key, p.received_at,
         p.lat, p.lon, p.accuracy_m, p.mechanism, p.speed_mps, p.flags
  FROM device_activations activation
  JOIN positions p ON p.device_id = activation.device_id
    AND p.fix_time >= greatest(from_time, lower(activation.during))
    AND p.fix_time < least(to_time, coalesce(upper(activation.during), 'infinity'))
  WHERE activation.person_id = wanted AND activation.during && tstzrange(from_time, to_time)
  LIMIT most
$$;

-- The same for the API's role: who asks is checked and recorded in the same transaction, as in person_track.
CREATE FUNCTION rehearsal_track(wanted bigint, from_time timestamptz, to_time timestamptz, most integer, about jsonb)
RETURNS TABLE (
  activation_id bigint, device_id integer, fix_time timestamptz, fix_key bigint, received_at timestamptz,
  lat double precision, lon double precision, accuracy_m real, mechanism smallint, speed_mps real, flags smallint
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  found bigint;
BEGIN
  IF NOT may_see_person(wanted) THEN
    RAISE EXCEPTION 'this caller may not see this person' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN QUERY SELECT * FROM worn_positions(wanted, from_time, to_time, most);
  GET DIAGNOSTICS found = ROW_COUNT;
  INSERT INTO audit_log
    (subject, role, action, outcome, purpose, request_id, person_id, window_from, window_to, row_count, detail)
  VALUES (current_setting('cordon.subject'), current_setting('cordon.role'), 'zone.rehearse', 'allowed',
          current_setting('cordon.purpose'), current_setting('cordon.request_id'),
          wanted, from_time, to_time, found, about);
END
$$;

REVOKE ALL ON FUNCTION worn_positions(bigint, timestamptz, timestamptz, integer),
  rehearsal_track(bigint, timestamptz, timestamptz, integer, jsonb) FROM public;
GRANT EXECUTE ON FUNCTION rehearsal_track(bigint, timestamptz, timestamptz, integer, jsonb) TO cordon_api;
