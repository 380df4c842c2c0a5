#!/usr/bin/env bash
# The database's owner and the logins that own nothing. PostgreSQL's image runs this once, on a new data folder;
# on a server of your own, run it as a superuser with psql's usual variables (docs/operations.md).
set -euo pipefail
secrets=${SECRETS_FOLDER:-/run/secrets}

# Letters and digits only: the passwords also stand in URLs, where other characters would have to be escaped.
secret() {
  local value
  value=$(<"$secrets/$1")
  if [[ ! $value =~ ^[A-Za-z0-9]{16,}$ ]]; then
    echo "the secret $1 must have at least 16 letters and digits, and nothing else" >&2
    exit 1
  fi
  printf '%s' "$value"
}

OWNER_PASSWORD=$(secret database_owner_password)
WORKER_PASSWORD=$(secret database_worker_password)
API_PASSWORD=$(secret database_api_password)
SEALER_PASSWORD=$(secret database_sealer_password)
KEEPER_PASSWORD=$(secret database_keeper_password)
# Read by \getenv: an argument would show in the list of processes.
export OWNER_PASSWORD WORKER_PASSWORD API_PASSWORD SEALER_PASSWORD KEEPER_PASSWORD

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname "$POSTGRES_DB" <<'SQL'
\getenv owner_password OWNER_PASSWORD
\getenv worker_password WORKER_PASSWORD
\getenv api_password API_PASSWORD
\getenv sealer_password SEALER_PASSWORD
\getenv keeper_password KEEPER_PASSWORD
SET log_statement = 'none';
SELECT format('CREATE ROLE %I NOLOGIN', wanted)
FROM unnest(ARRAY['cordon_worker', 'cordon_api', 'cordon_sealer', 'cordon_keeper']) AS wanted
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) \gexec
CREATE ROLE cordon_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE cordon_worker_login LOGIN PASSWORD :'worker_password' IN ROLE cordon_worker;
CREATE ROLE cordon_api_login LOGIN PASSWORD :'api_password' IN ROLE cordon_api;
CREATE ROLE cordon_sealer_login LOGIN PASSWORD :'sealer_password' IN ROLE cordon_sealer;
CREATE ROLE cordon_keeper_login LOGIN PASSWORD :'keeper_password' IN ROLE cordon_keeper;
SELECT current_database() AS name \gset
ALTER DATABASE :"name" OWNER TO cordon_owner;
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
-- Late positions of the worker, files that are sent to the API, and what retention lets go pass through temporary tables.
GRANT CONNECT, TEMPORARY ON DATABASE :"name" TO cordon_worker, cordon_api, cordon_keeper;
GRANT CONNECT ON DATABASE :"name" TO cordon_sealer;
-- Statements and the details of errors hold personal data, a victim's address too; the server's log does not.
ALTER DATABASE :"name" SET log_min_error_statement = 'panic';
ALTER DATABASE :"name" SET log_error_verbosity = 'terse';
ALTER DATABASE :"name" SET log_statement = 'none';
ALTER DATABASE :"name" SET log_min_duration_statement = -1;
SQL
