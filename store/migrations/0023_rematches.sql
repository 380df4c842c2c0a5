-- What a tag says of itself late, that its strap was open or its battery flat, can change what matching said of that time.
CREATE OR REPLACE FUNCTION record_device_events(
  serials text[], kinds text[], event_times timestamptz[], received timestamptz[], batteries real[], sequences bigint[],
  originals bytea[]
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  recorded bigint;
BEGIN
  -- the timers first, as the watch does, and everything in the order of the devices: nobody blocks another for good
  INSERT INTO device_timers (device_id, due_at)
  SELECT device_id, '-infinity' FROM devices WHERE serial = ANY (serials) ORDER BY device_id
  ON CONFLICT (device_id) DO UPDATE SET due_at = excluded.due_at;

  INSERT INTO device_heard (device_id, last_received_at)
  SELECT device_id, max(item.received_at) FROM unnest(serials, received) AS item (serial, received_at)
  JOIN devices device ON device.serial = item.serial GROUP BY device_id ORDER BY device_id
  ON CONFLICT (device_id) DO UPDATE
  SET last_received_at = greatest(device_heard.last_received_at, excluded.last_received_at);

  WITH stored AS (
    INSERT INTO device_events (device_id, kind, event_time, received_at, battery_pct, sequence, original)
    SELECT device_id, kind, event_time, received_at, battery_pct, sequence, original
    FROM unnest(serials, kinds, event_times, received, batteries, sequences, originals)
      AS item (serial, kind, event_time, received_at, battery_pct, sequence, original)
    JOIN devices device ON device.serial = item.serial ORDER BY device_id, event_time, kind
    ON CONFLICT DO NOTHING
    RETURNING device_id, event_time),
  asked AS (
    INSERT INTO rematches_wanted (device_id, from_time, until_time)
    SELECT device_id, min(event_time), clock_timestamp() FROM stored
    WHERE event_time < clock_timestamp() - interval '240 seconds' -- crimes.recent.LATE_AFTER_S: earlier, a run sees it
      AND EXISTS (SELECT FROM crimes)
    GROUP BY device_id ORDER BY device_id
    ON CONFLICT (device_id) DO UPDATE
    SET from_time = least(rematches_wanted.from_time, excluded.from_time),
        until_time = greatest(rematches_wanted.until_time, excluded.until_time), error = NULL)
  SELECT count(*) INTO recorded FROM stored;
  RETURN recorded;
END
$$;
