-- What devices say of themselves, when each was last heard, whether our own intake is alive, and commands to tags.

-- A heartbeat is put on every partition of the intake. A worker that has written the batch that holds it notes the
-- broker's time of it here: everything that was received before was judged.
ALTER TABLE partition_offsets ADD COLUMN processed_through timestamptz;

-- Written by the worker at most once in CORDON_HEARD_EVERY_S for a device: no row of a device is updated with each batch.
CREATE TABLE device_heard (
  device_id integer PRIMARY KEY REFERENCES devices,
  last_received_at timestamptz NOT NULL, -- the broker's time of the last message
  last_fix_at timestamptz, -- of the last position by GPS, RF or WIFI: a cell tower's is no fix
  battery_pct real,
  battery_at timestamptz, -- the device's time of the battery's state
  at_beacon boolean NOT NULL DEFAULT false, -- by its events
  beacon_seen_at timestamptz -- the device's time of the latest of those
);

CREATE TABLE device_events (
  event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device_id integer NOT NULL REFERENCES devices,
  kind text NOT NULL,
  event_time timestamptz NOT NULL,
  received_at timestamptz NOT NULL,
  battery_pct real,
  sequence bigint,
  original bytea, -- as the device sent it; NULL for what follows from the battery's state in its pings
  UNIQUE (device_id, kind, event_time)
);
CREATE INDEX device_events_device ON device_events (device_id, event_time);

-- Devices whose events have to be judged, and when: at once for a new event, later for a battery that is not charged.
CREATE TABLE device_timers (
  device_id integer PRIMARY KEY REFERENCES devices,
  due_at timestamptz NOT NULL
);
CREATE INDEX device_timers_due ON device_timers (due_at);

-- Whether the intake is proved alive, since when, and until when it was; one row.
CREATE TABLE intake_state (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  alive_since timestamptz,
  alive_through timestamptz,
  deaf_since timestamptz,
  deaf_reason text CHECK (deaf_reason IN ('no_heartbeat', 'nothing_heard'))
);
INSERT INTO intake_state DEFAULT VALUES;

CREATE TABLE tag_commands (
  command_id uuid PRIMARY KEY,
  device_id integer NOT NULL REFERENCES devices,
  kind text NOT NULL CHECK (kind IN ('vibrate', 'fix_now', 'report_faster', 'text')),
  body text, -- what the wearer reads
  reason text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  delivered_at timestamptz
);
CREATE INDEX tag_commands_waiting ON tag_commands (created_at) WHERE delivered_at IS NULL;
CREATE INDEX tag_commands_device ON tag_commands (device_id, created_at);

-- One way in for an event, by whichever way it came. A repeated one changes nothing.
CREATE FUNCTION record_device_events(
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

  INSERT INTO device_events (device_id, kind, event_time, received_at, battery_pct, sequence, original)
  SELECT device_id, kind, event_time, received_at, battery_pct, sequence, original
  FROM unnest(serials, kinds, event_times, received, batteries, sequences, originals)
    AS item (serial, kind, event_time, received_at, battery_pct, sequence, original)
  JOIN devices device ON device.serial = item.serial ORDER BY device_id, event_time, kind
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS recorded = ROW_COUNT;
  RETURN recorded;
END
$$;
REVOKE ALL ON FUNCTION record_device_events(text[], text[], timestamptz[], timestamptz[], real[], bigint[], bytea[])
  FROM public;
GRANT EXECUTE ON FUNCTION record_device_events(text[], text[], timestamptz[], timestamptz[], real[], bigint[], bytea[])
  TO cordon_api, cordon_worker;

-- The watch puts heartbeats on the embedded queue, as the gateway puts pings.
GRANT EXECUTE ON FUNCTION append_pings(bytea[], bytea[]) TO cordon_worker;
GRANT SELECT, INSERT, UPDATE ON device_heard, intake_state TO cordon_worker;
GRANT SELECT, INSERT ON device_events TO cordon_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON device_timers TO cordon_worker;
GRANT SELECT, INSERT, UPDATE ON tag_commands TO cordon_worker;

-- When the device of an activation was last heard. Who wears which device stays closed to the API's role.
CREATE FUNCTION activation_heard(wanted bigint) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT heard.last_received_at FROM device_activations activation
  JOIN device_heard heard USING (device_id) WHERE activation.activation_id = wanted
$$;
REVOKE ALL ON FUNCTION activation_heard(bigint) FROM public;
GRANT EXECUTE ON FUNCTION activation_heard(bigint) TO cordon_api;
