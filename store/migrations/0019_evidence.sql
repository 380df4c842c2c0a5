-- Evidence of matches: asked for, made by the matcher, issued once, and followed by a notice where later data say otherwise.

-- Police ask; the matcher makes the bundle, for the API's role reads no positions.
CREATE TABLE evidence_requests (
  evidence_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  result_id bigint NOT NULL REFERENCES matching_results,
  force text NOT NULL,
  requested_by text NOT NULL,
  purpose text NOT NULL CHECK (length(purpose) BETWEEN 1 AND 500),
  basis text NOT NULL CHECK (length(basis) BETWEEN 1 AND 500), -- in law or policy
  maker text NOT NULL CHECK (length(maker) BETWEEN 1 AND 200), -- who produces the exhibit
  exhibit text NOT NULL CHECK (length(exhibit) BETWEEN 1 AND 100),
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  state text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'issued', 'refused')),
  problem text, -- why it was refused
  CHECK ((state = 'refused') = (problem IS NOT NULL))
);
CREATE INDEX evidence_requests_waiting ON evidence_requests (evidence_id) WHERE state = 'requested';
CREATE INDEX evidence_requests_result ON evidence_requests (result_id);

-- A bundle as it was issued, and all that it was made of: the two give the same bytes again.
CREATE TABLE evidence_bundles (
  evidence_id bigint PRIMARY KEY REFERENCES evidence_requests,
  issued_at timestamptz NOT NULL,
  issued_to text NOT NULL,
  content bytea NOT NULL, -- the zip archive
  manifest_hash bytea NOT NULL UNIQUE, -- SHA-256 of manifest.json
  key_fingerprint text NOT NULL,
  algorithm_version integer NOT NULL,
  dossier jsonb NOT NULL,
  templates jsonb NOT NULL,
  inputs jsonb NOT NULL -- every position that the result was computed from, by its key, what was worn, and events
);
ALTER TABLE evidence_bundles ALTER COLUMN content SET STORAGE EXTERNAL; -- compressed already

-- Who took a bundle away, and when.
CREATE TABLE evidence_receipts (
  evidence_id bigint NOT NULL REFERENCES evidence_bundles,
  recipient text NOT NULL,
  first_received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (evidence_id, recipient)
);

-- What a person's data are kept for beyond their time: whoever deletes asks here.
CREATE TABLE legal_holds (
  legal_hold_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  person_id bigint NOT NULL REFERENCES people,
  from_time timestamptz NOT NULL,
  to_time timestamptz NOT NULL CHECK (to_time >= from_time), -- both belong to it
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  evidence_id bigint REFERENCES evidence_bundles,
  placed_by text NOT NULL,
  placed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  released_by text,
  released_at timestamptz,
  CHECK ((released_by IS NULL) = (released_at IS NULL))
);
CREATE INDEX legal_holds_person ON legal_holds (person_id) WHERE released_at IS NULL;

-- Something changed of what an issued bundle says: one row for each who has it, and when they were told.
CREATE TABLE evidence_notices (
  notice_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  evidence_id bigint NOT NULL REFERENCES evidence_bundles,
  cause text NOT NULL CHECK (cause IN ('result_changed', 'crime_changed', 'qualification_changed')),
  cause_id bigint NOT NULL, -- of the run, the crime version or the qualification
  recipient text NOT NULL,
  changes jsonb NOT NULL, -- in words
  noticed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  told_at timestamptz, -- first read by the recipient
  UNIQUE (evidence_id, cause, cause_id, recipient)
);

-- Nothing leaves before somebody other than who asks has confirmed the match; whoever writes, this is asked.
CREATE FUNCTION evidence_needs_review() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  asked evidence_requests;
  review match_qualifications;
BEGIN
  IF TG_TABLE_NAME = 'evidence_requests' THEN
    asked := NEW;
  ELSE
    SELECT * INTO STRICT asked FROM evidence_requests WHERE evidence_id = NEW.evidence_id;
  END IF;
  SELECT * INTO review FROM match_qualifications WHERE result_id = asked.result_id
  ORDER BY qualification_id DESC LIMIT 1;
  IF review.decision IS DISTINCT FROM 'confirmed' THEN
    RAISE EXCEPTION 'no reviewer has confirmed this match'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'evidence_is_confirmed';
  END IF;
  IF same_subject(review.reviewer, asked.requested_by) THEN
    RAISE EXCEPTION 'who asks for evidence is not who reviewed the match'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'evidence_needs_another_reviewer';
  END IF;
  IF NOT EXISTS (
    SELECT FROM matching_results result JOIN crime_versions version USING (crime_version_id)
    WHERE result_id = asked.result_id AND superseded_by IS NULL AND version.is_current AND verdict <> 'cannot_say') THEN
    RAISE EXCEPTION 'later data changed this match, or it names no wearer'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'evidence_is_current';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER needs_review BEFORE INSERT ON evidence_requests FOR EACH ROW EXECUTE FUNCTION evidence_needs_review();
CREATE TRIGGER needs_review BEFORE INSERT ON evidence_bundles FOR EACH ROW EXECUTE FUNCTION evidence_needs_review();

-- What was asked for and what was issued are never changed.
CREATE FUNCTION evidence_stays() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'issued evidence is never changed' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON evidence_bundles FOR EACH ROW EXECUTE FUNCTION evidence_stays();

-- The API's role reads no results: this asks for it, for a match of a crime of the caller's own force.
-- NULL: no such match for this caller.
CREATE FUNCTION request_evidence(wanted bigint, purpose text, basis text, maker text, exhibit text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  asked_for bigint;
  whose bigint;
BEGIN
  IF current_setting('cordon.role', true) IS DISTINCT FROM 'police_analyst' OR police_force() IS NULL THEN
    RAISE EXCEPTION 'this caller may not ask for evidence' USING ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT result.person_id INTO whose
  FROM matching_results result
  JOIN crime_versions version USING (crime_version_id)
  JOIN crimes crime USING (crime_id)
  WHERE result.result_id = wanted AND crime.force = police_force() AND result.verdict <> 'cannot_say';
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  INSERT INTO evidence_requests (result_id, force, requested_by, purpose, basis, maker, exhibit)
  VALUES (wanted, police_force(), current_setting('cordon.subject'), purpose, basis, maker, exhibit)
  RETURNING evidence_id INTO asked_for;
  INSERT INTO audit_log (subject, role, action, outcome, purpose, request_id, person_id, detail)
  VALUES (current_setting('cordon.subject'), current_setting('cordon.role'), 'evidence.request', 'allowed',
          current_setting('cordon.purpose'), current_setting('cordon.request_id'), whose,
          jsonb_build_object('evidence_id', asked_for, 'result_id', wanted));
  RETURN asked_for;
END
$$;

-- The person of a bundle, for the audit's record of who took it away; NULL where it is not the caller's to see.
CREATE FUNCTION evidence_person(wanted bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT result.person_id FROM evidence_requests asked JOIN matching_results result USING (result_id)
  WHERE asked.evidence_id = wanted AND asked.force = police_force()
$$;

-- The one way to a bundle, which names its wearer, for the API's role: recorded with the receipt. Who has it may have it
-- again; to anybody else it goes only while the review stands and no later data say otherwise, like the name itself.
-- NULL: none is issued, or it is not the caller's. Raises object_not_in_prerequisite_state.
CREATE FUNCTION take_evidence(wanted bigint) RETURNS bytea
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  asking_subject text := current_setting('cordon.subject', true);
  taken bytea;
  judged bigint;
BEGIN
  SELECT bundle.content, asked.result_id INTO taken, judged
  FROM evidence_bundles bundle JOIN evidence_requests asked USING (evidence_id)
  WHERE evidence_id = wanted AND asked.force = police_force();
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  IF NOT match_is_confirmed(judged) AND NOT EXISTS (
    SELECT FROM evidence_receipts WHERE evidence_id = wanted AND recipient = asking_subject) THEN
    RAISE EXCEPTION 'the match is no longer confirmed, or later data replaced it'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  INSERT INTO evidence_receipts (evidence_id, recipient) VALUES (wanted, asking_subject) ON CONFLICT DO NOTHING;
  INSERT INTO audit_log (subject, role, action, outcome, purpose, request_id, person_id, detail)
  VALUES (asking_subject, current_setting('cordon.role'), 'evidence.export', 'allowed',
          current_setting('cordon.purpose'), current_setting('cordon.request_id'), evidence_person(wanted),
          jsonb_build_object('evidence_id', wanted));
  RETURN taken;
END
$$;

ALTER TABLE evidence_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE evidence_bundles ENABLE ROW LEVEL SECURITY;
ALTER TABLE evidence_receipts ENABLE ROW LEVEL SECURITY;
ALTER TABLE evidence_notices ENABLE ROW LEVEL SECURITY;
ALTER TABLE legal_holds ENABLE ROW LEVEL SECURITY;
DO $$
DECLARE
  guarded text;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['evidence_requests', 'evidence_bundles', 'evidence_receipts', 'evidence_notices',
                                 'legal_holds'] LOOP
    EXECUTE format('CREATE POLICY worker_all ON %I TO cordon_worker USING (true) WITH CHECK (true)', guarded);
  END LOOP;
  FOREACH guarded IN ARRAY ARRAY['evidence_bundles', 'evidence_receipts', 'evidence_notices'] LOOP
    EXECUTE format($policy$
      CREATE POLICY own_force ON %I FOR SELECT TO cordon_api USING (
        EXISTS (SELECT FROM evidence_requests asked WHERE asked.evidence_id = %I.evidence_id))
      $policy$, guarded, guarded);
  END LOOP;
END
$$;
CREATE POLICY own_force ON evidence_requests FOR SELECT TO cordon_api USING (force = (SELECT police_force()));
CREATE POLICY own_notice ON evidence_notices FOR UPDATE TO cordon_api
  USING (recipient = current_setting('cordon.subject', true))
  WITH CHECK (recipient = current_setting('cordon.subject', true));

REVOKE ALL ON FUNCTION request_evidence(bigint, text, text, text, text), evidence_person(bigint), take_evidence(bigint),
  evidence_needs_review(), evidence_stays() FROM public;
GRANT EXECUTE ON FUNCTION request_evidence(bigint, text, text, text, text), evidence_person(bigint), take_evidence(bigint)
  TO cordon_api;
GRANT SELECT ON evidence_requests, evidence_receipts, evidence_notices TO cordon_api;
GRANT SELECT (evidence_id, issued_at, issued_to, manifest_hash, key_fingerprint) ON evidence_bundles TO cordon_api;
GRANT UPDATE (told_at) ON evidence_notices TO cordon_api;

GRANT SELECT, UPDATE (state, problem) ON evidence_requests TO cordon_worker;
GRANT SELECT, INSERT ON evidence_bundles, legal_holds, evidence_notices TO cordon_worker;
GRANT SELECT ON evidence_receipts, match_qualifications, quarantined_positions TO cordon_worker;
