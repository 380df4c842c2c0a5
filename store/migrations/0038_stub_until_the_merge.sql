-- TEMPORARY: stands for 0037_caseloads.sql and 0038_lawful_times.sql until they are merged; delete it then.
CREATE FUNCTION lawful_times(wanted bigint, from_time timestamptz, to_time timestamptz) RETURNS tstzmultirange
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  SELECT tstzmultirange(tstzrange(from_time, to_time)) WHERE wanted IS NOT NULL
$$;
CREATE FUNCTION earliest_seen(wanted bigint) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT timestamptz '-infinity' WHERE wanted IS NOT NULL
$$;
REVOKE ALL ON FUNCTION lawful_times(bigint, timestamptz, timestamptz), earliest_seen(bigint) FROM public;
