-- What comes in: who may send, the embedded queue, how far each partition is, dead letters and the raw archive.
CREATE TABLE sources (
  source_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 100),
  key_hash bytea NOT NULL UNIQUE, -- SHA-256 of the key; the key itself is shown once and not kept
  device_id integer REFERENCES devices, -- when set, the source speaks for this device only
  created_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz
);

CREATE TABLE partition_offsets (
  topic text NOT NULL,
  partition integer NOT NULL,
  epoch bigint NOT NULL, -- raised by each claim; a worker that holds an older one is fenced
  next_offset bigint NOT NULL,
  chain_hash bytea NOT NULL, -- head of the partition's raw archive
  worker text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (topic, partition)
);

-- The embedded broker. Sequences are handed out under a lock that lasts to the commit, so that a reader which has
-- seen N has seen all below N.
CREATE TABLE ping_queue (
  partition integer NOT NULL DEFAULT 0,
  sequence bigint NOT NULL,
  key bytea,
  value bytea NOT NULL,
  appended_at timestamptz NOT NULL,
  PRIMARY KEY (partition, sequence)
);
CREATE SEQUENCE ping_queue_sequence MINVALUE 0 START 0;

CREATE FUNCTION append_pings(keys bytea[], payloads bytea[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  appended bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(1129272900, 1);
  INSERT INTO ping_queue (sequence, key, value, appended_at)
  SELECT nextval('ping_queue_sequence'), item.key, item.payload, clock_timestamp()
  FROM unnest(keys, payloads) WITH ORDINALITY AS item (key, payload, place)
  ORDER BY item.place;
  GET DIAGNOSTICS appended = ROW_COUNT;
  RETURN appended;
END
$$;
REVOKE ALL ON FUNCTION append_pings(bytea[], bytea[]) FROM public;
GRANT EXECUTE ON FUNCTION append_pings(bytea[], bytea[]) TO cordon_api;

CREATE TABLE dead_letters (
  dead_letter_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text NOT NULL, -- or the protocol, for what a gateway could not turn into a ping
  partition integer,
  message_offset bigint,
  item integer NOT NULL, -- place of the ping in its message, from 0
  key bytea,
  value bytea NOT NULL, -- the message's original bytes
  reason text NOT NULL,
  detail text NOT NULL,
  received_at timestamptz NOT NULL,
  replayed_at timestamptz,
  UNIQUE (topic, partition, message_offset, item)
);
CREATE INDEX dead_letters_reason ON dead_letters (reason, dead_letter_id);

-- The original bytes of every message, a compressed blob a batch, hashes chained by partition. A message that was
-- erased leaves its hash behind, so the chain still verifies.
CREATE TABLE raw_batches (
  topic text NOT NULL,
  partition integer NOT NULL,
  first_offset bigint NOT NULL,
  next_offset bigint NOT NULL,
  message_count integer NOT NULL,
  received_from timestamptz NOT NULL,
  received_to timestamptz NOT NULL,
  body bytea NOT NULL,
  previous_hash bytea NOT NULL,
  chain_hash bytea NOT NULL,
  PRIMARY KEY (topic, partition, first_offset)
);
ALTER TABLE raw_batches ALTER COLUMN body SET STORAGE EXTERNAL; -- compressed already

GRANT SELECT, INSERT, UPDATE ON partition_offsets TO cordon_worker;
GRANT SELECT, DELETE ON ping_queue TO cordon_worker;
GRANT SELECT, INSERT ON dead_letters TO cordon_worker;
GRANT INSERT ON dead_letters TO cordon_api;
GRANT SELECT, INSERT ON raw_batches TO cordon_worker;
