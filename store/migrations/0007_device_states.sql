-- Which serials are registered, and whether each is on somebody now: what the gateway answers by. The API's role may
-- not read who wears what, so it is told yes or no.
CREATE FUNCTION device_states(serials text[]) RETURNS TABLE (serial text, on_somebody boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT device.serial, EXISTS (
    SELECT FROM device_activations activation
    WHERE activation.device_id = device.device_id AND activation.during @> now())
  FROM devices device WHERE device.serial = ANY (serials)
$$;

REVOKE ALL ON FUNCTION device_states(text[]) FROM public;
GRANT EXECUTE ON FUNCTION device_states(text[]) TO cordon_api;
