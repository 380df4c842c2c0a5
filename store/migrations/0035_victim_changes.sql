-- Which victims' facts, choices or tasks were changed since the duty process looked at them: written in the transaction
-- of the change, whoever makes it, so that no look is lost by a restart, by late data or by what commits in another order.

-- Rows are only added, and never waited for; the duty process deletes those it has read.
CREATE TABLE victim_changes (
  change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  victim_id bigint NOT NULL
);
INSERT INTO victim_changes (victim_id) SELECT victim_id FROM victims;
ALTER TABLE victim_zone_rounds ADD COLUMN rules_version integer; -- by which tasks were decided last

CREATE INDEX victim_tasks_fact ON victim_tasks (fact);

CREATE FUNCTION note_victim_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  INSERT INTO victim_changes (victim_id)
    VALUES (CASE TG_OP WHEN 'DELETE' THEN OLD.victim_id ELSE NEW.victim_id END);
  RETURN NULL;
END
$$;
CREATE TRIGGER note_change AFTER UPDATE OF ended_at ON victims FOR EACH ROW EXECUTE FUNCTION note_victim_change();
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON victim_zones
  FOR EACH ROW EXECUTE FUNCTION note_victim_change();
CREATE TRIGGER note_change AFTER INSERT OR UPDATE ON victim_choices
  FOR EACH ROW EXECUTE FUNCTION note_victim_change();
CREATE TRIGGER note_change AFTER INSERT OR UPDATE ON victim_tasks FOR EACH ROW EXECUTE FUNCTION note_victim_change();

-- An alert of a victim's zone, or one that a victim has a task of.
CREATE FUNCTION note_victims_of_raised() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  INSERT INTO victim_changes (victim_id) SELECT DISTINCT victim_id FROM added JOIN victim_zones USING (zone_id);
  RETURN NULL;
END
$$;
CREATE TRIGGER note_victims_of_raised AFTER INSERT ON alerts REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION note_victims_of_raised();
CREATE FUNCTION note_victims_of_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  WITH changed AS (
    SELECT after.alert_id, after.zone_id FROM after JOIN before USING (alert_id)
    WHERE (after.kind, after.state, after.began_at, after.raised_at, after.evidence -> 'inferred')
      IS DISTINCT FROM (before.kind, before.state, before.began_at, before.raised_at, before.evidence -> 'inferred')
  )
  INSERT INTO victim_changes (victim_id)
    SELECT victim_id FROM changed JOIN victim_zones USING (zone_id)
    UNION
    SELECT victim_id FROM changed JOIN victim_tasks ON fact IN ('breach:' || alert_id, 'recall:' || alert_id);
  RETURN NULL;
END
$$;
CREATE TRIGGER note_victims_of_changed AFTER UPDATE ON alerts REFERENCING OLD TABLE AS before NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION note_victims_of_changed();

-- How an alert of theirs was closed, or one by which the wearer of any of their zones is recalled.
CREATE FUNCTION note_victims_of_closed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  WITH changed AS (
    SELECT after.alert_id, after.person_id, alert.zone_id
    FROM after JOIN before USING (alert_id) JOIN alerts alert USING (alert_id)
    WHERE (after.outcome, after.closed_at) IS DISTINCT FROM (before.outcome, before.closed_at)
  )
  INSERT INTO victim_changes (victim_id)
    SELECT victim_id FROM changed JOIN victim_zones USING (zone_id)
    UNION
    SELECT victim_id FROM changed JOIN zones USING (person_id) JOIN victim_zones ON victim_zones.zone_id = zones.zone_id
    UNION
    SELECT victim_id FROM changed JOIN victim_tasks ON fact IN ('breach:' || alert_id, 'recall:' || alert_id);
  RETURN NULL;
END
$$;
CREATE TRIGGER note_victims_of_closed AFTER UPDATE ON alert_cases REFERENCING OLD TABLE AS before NEW TABLE AS after
  FOR EACH STATEMENT EXECUTE FUNCTION note_victims_of_closed();

ALTER TABLE victim_changes ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON victim_changes TO cordon_worker USING (true) WITH CHECK (true);
GRANT SELECT, DELETE ON victim_changes TO cordon_worker;
REVOKE ALL ON FUNCTION note_victim_change(), note_victims_of_raised(), note_victims_of_changed(),
  note_victims_of_closed() FROM public;
