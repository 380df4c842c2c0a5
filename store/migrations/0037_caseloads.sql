CREATE FUNCTION earliest_seen(wanted bigint) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$ SELECT timestamptz '-infinity' $$;
REVOKE ALL ON FUNCTION earliest_seen(bigint) FROM public;
