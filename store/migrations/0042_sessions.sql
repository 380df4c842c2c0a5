-- Signing in. A session is one browser's of one person, from their sign-in on; only the hash of its cookie is kept. The
-- API's login has no right to the table: it opens, asks for and ends sessions by functions. Deadlines of sessions and
-- tokens go by the real clock, whatever time a database plays.

-- A name as everybody would read it: officers who differ in capitals or blanks alone are one.
CREATE FUNCTION bare_subject(subject text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = cordon, pg_temp AS $$
  SELECT lower(regexp_replace(normalize(subject, NFKC), '\s', '', 'g') COLLATE pg_c_utf8)
$$;
CREATE INDEX staff_bare_subject ON staff (bare_subject(subject));

-- Whoever was on the staff and is not any more. Who never was, such as police, has not left.
CREATE FUNCTION has_left(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT coalesce(bool_and(ended_at IS NOT NULL), false) FROM staff WHERE bare_subject(subject) = bare_subject(wanted)
$$;

DROP FUNCTION authenticate_token(bytea);
CREATE FUNCTION authenticate_token(hash bytea)
RETURNS TABLE (subject text, role text, expires_at timestamptz, force text, has_left boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT token.subject, token.role, token.expires_at, token.force, has_left(token.subject) FROM access_tokens token
  WHERE token.token_hash = hash AND token.revoked_at IS NULL AND token.expires_at > now()
$$;

CREATE TABLE sessions (
  session_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  session_hash bytea NOT NULL UNIQUE CHECK (length(session_hash) = 32), -- SHA-256 of the cookie's value
  attempt_hash bytea UNIQUE CHECK (length(attempt_hash) = 32), -- one attempt to sign in opens one session, once
  subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
  role text NOT NULL,
  force text,
  provider_subject text, -- whom the provider calls so, and in which of its sessions: it may end them
  provider_session text,
  token_id bigint REFERENCES access_tokens, -- signed in with this token, in a demonstration
  created_at timestamptz NOT NULL DEFAULT now(),
  used_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  CONSTRAINT session_of_provider_or_token CHECK ((provider_subject IS NULL) <> (token_id IS NULL))
);
CREATE INDEX sessions_of_provider ON sessions (provider_subject) WHERE ended_at IS NULL;
CREATE INDEX sessions_of_token ON sessions (token_id);

-- A session for whom the provider has named. NULL when this attempt has opened one before: it is replayed.
CREATE FUNCTION open_session(
  hash bytea, attempt bytea, wanted_subject text, wanted_role text, wanted_force text, of_provider text,
  in_provider_session text, lasts interval
) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  INSERT INTO sessions (session_hash, attempt_hash, subject, role, force, provider_subject, provider_session, expires_at)
  VALUES (hash, attempt, wanted_subject, wanted_role, wanted_force, of_provider, in_provider_session, now() + lasts)
  ON CONFLICT (attempt_hash) DO NOTHING
  RETURNING session_id
$$;

-- The owner says so of a database that holds nobody's data but invented people's; `cordon demo` does.
CREATE TABLE demonstration (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row));
CREATE FUNCTION is_demonstration() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT EXISTS (SELECT FROM demonstration)
$$;

-- A session for the bearer of a token, in a demonstration and nowhere else, whatever a program is told.
CREATE FUNCTION open_local_session(hash bytea, with_token bytea, lasts interval)
RETURNS TABLE (session_id bigint, subject text, role text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  INSERT INTO sessions (session_hash, subject, role, force, token_id, expires_at)
  SELECT hash, token.subject, token.role, token.force, token.token_id, least(now() + lasts, token.expires_at)
  FROM access_tokens token
  WHERE token.token_hash = with_token AND token.revoked_at IS NULL AND token.expires_at > now()
    AND NOT has_left(token.subject) AND is_demonstration()
  RETURNING sessions.session_id, sessions.subject, sessions.role
$$;

-- Whose session it is, while it lasts. Only a use puts its idle end off, noted in steps of a thirtieth of that time: a
-- stream that is looked at by nobody is no use.
CREATE FUNCTION authenticate_session(hash bytea, idle interval, is_use boolean)
RETURNS TABLE (subject text, role text, expires_at timestamptz, force text, has_left boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT session.subject, session.role, session.expires_at, session.force, has_left(session.subject)
    FROM sessions session LEFT JOIN access_tokens token ON token.token_id = session.token_id
    WHERE session.session_hash = hash AND session.ended_at IS NULL AND session.expires_at > now()
      AND session.used_at > now() - idle AND token.revoked_at IS NULL;
  IF FOUND AND is_use THEN
    UPDATE sessions SET used_at = now() WHERE session_hash = hash AND used_at < now() - idle / 30;
  END IF;
END
$$;

CREATE FUNCTION end_session(hash bytea) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  UPDATE sessions SET ended_at = now() WHERE session_hash = hash AND ended_at IS NULL RETURNING session_id
$$;

-- The provider has signed somebody out: of one of its sessions, or of all where it names none. Whose sessions ended.
CREATE FUNCTION end_sessions_of_provider(of_provider text, in_provider_session text)
RETURNS TABLE (session_id bigint, subject text, role text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  UPDATE sessions SET ended_at = now()
  WHERE ended_at IS NULL AND provider_subject IS NOT NULL
    AND (of_provider IS NULL OR provider_subject = of_provider)
    AND (in_provider_session IS NULL OR provider_session = in_provider_session)
    AND (of_provider IS NOT NULL OR in_provider_session IS NOT NULL)
  RETURNING sessions.session_id, sessions.subject, sessions.role
$$;

REVOKE ALL ON FUNCTION bare_subject(text), has_left(text), authenticate_token(bytea), is_demonstration(),
  open_session(bytea, bytea, text, text, text, text, text, interval), open_local_session(bytea, bytea, interval),
  authenticate_session(bytea, interval, boolean), end_session(bytea), end_sessions_of_provider(text, text) FROM public;
GRANT EXECUTE ON FUNCTION bare_subject(text) TO cordon_api, cordon_worker; -- the index on staff
GRANT EXECUTE ON FUNCTION has_left(text), authenticate_token(bytea), is_demonstration(),
  open_session(bytea, bytea, text, text, text, text, text, interval), open_local_session(bytea, bytea, interval),
  authenticate_session(bytea, interval, boolean), end_session(bytea), end_sessions_of_provider(text, text) TO cordon_api;
