-- Roles that own nothing, and the registry: people, devices, who wore what when, and the zones of their conditions.
-- The roles cannot log in by themselves: a deployment makes logins and puts them into these (docs/operations.md).
DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['cordon_worker', 'cordon_api'] LOOP
    CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = wanted); -- an owner may lack the right to make roles
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- roles are shared by the databases of a server; another one made it
    END;
  END LOOP;
END
$$;

GRANT USAGE ON SCHEMA cordon TO cordon_worker, cordon_api;

-- One number that every change of the registry raises; a worker that sees it unchanged knows that its copy is current.
CREATE TABLE registry_revision (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  revision bigint NOT NULL
);
INSERT INTO registry_revision (revision) VALUES (0);

CREATE TABLE people (
  person_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  crn text NOT NULL UNIQUE CHECK (length(crn) BETWEEN 1 AND 32),
  nomis_id text,
  pnc_id text,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  date_of_birth date,
  practitioner text, -- the subject of the supervising practitioner's token
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX people_practitioner ON people (practitioner);

CREATE TABLE devices (
  device_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  serial text NOT NULL UNIQUE CHECK (length(serial) BETWEEN 1 AND 64),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE device_activations (
  activation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  device_id integer NOT NULL REFERENCES devices,
  person_id bigint NOT NULL REFERENCES people,
  during tstzrange NOT NULL CHECK (NOT isempty(during) AND NOT lower_inf(during) AND lower_inc(during)),
  revision bigint NOT NULL,
  -- int4range instead of btree_gist, which the embedded server lacks
  CONSTRAINT one_wearer_at_a_time
    EXCLUDE USING gist (int4range(device_id, device_id, '[]') WITH &&, during WITH &&)
);
CREATE INDEX device_activations_device ON device_activations (device_id);
CREATE INDEX device_activations_person ON device_activations (person_id);
CREATE INDEX device_activations_revision ON device_activations (revision);

CREATE TABLE zones (
  zone_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  reference text NOT NULL UNIQUE CHECK (length(reference) BETWEEN 1 AND 100),
  person_id bigint REFERENCES people, -- NULL: shared, applies to every wearer
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX zones_person ON zones (person_id);

CREATE TABLE zone_versions (
  zone_id bigint NOT NULL REFERENCES zones,
  version integer NOT NULL CHECK (version >= 1),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  kind text NOT NULL CHECK (kind IN ('exclusion', 'crime_scene')),
  geometry jsonb NOT NULL, -- GeoJSON as it was given, validated at intake
  valid_from timestamptz NOT NULL,
  valid_to timestamptz CHECK (valid_to >= valid_from),
  active_from timestamptz,
  active_to timestamptz CHECK (active_to > active_from),
  revision bigint NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (zone_id, version)
);
CREATE INDEX zone_versions_revision ON zone_versions (revision);

GRANT SELECT ON registry_revision, people, devices, device_activations, zones, zone_versions TO cordon_worker;
GRANT SELECT ON registry_revision, devices, zones, zone_versions TO cordon_api;
GRANT SELECT (person_id, crn, name, practitioner) ON people TO cordon_api;
GRANT UPDATE ON registry_revision TO cordon_api;
GRANT INSERT ON zones, zone_versions TO cordon_api;
GRANT UPDATE (valid_to, revision) ON zone_versions TO cordon_api;
