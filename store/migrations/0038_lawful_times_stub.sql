-- TEMPORARY: the lawful room's 0038 replaces this file; delete it before the merge.
CREATE FUNCTION lawful_times(wanted bigint, from_time timestamptz, to_time timestamptz) RETURNS tstzmultirange
LANGUAGE sql STABLE SET search_path = cordon, pg_temp AS $$
  SELECT tstzmultirange(tstzrange(from_time, to_time)) WHERE wanted IS NOT NULL
$$;
REVOKE ALL ON FUNCTION lawful_times(bigint, timestamptz, timestamptz) FROM public;
