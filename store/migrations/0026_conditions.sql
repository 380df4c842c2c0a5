-- Licence conditions. What a licence says is drafted by one person and approved by another, version by version; the zone
-- that watches it is published by the approval and has the condition's reference.

CREATE TABLE licence_conditions (
  condition_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  person_id bigint NOT NULL REFERENCES people,
  kind text NOT NULL CHECK (kind IN ('exclusion', 'inclusion', 'curfew', 'attendance', 'trail_monitoring')),
  reference text NOT NULL UNIQUE CHECK (length(reference) BETWEEN 1 AND 100),
  created_at timestamptz NOT NULL DEFAULT service_clock()
);
CREATE INDEX licence_conditions_person ON licence_conditions (person_id);

-- A condition of somebody whose monitoring ended is not approved.
GRANT SELECT (ended_at) ON people TO cordon_api;

-- Whether one subject is among others, however it is written.
CREATE FUNCTION is_among_subjects(one text, others text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(bool_or(same_subject(one, other)), false) FROM unnest(others) AS other
$$;

CREATE TABLE condition_versions (
  condition_id bigint NOT NULL REFERENCES licence_conditions,
  version integer NOT NULL CHECK (version >= 1),
  status text NOT NULL DEFAULT 'draft' CHECK (
    status IN ('draft', 'live', 'refused', 'withdrawn', 'superseded', 'ended')),
  edition integer NOT NULL DEFAULT 1, -- of the draft; raised by each change of its content
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  wording text NOT NULL CHECK (length(wording) BETWEEN 1 AND 10000), -- as it stands on the licence
  starts_at timestamptz NOT NULL,
  ends_at timestamptz CHECK (ends_at > starts_at),
  geometry jsonb, -- as in zone_versions, as are the next four; NULL where there is no place
  schedule jsonb,
  preset text,
  policy jsonb,
  is_disclosed boolean NOT NULL DEFAULT false,
  drafters text[] NOT NULL CHECK (cardinality(drafters) BETWEEN 1 AND 100), -- everybody who wrote of it, in order
  drafted_at timestamptz NOT NULL DEFAULT service_clock(), -- the latest change
  decided_by text, -- approved, refused or withdrew it
  decided_at timestamptz,
  reason text CHECK (length(reason) BETWEEN 1 AND 1000), -- why it was refused, or ended
  zone_version integer, -- that its approval published, or found as it is
  closed_by text, -- who ended it, or approved what superseded it
  closed_at timestamptz,
  ended_at timestamptz, -- from when it no longer holds
  PRIMARY KEY (condition_id, version),
  CHECK ((status = 'draft') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)),
  CHECK ((status IN ('superseded', 'ended')) = (closed_by IS NOT NULL) AND (closed_by IS NULL) = (closed_at IS NULL)),
  CHECK ((status = 'ended') = (ended_at IS NOT NULL)),
  CHECK ((geometry IS NULL) = (preset IS NULL) AND (preset IS NULL) = (policy IS NULL)),
  CONSTRAINT decided_by_a_second_person CHECK (
    status IN ('draft', 'withdrawn') OR NOT is_among_subjects(decided_by, drafters))
);
CREATE UNIQUE INDEX condition_versions_one_draft ON condition_versions (condition_id) WHERE status = 'draft';
CREATE UNIQUE INDEX condition_versions_one_live ON condition_versions (condition_id) WHERE status = 'live';

-- What each change of a draft changed: whoever read an earlier edition is told.
CREATE TABLE condition_draft_changes (
  condition_id bigint NOT NULL,
  version integer NOT NULL,
  edition integer NOT NULL,
  fields text[] NOT NULL,
  changed_by text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT service_clock(),
  PRIMARY KEY (condition_id, version, edition),
  FOREIGN KEY (condition_id, version) REFERENCES condition_versions
);

-- A draft becomes what was decided, and what is live is superseded or ended; nothing goes back, and no decided word
-- changes, whoever asks.
CREATE FUNCTION keep_condition_versions() RETURNS trigger
LANGUAGE plpgsql SET search_path = cordon, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'a version of a condition is kept' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  IF NOT (OLD.status = NEW.status AND OLD.status = 'draft'
          OR OLD.status = 'draft' AND NEW.status IN ('live', 'refused', 'withdrawn')
          OR OLD.status = 'live' AND NEW.status IN ('superseded', 'ended')
          OR OLD.status = 'ended' AND NEW.status = 'ended' AND NEW.ended_at < OLD.ended_at -- it is brought forward
          OR OLD.status = 'live' AND NEW.status = 'live' AND OLD.zone_version IS NULL) THEN
    RAISE EXCEPTION 'a version that is % cannot become %', OLD.status, NEW.status
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  IF (OLD.condition_id, OLD.version) <> (NEW.condition_id, NEW.version)
     OR (OLD.decided_by IS NOT NULL AND (OLD.decided_by, OLD.decided_at) <> (NEW.decided_by, NEW.decided_at))
     OR NEW.drafters[:cardinality(OLD.drafters)] <> OLD.drafters THEN
    RAISE EXCEPTION 'who drafted and decided a version stays' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  IF (OLD.name, OLD.wording, OLD.starts_at, OLD.ends_at, OLD.geometry, OLD.schedule, OLD.preset, OLD.policy,
      OLD.is_disclosed, OLD.drafters, OLD.drafted_at, OLD.edition)
     IS DISTINCT FROM
     (NEW.name, NEW.wording, NEW.starts_at, NEW.ends_at, NEW.geometry, NEW.schedule, NEW.preset, NEW.policy,
      NEW.is_disclosed, NEW.drafters, NEW.drafted_at, NEW.edition)
     AND NOT (NEW.status = 'draft' AND NEW.edition = OLD.edition + 1) THEN
    RAISE EXCEPTION 'only a draft is changed, edition by edition' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER keep_condition_versions BEFORE UPDATE OR DELETE ON condition_versions
  FOR EACH ROW EXECUTE FUNCTION keep_condition_versions();

-- Whoever supervises a person drafts; managers and duty officers decide.
CREATE FUNCTION drafts_conditions(asking_role text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(asking_role IN ('practitioner', 'duty_officer', 'manager'), false) $$;
CREATE FUNCTION approves_conditions(asking_role text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(asking_role IN ('duty_officer', 'manager'), false) $$;

-- A reference names one condition and one zone. Which of these are taken, but not by whom.
CREATE FUNCTION references_of_conditions(wanted text[], with_drafts boolean) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT reference FROM licence_conditions condition
  WHERE reference = ANY (wanted) AND EXISTS (
    SELECT FROM condition_versions version
    WHERE version.condition_id = condition.condition_id
      AND (version.status IN ('live', 'superseded', 'ended') OR with_drafts AND version.status = 'draft'))
$$;
CREATE FUNCTION taken_references(wanted text[]) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT reference FROM licence_conditions WHERE reference = ANY (wanted)
  UNION SELECT reference FROM zones WHERE reference = ANY (wanted)
$$;

-- The end of a person ends what they had to keep to: conditions, and every zone of theirs. Drafts that wait are
-- withdrawn. Zones come back to be judged anew. The caller holds the registry's lock and has raised its revision.
CREATE FUNCTION end_conditions_of(wanted bigint, moment timestamptz, by_whom text, new_revision bigint)
RETURNS TABLE (conditions integer, drafts integer, zones bigint[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  IF NOT manages_people() THEN
    RAISE EXCEPTION 'this caller may not end a person' USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE condition_versions version SET status = 'withdrawn', decided_by = by_whom, decided_at = service_clock(),
    reason = 'the person''s monitoring ended'
    FROM licence_conditions condition WHERE condition.condition_id = version.condition_id AND person_id = wanted
      AND status = 'draft';
  GET DIAGNOSTICS drafts = ROW_COUNT;
  UPDATE condition_versions version SET status = 'ended', closed_by = by_whom, closed_at = service_clock(),
    ended_at = moment, reason = 'the person''s monitoring ended'
    FROM licence_conditions condition WHERE condition.condition_id = version.condition_id AND person_id = wanted
      AND (status = 'live' AND coalesce(ends_at > moment, true) OR status = 'ended' AND version.ended_at > moment);
  GET DIAGNOSTICS conditions = ROW_COUNT;
  WITH ended AS (
    UPDATE zone_versions version SET valid_to = greatest(valid_from, moment), revision = new_revision
    FROM cordon.zones zone WHERE zone.zone_id = version.zone_id AND zone.person_id = wanted
      AND (valid_to IS NULL OR valid_to > moment)
    RETURNING version.zone_id)
  SELECT coalesce(array_agg(DISTINCT zone_id), '{}') INTO zones FROM ended;
  RETURN NEXT;
END
$$;

-- What of a person's zones began to hold after a moment: such an end would be before its start.
CREATE FUNCTION zones_begun_after(wanted bigint, moment timestamptz) RETURNS TABLE (reference text, began_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT zone.reference, max(valid_from) FROM zones zone JOIN zone_versions USING (zone_id)
  WHERE zone.person_id = wanted AND manages_people() AND valid_from > moment AND valid_from <= service_clock()
    AND coalesce(valid_to > valid_from, true)
  GROUP BY zone.reference ORDER BY zone.reference
$$;

-- The last time that somebody rehearsed a zone of this reference over the caller's person: when, who, how many weeks.
CREATE FUNCTION last_rehearsal(wanted_person bigint, wanted_reference text)
RETURNS TABLE (rehearsed_at timestamptz, rehearsed_by text, weeks integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT happened_at, subject, (detail ->> 'weeks')::integer FROM audit_log
  WHERE person_id = wanted_person AND action = 'zone.rehearse' AND outcome = 'allowed'
    AND detail ->> 'reference' = wanted_reference AND may_see_person(wanted_person)
  ORDER BY happened_at DESC, audit_id DESC LIMIT 1
$$;

ALTER TABLE licence_conditions ENABLE ROW LEVEL SECURITY;
ALTER TABLE condition_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE condition_draft_changes ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON licence_conditions FOR SELECT TO cordon_worker USING (true);
CREATE POLICY worker_all ON condition_versions FOR SELECT TO cordon_worker USING (true);
CREATE POLICY caseload ON licence_conditions FOR SELECT TO cordon_api USING (
  (SELECT sees_everyone(current_setting('cordon.role', true)))
  OR person_id = ANY ((
    SELECT caseload(current_setting('cordon.subject', true), current_setting('cordon.role', true)))::bigint[])
);
CREATE POLICY drafted ON licence_conditions FOR INSERT TO cordon_api WITH CHECK (
  (SELECT drafts_conditions(current_setting('cordon.role', true))) AND may_see_person(person_id));
CREATE POLICY caseload ON condition_versions FOR SELECT TO cordon_api USING (
  EXISTS (SELECT FROM licence_conditions one WHERE one.condition_id = condition_versions.condition_id));
CREATE POLICY caseload ON condition_draft_changes FOR SELECT TO cordon_api USING (
  EXISTS (SELECT FROM licence_conditions one WHERE one.condition_id = condition_draft_changes.condition_id));
CREATE POLICY drafted ON condition_versions FOR INSERT TO cordon_api WITH CHECK (
  status = 'draft' AND edition = 1
  AND (SELECT drafts_conditions(current_setting('cordon.role', true)))
  AND drafters = ARRAY[current_setting('cordon.subject', true)]
  AND EXISTS (SELECT FROM licence_conditions one WHERE one.condition_id = condition_versions.condition_id));
CREATE POLICY drafted ON condition_draft_changes FOR INSERT TO cordon_api WITH CHECK (
  changed_by = current_setting('cordon.subject', true)
  AND EXISTS (SELECT FROM licence_conditions one WHERE one.condition_id = condition_draft_changes.condition_id));
-- In the caller's own name.
CREATE POLICY decided ON condition_versions FOR UPDATE TO cordon_api
  USING (EXISTS (SELECT FROM licence_conditions one WHERE one.condition_id = condition_versions.condition_id))
  WITH CHECK (
    CASE status
      WHEN 'draft' THEN drafts_conditions(current_setting('cordon.role', true))
        AND drafters[cardinality(drafters)] = current_setting('cordon.subject', true)
      WHEN 'withdrawn' THEN drafts_conditions(current_setting('cordon.role', true))
        AND decided_by = current_setting('cordon.subject', true)
      WHEN 'superseded' THEN approves_conditions(current_setting('cordon.role', true))
        AND closed_by = current_setting('cordon.subject', true)
      WHEN 'ended' THEN approves_conditions(current_setting('cordon.role', true))
        AND closed_by = current_setting('cordon.subject', true)
      ELSE approves_conditions(current_setting('cordon.role', true))
        AND decided_by = current_setting('cordon.subject', true)
    END);

-- A person's zone that watches comes with a condition: whoever approved it publishes it, as it was approved.
-- Administrators draw what is shared, and other kinds.
DROP POLICY drawn ON zones;
DROP POLICY drawn ON zone_versions;
DROP POLICY ended ON zone_versions;
CREATE POLICY drawn ON zones FOR INSERT TO cordon_api WITH CHECK (
  (SELECT draws_zones(current_setting('cordon.role', true)))
  OR ((SELECT approves_conditions(current_setting('cordon.role', true)))
      AND EXISTS (
        SELECT FROM licence_conditions one JOIN condition_versions version USING (condition_id)
        WHERE one.reference = zones.reference AND one.person_id = zones.person_id
          AND version.status = 'live' AND version.decided_by = current_setting('cordon.subject', true)))
);
CREATE POLICY drawn ON zone_versions FOR INSERT TO cordon_api WITH CHECK (
  ((SELECT draws_zones(current_setting('cordon.role', true)))
   AND (kind NOT IN ('exclusion', 'inclusion', 'curfew')
        OR EXISTS (SELECT FROM zones WHERE zones.zone_id = zone_versions.zone_id AND zones.person_id IS NULL)))
  OR ((SELECT approves_conditions(current_setting('cordon.role', true)))
      AND EXISTS (
        SELECT FROM zones
        JOIN licence_conditions one ON one.reference = zones.reference AND one.person_id = zones.person_id
        JOIN condition_versions approved USING (condition_id)
        WHERE zones.zone_id = zone_versions.zone_id
          AND approved.status = 'live' AND approved.decided_by = current_setting('cordon.subject', true)
          AND zone_versions.kind = CASE one.kind WHEN 'attendance' THEN 'inclusion' ELSE one.kind END
          AND approved.geometry = zone_versions.geometry
          AND approved.schedule IS NOT DISTINCT FROM zone_versions.schedule
          AND approved.policy = zone_versions.policy))
);
CREATE POLICY ended ON zone_versions FOR UPDATE TO cordon_api USING (
  ((SELECT draws_zones(current_setting('cordon.role', true)))
   AND NOT EXISTS (
     SELECT FROM zones WHERE zones.zone_id = zone_versions.zone_id AND zones.person_id IS NOT NULL
       AND zone_versions.kind IN ('exclusion', 'inclusion', 'curfew')))
  OR ((SELECT approves_conditions(current_setting('cordon.role', true)))
      AND EXISTS (
        SELECT FROM zones
        JOIN licence_conditions one ON one.reference = zones.reference AND one.person_id = zones.person_id
        WHERE zones.zone_id = zone_versions.zone_id))
);

REVOKE ALL ON FUNCTION is_among_subjects(text, text[]), keep_condition_versions(), drafts_conditions(text),
  approves_conditions(text), references_of_conditions(text[], boolean), taken_references(text[]), last_rehearsal(bigint, text),
  end_conditions_of(bigint, timestamptz, text, bigint), zones_begun_after(bigint, timestamptz) FROM public;
GRANT EXECUTE ON FUNCTION is_among_subjects(text, text[]), drafts_conditions(text), approves_conditions(text),
  references_of_conditions(text[], boolean), taken_references(text[]), last_rehearsal(bigint, text),
  end_conditions_of(bigint, timestamptz, text, bigint), zones_begun_after(bigint, timestamptz) TO cordon_api;
GRANT SELECT ON licence_conditions, condition_versions TO cordon_worker;
GRANT SELECT ON licence_conditions, condition_versions, condition_draft_changes TO cordon_api;
GRANT INSERT (person_id, kind, reference) ON licence_conditions TO cordon_api;
GRANT INSERT (condition_id, version, name, wording, starts_at, ends_at, geometry, schedule, preset, policy,
  is_disclosed, drafters) ON condition_versions TO cordon_api;
GRANT UPDATE (status, edition, name, wording, starts_at, ends_at, geometry, schedule, preset, policy, is_disclosed,
  drafters, drafted_at, decided_by, decided_at, reason, zone_version, closed_by, closed_at, ended_at)
  ON condition_versions TO cordon_api;
GRANT INSERT (condition_id, version, edition, fields, changed_by) ON condition_draft_changes TO cordon_api;
