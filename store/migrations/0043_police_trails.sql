-- A police request for a trail is a case of its own: asked for by one, with a reason and a legal basis, bound in time and
-- area; authorised by a manager of probation who sees the person; it expires. Of whom police name by number they learn no
-- more than what was authorised: "refused", "nobody decided", "not tagged" and "not known here" are one answer, at one time.

-- Degrees on the ellipsoid (WGS84) to metres, north and east: the first terms of the series of its radii of curvature. A
-- distance of 2 km is then less than 1 mm off the geodesic, up to 85 degrees of latitude.
CREATE FUNCTION metres_north_of_degree(lat double precision) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
  SELECT 111132.954 - 559.822 * cosd(2 * lat) + 1.175 * cosd(4 * lat)
$$;
CREATE FUNCTION metres_east_of_degree(lat double precision) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
  SELECT 111412.84 * cosd(lat) - 93.5 * cosd(3 * lat) + 0.118 * cosd(5 * lat)
$$;
CREATE FUNCTION metres_apart(
  lat double precision, lon double precision, other_lat double precision, other_lon double precision
) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$ -- by their full names, for it is asked of each position
  SELECT sqrt(((lat - other_lat) * cordon.metres_north_of_degree((lat + other_lat) / 2)) ^ 2
    + ((lon - other_lon) * cordon.metres_east_of_degree((lat + other_lat) / 2)) ^ 2)
$$;

-- An outline, [[lon, lat], …] with its first corner repeated at its end, as a polygon in degrees.
CREATE FUNCTION outline_polygon(outline jsonb) RETURNS polygon
LANGUAGE sql IMMUTABLE STRICT SET search_path = cordon, pg_temp AS $$
  SELECT ('(' || string_agg(format('(%s,%s)', corner ->> 0, corner ->> 1), ',' ORDER BY place) || ')')::polygon
  FROM jsonb_array_elements(outline) WITH ORDINALITY AS given (corner, place)
$$;

-- A circle of 2 km at most, or an outline of 12 km². What encloses an outline is bound too, to what encloses that circle,
-- for a figure that crosses itself has a small area wherever it reaches.
CREATE FUNCTION is_trail_area(lat double precision, lon double precision, radius_m double precision, outline jsonb)
RETURNS boolean LANGUAGE sql IMMUTABLE SET search_path = cordon, pg_temp AS $$
  SELECT CASE
    WHEN outline IS NULL THEN coalesce(lat BETWEEN -85 AND 85 AND lon BETWEEN -180 AND 180
      AND radius_m > 0 AND radius_m <= 2000, false)
    ELSE num_nonnulls(lat, lon, radius_m) = 0 AND jsonb_array_length(outline) BETWEEN 4 AND 100
      AND outline -> 0 = outline -> -1 AND (
        SELECT (around[1])[1] BETWEEN -85 AND 85 AND (around[0])[1] BETWEEN -85 AND 85
          AND (around[1])[0] BETWEEN -180 AND 180 AND (around[0])[0] BETWEEN -180 AND 180
          AND area(path(figure)) * square_m <= 12e6 AND area(around) * square_m <= 16e6
          AND height(around) * metres_north_of_degree(0) <= 8000
          AND width(around) * metres_east_of_degree((center(around))[1]) <= 8000
        FROM (SELECT outline_polygon(outline) AS figure) given
        CROSS JOIN LATERAL (SELECT box(figure) AS around) enclosing
        CROSS JOIN LATERAL (
          SELECT metres_north_of_degree((center(around))[1]) * metres_east_of_degree((center(around))[1]) AS square_m
        ) measured)
  END
$$;

-- Never changed once it is asked for.
CREATE TABLE trail_requests (
  trail_request_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  force text NOT NULL,
  crn text CHECK (length(crn) BETWEEN 1 AND 32), -- whether or not it is somebody's here
  result_id bigint REFERENCES matching_result_records, -- or the wearer of a match that a reviewer confirmed
  crime_id bigint REFERENCES crimes, -- what it is for; a match's own
  operation text CHECK (length(operation) BETWEEN 1 AND 200), -- or that
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  legal_basis text NOT NULL CHECK (legal_basis IN ('court_order', 'production_order', 'prevention_and_detection',
    'management_of_offenders', 'reduction_of_crime', 'threat_to_life')), -- model/trails.py
  basis_reference text NOT NULL CHECK (length(basis_reference) BETWEEN 1 AND 200),
  from_time timestamptz NOT NULL,
  to_time timestamptz NOT NULL CHECK (to_time > from_time AND to_time - from_time <= interval '7 days'),
  lat double precision, -- of a circle's centre
  lon double precision,
  radius_m double precision,
  outline jsonb,
  requested_by text NOT NULL CHECK (length(requested_by) BETWEEN 1 AND 200),
  requested_at timestamptz NOT NULL DEFAULT service_clock(),
  CHECK (to_time <= requested_at), -- what was, and nothing that comes
  CHECK (num_nonnulls(crn, result_id) = 1),
  CHECK (num_nonnulls(crime_id, operation) = 1),
  CHECK (result_id IS NULL OR crime_id IS NOT NULL),
  CONSTRAINT trail_area_in_bounds CHECK (is_trail_area(lat, lon, radius_m, outline))
);
CREATE INDEX trail_requests_requester ON trail_requests (force, requested_by, trail_request_id);
CREATE INDEX trail_requests_crn ON trail_requests (crn);

-- What was decided, one row each; never changed.
CREATE TABLE trail_decisions (
  trail_decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  trail_request_id bigint NOT NULL REFERENCES trail_requests ON DELETE CASCADE,
  decision text NOT NULL CHECK (decision IN ('authorised', 'refused', 'extended', 'revoked')),
  person_id bigint NOT NULL REFERENCES people,
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  decided_by text NOT NULL CHECK (length(decided_by) BETWEEN 1 AND 200),
  decided_at timestamptz NOT NULL DEFAULT service_clock(),
  expires_at timestamptz,
  CHECK ((decision IN ('authorised', 'extended')) = (expires_at IS NOT NULL)),
  CHECK (expires_at > decided_at AND expires_at - decided_at <= interval '72 hours')
);
CREATE INDEX trail_decisions_request ON trail_decisions (trail_request_id, trail_decision_id);
CREATE INDEX trail_decisions_person ON trail_decisions (person_id, decided_at) WHERE decision = 'authorised';

-- Whose managers were told that a request waits, and how many of them.
CREATE TABLE trail_request_tellings (
  trail_request_id bigint PRIMARY KEY REFERENCES trail_requests ON DELETE CASCADE,
  managers integer NOT NULL,
  told_at timestamptz NOT NULL DEFAULT service_clock()
);

CREATE FUNCTION trail_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a request for a trail, and what was decided of it, are never changed: make another'
    USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER stays BEFORE UPDATE ON trail_requests FOR EACH ROW EXECUTE FUNCTION trail_stays();
CREATE TRIGGER stays BEFORE UPDATE ON trail_decisions FOR EACH ROW EXECUTE FUNCTION trail_stays();

CREATE FUNCTION trail_person(asked trail_requests) RETURNS bigint
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  SELECT CASE WHEN asked.crn IS NOT NULL THEN (SELECT person_id FROM people WHERE people.crn = asked.crn)
    ELSE (SELECT person_id FROM matching_result_records WHERE result_id = asked.result_id) END
$$;
CREATE FUNCTION trail_decided_until(asked trail_requests) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT asked.requested_at + interval '72 hours'
$$;

-- Whether the time is no child's, and the match still holds.
CREATE FUNCTION may_be_trailed(asked trail_requests) RETURNS boolean
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  SELECT NOT touches_quarantine(trail_person(asked), asked.from_time, asked.to_time)
    AND (asked.result_id IS NULL OR match_is_confirmed(asked.result_id))
$$;

-- Where a request stands now, as it is. An authorisation ends of itself when it expires, when the window turns out to be
-- one of a child's, and when the match is no longer confirmed.
CREATE FUNCTION trail_standing(asked trail_requests, OUT state text, OUT expires_at timestamptz)
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  SELECT CASE
      WHEN decided.kinds && ARRAY['refused'] THEN 'refused'
      WHEN decided.kinds && ARRAY['revoked'] THEN 'revoked'
      WHEN decided.until IS NULL THEN CASE WHEN moment < trail_decided_until(asked) THEN 'requested' ELSE 'lapsed' END
      WHEN NOT may_be_trailed(asked) THEN 'revoked'
      WHEN moment >= decided.until THEN 'expired'
      ELSE 'authorised'
    END, decided.until
  FROM (
    SELECT array_agg(decision.decision) AS kinds, max(decision.expires_at) AS until
    FROM trail_decisions decision WHERE decision.trail_request_id = asked.trail_request_id) decided
  CROSS JOIN (SELECT service_clock() AS moment) clock
$$;

-- What police are told of it. Of whom they named by number, nothing tells before the time is over that somebody refused.
CREATE FUNCTION trail_state_for_police(asked trail_requests) RETURNS text
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  SELECT CASE
    WHEN state IN ('authorised', 'expired', 'revoked') THEN state
    WHEN state <> 'requested' AND asked.result_id IS NOT NULL THEN 'not_granted'
    WHEN service_clock() < trail_decided_until(asked) THEN 'requested'
    ELSE 'not_granted'
  END FROM trail_standing(asked)
$$;

-- Whoever writes, this is asked: another person decides, in time, of the person asked for, and not piece by piece. Six in 28
-- days: a week each, they are more than that time; who needs more of one person goes to a court.
CREATE FUNCTION trail_decision_holds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  asked trail_requests;
  standing record;
BEGIN
  SELECT * INTO STRICT asked FROM trail_requests WHERE trail_request_id = NEW.trail_request_id FOR UPDATE;
  PERFORM FROM people WHERE person_id = NEW.person_id FOR NO KEY UPDATE; -- no other request, no corrected date of birth
  SELECT * INTO standing FROM trail_standing(asked);
  IF same_subject(asked.requested_by, NEW.decided_by) THEN
    RAISE EXCEPTION 'nobody decides on what they asked for themselves' USING ERRCODE = 'insufficient_privilege';
  ELSIF NEW.person_id IS DISTINCT FROM trail_person(asked) THEN
    RAISE EXCEPTION 'the request is not for this person' USING ERRCODE = 'check_violation';
  ELSIF standing.state <> (CASE WHEN NEW.decision IN ('authorised', 'refused') THEN 'requested' ELSE 'authorised' END) THEN
    RAISE EXCEPTION 'the request is %: one that waits is authorised or refused, an authorised one extended or revoked',
      standing.state USING ERRCODE = 'object_not_in_prerequisite_state';
  ELSIF NEW.decision IN ('refused', 'revoked') THEN
    RETURN NEW;
  ELSIF NOT may_be_trailed(asked) THEN
    RAISE EXCEPTION 'what was recorded in this window is shut away, or the match is not confirmed'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  ELSIF NEW.decision = 'authorised' AND (
    SELECT count(*) FROM trail_decisions earlier WHERE earlier.person_id = NEW.person_id
      AND earlier.decision = 'authorised' AND earlier.decided_at > service_clock() - interval '28 days') >= 6 THEN
    RAISE EXCEPTION 'six requests for this person''s trail were authorised in the last 28 days: no more are'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  ELSIF NEW.decision = 'extended' AND (NEW.expires_at <= standing.expires_at OR NEW.expires_at > (
    SELECT decided_at FROM trail_decisions first
    WHERE first.trail_request_id = asked.trail_request_id AND first.decision = 'authorised') + interval '7 days') THEN
    RAISE EXCEPTION 'an extension ends later than before, and not later than 7 days after the authorisation'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER holds BEFORE INSERT ON trail_decisions FOR EACH ROW EXECUTE FUNCTION trail_decision_holds();
ALTER TABLE trail_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE trail_decisions ENABLE ROW LEVEL SECURITY;
ALTER TABLE trail_request_tellings ENABLE ROW LEVEL SECURITY;

REVOKE ALL ON FUNCTION metres_north_of_degree(double precision), metres_east_of_degree(double precision),
  metres_apart(double precision, double precision, double precision, double precision), outline_polygon(jsonb),
  is_trail_area(double precision, double precision, double precision, jsonb), trail_stays(), trail_person(trail_requests),
  trail_decided_until(trail_requests), trail_standing(trail_requests), may_be_trailed(trail_requests),
  trail_state_for_police(trail_requests), trail_decision_holds() FROM public;
