-- Positions: keyed by content, so that a repeated ping is stored once and the order of arrival decides nothing.
CREATE TABLE positions (
  device_id integer NOT NULL,
  fix_time timestamptz NOT NULL,
  fix_key bigint NOT NULL, -- 64-bit hash of the fix's content
  received_at timestamptz NOT NULL,
  lat double precision NOT NULL,
  lon double precision NOT NULL,
  accuracy_m real,
  mechanism smallint NOT NULL,
  speed_mps real,
  heading_deg real,
  satellites smallint,
  hdop real,
  battery_pct real,
  sequence bigint,
  flags smallint NOT NULL,
  partition integer NOT NULL, -- with message_offset: where the original bytes are in the raw archive
  message_offset bigint NOT NULL,
  PRIMARY KEY (device_id, fix_time, fix_key)
);

-- Fix times that no honest clock gives: kept apart, because each would make a chunk of its own.
CREATE TABLE quarantined_positions (LIKE positions INCLUDING ALL);

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
    PERFORM create_hypertable('cordon.positions', by_range('fix_time', INTERVAL '1 day'), create_default_indexes => false);
  END IF;
END
$$;

GRANT SELECT, INSERT ON positions, quarantined_positions TO cordon_worker;
