-- The audit: whom each look showed, rows that nobody rewrites, and the chain of seals over them.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cordon_sealer') THEN
    CREATE ROLE cordon_sealer NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL; -- roles are shared by the databases of a server; another one made it
END
$$;
GRANT USAGE ON SCHEMA cordon TO cordon_sealer;

-- person_ids: the people whom a list showed; person_id stays the one person that a look was about.
-- (timeline, written_by, audit_id) is the order of sealing. A transaction's number tells when no more rows of it can come,
-- which the order of audit_ids does not. Rows of the time before have 0. A database that was brought back into another
-- server begins a new timeline where that server counts its transactions lower.
ALTER TABLE audit_log
  ADD COLUMN person_ids bigint[] NOT NULL DEFAULT '{}',
  ADD COLUMN timeline smallint NOT NULL DEFAULT 1,
  ADD COLUMN written_by xid8 NOT NULL DEFAULT '0';
ALTER TABLE audit_log ALTER COLUMN written_by SET DEFAULT pg_current_xact_id();
CREATE UNIQUE INDEX audit_log_order ON audit_log (timeline, written_by, audit_id);
CREATE INDEX audit_log_people ON audit_log USING gin (person_ids);
CREATE INDEX audit_log_time ON audit_log (happened_at, audit_id);
CREATE INDEX audit_log_subject ON audit_log (subject, happened_at, audit_id);

-- One seal for all rows of a second or so. leaves: 32 bytes for each of audit_ids, in their order: the SHA-256 of the row.
-- hash: the SHA-256 of the rest and of the hash before, so that one hash stands for every row up to it
-- (access/audit_chain.py). What comes after (timeline, last_written_by, last_audit_id) is not sealed yet.
CREATE TABLE audit_seals (
  seal_id bigint PRIMARY KEY CHECK (seal_id > 0),
  sealed_at timestamptz NOT NULL,
  previous_hash bytea NOT NULL CHECK (length(previous_hash) = 32),
  audit_ids bigint[] NOT NULL CHECK (cardinality(audit_ids) > 0),
  leaves bytea NOT NULL CHECK (length(leaves) = 32 * cardinality(audit_ids)),
  rows_before bigint NOT NULL CHECK (rows_before >= 0),
  newest_at timestamptz NOT NULL,
  timeline smallint NOT NULL,
  last_written_by xid8 NOT NULL,
  last_audit_id bigint NOT NULL,
  hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
  signature bytea CHECK (length(signature) = 64)
);
ALTER TABLE audit_seals ALTER COLUMN leaves SET STORAGE EXTERNAL; -- hashes do not compress

-- What retention took away: all of the chain up to a seal. The record in the audit says the same, and is sealed.
CREATE TABLE audit_prunings (
  through_seal bigint PRIMARY KEY,
  through_hash bytea NOT NULL CHECK (length(through_hash) = 32),
  timeline smallint NOT NULL,
  last_written_by xid8 NOT NULL,
  last_audit_id bigint NOT NULL,
  rows_before bigint NOT NULL,
  pruned_at timestamptz NOT NULL,
  pruned_by text NOT NULL,
  audit_id bigint NOT NULL
);

-- Append-only for everybody, the owner included: a row goes only once its pruning is on record.
CREATE FUNCTION refuse_rewriting_audit() RETURNS trigger LANGUAGE plpgsql SET search_path = cordon, pg_temp AS $$
DECLARE
  gone audit_prunings;
BEGIN
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME <> 'audit_prunings' THEN
    SELECT * INTO gone FROM audit_prunings ORDER BY through_seal DESC LIMIT 1;
    IF TG_TABLE_NAME = 'audit_seals' THEN
      IF OLD.seal_id <= gone.through_seal THEN
        RETURN OLD;
      END IF;
    ELSIF (OLD.timeline, OLD.written_by, OLD.audit_id)
        <= (gone.timeline, gone.last_written_by, gone.last_audit_id) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION '% is append-only: rows go by prune_audit() alone, which leaves a sealed record', TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END
$$;
DO $$
DECLARE
  guarded text;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['audit_log', 'audit_seals', 'audit_prunings'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I FOR EACH ROW'
                   ' EXECUTE FUNCTION refuse_rewriting_audit()', guarded);
    EXECUTE format('CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON %I FOR EACH STATEMENT'
                   ' EXECUTE FUNCTION refuse_rewriting_audit()', guarded);
  END LOOP;
END
$$;

-- What a program says of a look, and not when, in which order, or as which row: the database says that.
REVOKE INSERT ON audit_log FROM cordon_api, cordon_worker;
GRANT INSERT (subject, role, action, outcome, purpose, request_id, person_id, person_ids, window_from, window_to,
              row_count, detail) ON audit_log TO cordon_api, cordon_worker;
GRANT SELECT ON audit_log, audit_seals, audit_prunings TO cordon_sealer;
GRANT INSERT ON audit_seals TO cordon_sealer;

-- What is written from now on is of a new timeline, behind everything that is there. It waits for whoever writes.
CREATE FUNCTION turn_audit_timeline() RETURNS smallint
LANGUAGE plpgsql SET search_path = cordon, pg_temp AS $$
DECLARE
  begun smallint;
BEGIN
  LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE;
  SELECT coalesce(greatest((SELECT max(timeline) FROM audit_log), (SELECT max(timeline) FROM audit_seals)), 0) + 1
    INTO begun;
  EXECUTE format('ALTER TABLE audit_log ALTER COLUMN timeline SET DEFAULT %s', begun);
  RETURN begun;
END
$$;
-- Called where the newest seal knows a transaction that this server has not come to yet (store/audit_seals.py): all rows
-- of the timeline before are there, and are sealed in the same transaction.
CREATE FUNCTION begin_audit_timeline() RETURNS smallint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  begun smallint := turn_audit_timeline();
BEGIN
  INSERT INTO audit_log (subject, role, action, outcome, purpose, request_id, timeline, detail)
  VALUES (session_user, 'service', 'audit.timeline', 'allowed', 'the database was brought back into another server', '',
          begun - 1, jsonb_build_object('timeline', begun)); -- something to seal, so that it begins only once
  RETURN begun;
END
$$;

-- Retention: takes away whole seals from the beginning, all of whose rows are older, at most ``most_seals`` at a time,
-- and gives how many rows went. Call it until it gives 0. The chain is verified from the pruning on.
CREATE FUNCTION prune_audit(before timestamptz, most_seals integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  newest audit_seals;
  seals_kept_from bigint;
  rows_gone bigint;
  recorded record;
BEGIN
  LOCK TABLE audit_prunings IN SHARE ROW EXCLUSIVE MODE; -- one at a time
  -- in the chain's order: a row that was sealed late keeps back what came after it, and no seal is left out
  SELECT coalesce(min(seal_id) FILTER (WHERE newest_at >= before), max(seal_id) + 1) INTO seals_kept_from
  FROM (SELECT seal_id, newest_at FROM audit_seals ORDER BY seal_id LIMIT most_seals) first_ones;
  SELECT * INTO newest FROM audit_seals WHERE seal_id < seals_kept_from ORDER BY seal_id DESC LIMIT 1;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  SELECT sum(cardinality(audit_ids)) INTO rows_gone FROM audit_seals WHERE seal_id <= newest.seal_id;
  INSERT INTO audit_log (subject, role, action, outcome, purpose, request_id, row_count, detail)
  VALUES (coalesce(nullif(current_setting('cordon.subject', true), ''), session_user),
          coalesce(nullif(current_setting('cordon.role', true), ''), 'service'), 'audit.prune', 'allowed',
          'retention of the audit', coalesce(current_setting('cordon.request_id', true), ''), rows_gone,
          jsonb_build_object('through_seal', newest.seal_id, 'through_hash', encode(newest.hash, 'hex')))
  RETURNING happened_at, subject, audit_id INTO recorded;
  INSERT INTO audit_prunings
  VALUES (newest.seal_id, newest.hash, newest.timeline, newest.last_written_by, newest.last_audit_id,
          newest.rows_before + cardinality(newest.audit_ids), recorded.happened_at, recorded.subject, recorded.audit_id);
  DELETE FROM audit_log WHERE audit_id IN (
    SELECT unnest(audit_ids) FROM audit_seals WHERE seal_id <= newest.seal_id);
  DELETE FROM audit_seals WHERE seal_id <= newest.seal_id;
  RETURN rows_gone;
END
$$;

-- Everything that was done with a person's data, oldest first: for exports, whose functions say who may ask.
CREATE FUNCTION looks_at(wanted bigint) RETURNS TABLE (
  audit_id bigint, looked_at timestamptz, subject text, role text, purpose text, action text,
  window_from timestamptz, window_to timestamptz, row_count bigint, among_others boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT log.audit_id, happened_at, log.subject, log.role, log.purpose, log.action, log.window_from, log.window_to,
         log.row_count, log.person_id IS DISTINCT FROM wanted
  FROM audit_log log
  WHERE log.outcome = 'allowed' AND (log.person_id = wanted OR log.person_ids @> ARRAY[wanted])
  ORDER BY happened_at, audit_id
$$;

-- What an auditor is told of a record's detail: ids, codes, numbers and words of closed lists. Text that somebody wrote
-- freely may name anybody, and is not needed to see who looked at what.
CREATE FUNCTION plain_detail(detail jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(jsonb_object_agg(key, CASE
    WHEN jsonb_typeof(value) IN ('number', 'boolean', 'null') THEN value
    WHEN jsonb_typeof(value) = 'string' AND value #>> '{}' ~ '^[A-Za-z0-9_.:+/-]{1,100}$' THEN value
    ELSE '"withheld"' END), '{}')
  FROM jsonb_each(CASE WHEN jsonb_typeof(detail) = 'object' THEN detail ELSE '{}' END)
$$;

-- A page of the audit, newest first: for the owner, and for the functions below, which ask who may.
CREATE FUNCTION audit_page(
  from_time timestamptz, to_time timestamptz, wanted_subject text, wanted_role text, wanted_action text,
  wanted_outcome text, wanted_person bigint, before_time timestamptz, before_id bigint, page_size integer
) RETURNS TABLE (
  audit_id bigint, happened_at timestamptz, subject text, role text, action text, outcome text, purpose text,
  request_id text, person_id bigint, person_ids bigint[], window_from timestamptz, window_to timestamptz,
  row_count bigint, detail jsonb
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp
SET plan_cache_mode = force_custom_plan AS $$ -- a plan for each set of filters: one for all of them reads everything
BEGIN
  IF page_size IS NULL OR page_size NOT BETWEEN 1 AND 5000 THEN
    RAISE EXCEPTION 'a page holds 1 to 5000 records' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY
    SELECT log.audit_id, log.happened_at, log.subject, log.role, log.action, log.outcome, log.purpose, log.request_id,
           log.person_id, log.person_ids, log.window_from, log.window_to, log.row_count, plain_detail(log.detail)
    FROM audit_log log
    WHERE (from_time IS NULL OR log.happened_at >= from_time) AND (to_time IS NULL OR log.happened_at < to_time)
      AND (wanted_subject IS NULL OR log.subject = wanted_subject) AND (wanted_role IS NULL OR log.role = wanted_role)
      AND (wanted_action IS NULL OR log.action = wanted_action)
      AND (wanted_outcome IS NULL OR log.outcome = wanted_outcome)
      AND (wanted_person IS NULL OR log.person_id = wanted_person OR log.person_ids @> ARRAY[wanted_person])
      AND (before_time IS NULL OR (log.happened_at, log.audit_id) < (before_time, before_id))
    ORDER BY log.happened_at DESC, log.audit_id DESC
    LIMIT page_size;
END
$$;

-- The auditor's way to it: what was searched for, and how much was found, is in the audit itself.
CREATE FUNCTION search_audit(
  recorded_as text, from_time timestamptz, to_time timestamptz, wanted_subject text, wanted_role text,
  wanted_action text, wanted_outcome text, wanted_person bigint, before_time timestamptz, before_id bigint,
  page_size integer
) RETURNS TABLE (
  audit_id bigint, happened_at timestamptz, subject text, role text, action text, outcome text, purpose text,
  request_id text, person_id bigint, person_ids bigint[], window_from timestamptz, window_to timestamptz,
  row_count bigint, detail jsonb
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  found bigint;
BEGIN
  IF current_setting('cordon.role', true) IS DISTINCT FROM 'auditor'
     OR recorded_as NOT IN ('audit.search', 'audit.export') THEN
    RAISE EXCEPTION 'this caller may not read the audit' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN QUERY SELECT * FROM audit_page(from_time, to_time, wanted_subject, wanted_role, wanted_action, wanted_outcome,
                                        wanted_person, before_time, before_id, page_size);
  GET DIAGNOSTICS found = ROW_COUNT;
  INSERT INTO audit_log (subject, role, action, outcome, purpose, request_id, person_id, window_from, window_to,
                         row_count, detail)
  VALUES (current_setting('cordon.subject'), 'auditor', recorded_as, 'allowed', current_setting('cordon.purpose'),
          current_setting('cordon.request_id'), wanted_person, from_time, coalesce(before_time, to_time), found,
          jsonb_strip_nulls(jsonb_build_object('subject', wanted_subject, 'role', wanted_role, 'action', wanted_action,
                                               'outcome', wanted_outcome)));
END
$$;

-- Who looked at a person, newest first: for the auditor, and for a manager who may see them. Nothing of the others whom
-- the same list showed.
CREATE FUNCTION read_looks(wanted bigint, before_time timestamptz, before_id bigint, page_size integer) RETURNS TABLE (
  audit_id bigint, looked_at timestamptz, subject text, role text, purpose text, action text,
  window_from timestamptz, window_to timestamptz, row_count bigint, among_others boolean
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  found bigint;
BEGIN
  IF current_setting('cordon.role', true) IS DISTINCT FROM 'auditor'
     AND NOT (current_setting('cordon.role', true) IS NOT DISTINCT FROM 'manager' AND may_see_person(wanted)
              AND EXISTS (SELECT FROM people WHERE person_id = wanted)) THEN
    RAISE EXCEPTION 'this caller sees no such person' USING ERRCODE = 'no_data_found';
  END IF;
  RETURN QUERY
    SELECT page.audit_id, page.happened_at, page.subject, page.role, page.purpose, page.action, page.window_from,
           page.window_to, page.row_count, page.person_id IS DISTINCT FROM wanted
    FROM audit_page(NULL, NULL, NULL, NULL, NULL, 'allowed', wanted, before_time, before_id, page_size) page;
  GET DIAGNOSTICS found = ROW_COUNT;
  INSERT INTO audit_log (subject, role, action, outcome, purpose, request_id, person_id, window_to, row_count)
  VALUES (current_setting('cordon.subject'), current_setting('cordon.role'), 'looks.read', 'allowed',
          current_setting('cordon.purpose'), current_setting('cordon.request_id'), wanted, before_time, found);
END
$$;

REVOKE ALL ON FUNCTION
  refuse_rewriting_audit(), turn_audit_timeline(), begin_audit_timeline(), prune_audit(timestamptz, integer), looks_at(bigint),
  plain_detail(jsonb),
  audit_page(timestamptz, timestamptz, text, text, text, text, bigint, timestamptz, bigint, integer),
  search_audit(text, timestamptz, timestamptz, text, text, text, text, bigint, timestamptz, bigint, integer),
  read_looks(bigint, timestamptz, bigint, integer)
  FROM public;
GRANT EXECUTE ON FUNCTION begin_audit_timeline() TO cordon_sealer;
GRANT EXECUTE ON FUNCTION
  search_audit(text, timestamptz, timestamptz, text, text, text, text, bigint, timestamptz, bigint, integer),
  read_looks(bigint, timestamptz, bigint, integer)
  TO cordon_api;
