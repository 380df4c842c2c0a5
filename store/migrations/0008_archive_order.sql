-- A batch of the raw archive is known by what it is chained to: no two may follow the same one, so a chain never forks.
-- Offsets cannot be its key: after an operator went back, or made a topic anew, the same offsets are archived again.
ALTER TABLE raw_batches DROP CONSTRAINT raw_batches_pkey;
ALTER TABLE raw_batches ADD PRIMARY KEY (topic, partition, previous_hash);
CREATE INDEX raw_batches_offsets ON raw_batches (partition, first_offset);

-- Moves of a partition by an operator, which the archive's check asks for.
CREATE INDEX audit_log_offset_moves ON audit_log (audit_id) WHERE action = 'offsets.set';
