-- Delivery: webhooks and their secrets, each attempt, what was given up, and the receipts of messages.

ALTER TABLE outbox
  ADD COLUMN queued_at timestamptz NOT NULL DEFAULT service_clock(),
  ADD COLUMN dead_at timestamptz; -- given up; seen and sent again by hand
DROP INDEX outbox_waiting;
CREATE INDEX outbox_waiting ON outbox (channel, event_id) WHERE delivered_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_dead ON outbox (event_id) WHERE dead_at IS NOT NULL;

-- Where alert events are posted to. Its secrets stand apart.
CREATE TABLE webhooks (
  webhook_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel text NOT NULL GENERATED ALWAYS AS ('webhook:' || webhook_id::text) STORED UNIQUE, -- in the outbox
  url text NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
  description text NOT NULL CHECK (length(description) BETWEEN 1 AND 200),
  changes text[] NOT NULL DEFAULT '{}', -- empty: all
  severities text[] NOT NULL DEFAULT '{}', -- empty: all
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT service_clock(),
  disabled_at timestamptz,
  disabled_reason text,
  failures integer NOT NULL DEFAULT 0, -- since it last took something
  paused_until timestamptz, -- tried again then
  last_delivered_at timestamptz,
  CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
);

-- What the posts are signed with; read by whoever sends, and by nobody else.
CREATE TABLE webhook_secrets (
  webhook_id bigint NOT NULL REFERENCES webhooks,
  secret text NOT NULL CHECK (secret LIKE 'whsec\_%'),
  created_at timestamptz NOT NULL DEFAULT service_clock(),
  expires_at timestamptz, -- one that another has followed
  PRIMARY KEY (webhook_id, secret)
);

-- Each attempt to deliver an alert event or a message; never what was sent or answered.
CREATE TABLE delivery_attempts (
  attempt_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel text NOT NULL,
  event_id bigint REFERENCES alert_events,
  message_id bigint REFERENCES messages,
  attempted_at timestamptz NOT NULL,
  took_ms integer NOT NULL,
  status integer, -- what the receiver answered, if it did
  error text CHECK (length(error) <= 300), -- NULL: it was taken
  CHECK ((event_id IS NULL) <> (message_id IS NULL))
);
CREATE INDEX delivery_attempts_channel ON delivery_attempts (channel, attempt_id);
CREATE INDEX delivery_attempts_message ON delivery_attempts (message_id) WHERE message_id IS NOT NULL;

ALTER TABLE messages
  ADD COLUMN is_refused boolean NOT NULL DEFAULT false, -- the provider said no: a setting or an address is wrong
  ADD COLUMN checks integer NOT NULL DEFAULT 0, -- how often the provider was asked what became of it
  ADD COLUMN next_check_at timestamptz;
CREATE INDEX messages_recipient ON messages (recipient, channel, message_id);
CREATE INDEX messages_to_check ON messages (channel, next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX messages_dead ON messages (message_id) WHERE dead_at IS NOT NULL;
CREATE INDEX notices_message ON notices (message_id) WHERE message_id IS NOT NULL;

-- Whoever writes an event queues it for every webhook that wants it; one that was told of a breach hears of its end.
CREATE FUNCTION webhook_wants(changes text[], severities text[], change text, payload jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT (changes = '{}' OR change = ANY (changes))
    AND (severities = '{}' OR payload->>'severity' IS NULL
      OR payload->>'severity' = ANY (severities) OR payload->'before'->>'severity' = ANY (severities))
$$;
CREATE FUNCTION queue_for_webhooks() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  INSERT INTO outbox (event_id, channel)
  SELECT added.event_id, webhook.channel FROM added JOIN webhooks webhook
    ON webhook.disabled_at IS NULL
    AND webhook_wants(webhook.changes, webhook.severities, added.change, added.payload);
  RETURN NULL;
END
$$;
CREATE TRIGGER queue_for_webhooks AFTER INSERT ON alert_events
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION queue_for_webhooks();

-- The owner, or an administrator by the API.
CREATE FUNCTION administers_delivery() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(current_setting('cordon.role', true) = 'administrator', false)
    OR session_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'cordon.webhooks'::regclass)
$$;
CREATE FUNCTION oversees_delivery() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT cordon.administers_delivery() OR coalesce(current_setting('cordon.role', true) = 'monitoring_officer', false)
$$;

ALTER TABLE webhooks ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON webhooks TO cordon_worker USING (true) WITH CHECK (true);
CREATE POLICY overseers ON webhooks FOR SELECT TO cordon_api USING ((SELECT oversees_delivery()));
CREATE POLICY administrators ON webhooks FOR UPDATE TO cordon_api USING ((SELECT administers_delivery()));
ALTER TABLE delivery_attempts ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker_all ON delivery_attempts TO cordon_worker USING (true) WITH CHECK (true);
CREATE POLICY overseers ON delivery_attempts FOR SELECT TO cordon_api USING ((SELECT oversees_delivery()));

CREATE FUNCTION register_webhook(
  wanted_url text, wanted_description text, wanted_changes text[], wanted_severities text[], by_whom text,
  new_secret text
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  made bigint;
BEGIN
  IF NOT administers_delivery() THEN
    RAISE EXCEPTION 'only an administrator registers webhooks' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF by_whom IS DISTINCT FROM current_setting('cordon.subject', true) AND session_user <> current_user THEN
    RAISE EXCEPTION 'a webhook is registered in the caller''s own name' USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO webhooks (url, description, changes, severities, created_by)
    VALUES (wanted_url, wanted_description, wanted_changes, wanted_severities, by_whom) RETURNING webhook_id INTO made;
  INSERT INTO webhook_secrets (webhook_id, secret) VALUES (made, new_secret);
  RETURN made;
END
$$;

-- The secrets before it go on for a while, so that the receiver can change over.
CREATE FUNCTION rotate_webhook_secret(wanted bigint, new_secret text, overlap_s double precision) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
BEGIN
  IF NOT administers_delivery() THEN
    RAISE EXCEPTION 'only an administrator changes the secrets of webhooks' USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM FROM webhooks WHERE webhook_id = wanted FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM webhook_secrets WHERE webhook_id = wanted AND expires_at <= service_clock();
  UPDATE webhook_secrets
    SET expires_at = least(expires_at, service_clock() + make_interval(secs => overlap_s)) WHERE webhook_id = wanted;
  INSERT INTO webhook_secrets (webhook_id, secret) VALUES (wanted, new_secret);
  RETURN true;
END
$$;

-- Queue anew what was given up, one event, or all of a time that the webhook wants, sent before or not.
CREATE FUNCTION replay_webhook(wanted bigint, one_event bigint, from_time timestamptz, to_time timestamptz)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  queued bigint;
BEGIN
  IF NOT administers_delivery() THEN
    RAISE EXCEPTION 'only an administrator sends again' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF one_event IS NULL AND from_time IS NULL THEN
    UPDATE outbox SET dead_at = NULL, attempts = 0, next_attempt_at = '-infinity', queued_at = service_clock()
      FROM webhooks webhook
      WHERE webhook.webhook_id = wanted AND outbox.channel = webhook.channel AND outbox.dead_at IS NOT NULL;
  ELSE
    INSERT INTO outbox AS waiting (event_id, channel)
      SELECT event.event_id, webhook.channel FROM alert_events event JOIN webhooks webhook ON webhook.webhook_id = wanted
      WHERE (event.event_id = one_event
        OR (event.happened_at >= from_time AND event.happened_at < to_time
          AND webhook_wants(webhook.changes, webhook.severities, event.change, event.payload)))
        AND (event.change = 'retracted' OR may_go_out(event.person_id, event.alert_id))
      ON CONFLICT (channel, event_id) DO UPDATE
        SET dead_at = NULL, delivered_at = NULL, attempts = 0, next_attempt_at = '-infinity',
            queued_at = service_clock();
  END IF;
  GET DIAGNOSTICS queued = ROW_COUNT;
  RETURN queued;
END
$$;

-- Deliveries of alert events, newest first; one page.
CREATE FUNCTION list_deliveries(
  wanted_channel text, wanted_state text, after_event bigint, after_channel text, page_size integer
) RETURNS TABLE (
  event_id bigint, channel text, state text, change text, happened_at timestamptz, queued_at timestamptz,
  attempts integer, next_attempt_at timestamptz, last_error text, delivered_at timestamptz, dead_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT * FROM (
    SELECT event.event_id, delivery.channel,
      CASE WHEN delivery.delivered_at IS NOT NULL THEN 'delivered'
           WHEN delivery.dead_at IS NOT NULL THEN 'dead' ELSE 'waiting' END AS state,
      event.change, event.happened_at, delivery.queued_at, delivery.attempts, delivery.next_attempt_at,
      delivery.last_error, delivery.delivered_at, delivery.dead_at
    FROM outbox delivery JOIN alert_events event USING (event_id)
    WHERE oversees_delivery() AND (wanted_channel IS NULL OR delivery.channel = wanted_channel)
      AND (after_event IS NULL OR event.event_id < after_event
        OR (event.event_id = after_event AND delivery.channel > after_channel))
  ) found
  WHERE wanted_state IS NULL OR found.state = wanted_state
  ORDER BY event_id DESC, channel LIMIT least(page_size, 501)
$$;

-- Messages of whoever asks, newest first, with what their words are made of.
CREATE FUNCTION own_messages(before_message bigint, page_size integer) RETURNS TABLE (
  message_id bigint, channel text, created_at timestamptz, accepted_at timestamptz, delivered_at timestamptz,
  received_at timestamptz, dead_at timestamptz, notices jsonb
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT message.message_id, message.channel, message.created_at, message.accepted_at, message.delivered_at,
    message.received_at, message.dead_at,
    (SELECT jsonb_agg(jsonb_build_object(
       'template', notice.template, 'severity', notice.severity, 'alert_id', notice.alert_id,
       'detail', notice.detail, 'created_at', notice.created_at) ORDER BY notice.notice_id)
     FROM notices notice WHERE notice.message_id = message.message_id)
  FROM messages message
  WHERE message.recipient = nullif(current_setting('cordon.subject', true), '')
    AND (before_message IS NULL OR message.message_id < before_message)
  ORDER BY message.message_id DESC LIMIT least(page_size, 501)
$$;

-- How many messages and waiting notices of each channel are in which state, since a time; nobody's words.
CREATE FUNCTION message_counts(since timestamptz) RETURNS TABLE (channel text, state text, amount bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
  SELECT counted.channel, counted.state, count(*) FROM (
    SELECT message.channel,
      CASE WHEN message.dead_at IS NOT NULL THEN 'dead' WHEN message.received_at IS NOT NULL THEN 'received'
           WHEN message.delivered_at IS NOT NULL THEN 'delivered' WHEN message.accepted_at IS NOT NULL THEN 'accepted'
           WHEN message.is_refused THEN 'refused' ELSE 'sending' END AS state
    FROM messages message WHERE message.created_at >= since
    UNION ALL
    SELECT notice.channel, 'waiting' FROM notices notice
    WHERE notice.message_id IS NULL AND notice.cancelled_at IS NULL
  ) counted
  WHERE oversees_delivery() GROUP BY counted.channel, counted.state ORDER BY counted.channel, counted.state
$$;

-- What a recipient has opened, by an alert or by the message itself; how many messages that settles.
CREATE FUNCTION note_receipt(whose text, of_alert uuid, of_message bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = cordon, pg_temp AS $$
DECLARE
  settled bigint;
BEGIN
  IF whose IS DISTINCT FROM current_setting('cordon.subject', true) AND session_user <> current_user THEN
    RAISE EXCEPTION 'a receipt is the recipient''s own' USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE messages message SET received_at = coalesce(received_at, service_clock())
    WHERE message.recipient = whose AND (
      message.message_id = of_message
      OR (message.received_at IS NULL AND message.message_id IN (
        SELECT notice.message_id FROM notices notice
        WHERE notice.alert_id = of_alert AND notice.recipient = whose)));
  GET DIAGNOSTICS settled = ROW_COUNT;
  RETURN settled;
END
$$;

GRANT SELECT, UPDATE ON webhooks TO cordon_worker;
GRANT SELECT ON webhook_secrets TO cordon_worker;
GRANT SELECT, INSERT ON delivery_attempts TO cordon_worker;
GRANT SELECT ON webhooks, delivery_attempts TO cordon_api;
GRANT UPDATE (disabled_at, disabled_reason, failures, paused_until) ON webhooks TO cordon_api;
REVOKE ALL ON FUNCTION webhook_wants(text[], text[], text, jsonb), queue_for_webhooks(), administers_delivery(),
  oversees_delivery(), register_webhook(text, text, text[], text[], text, text),
  rotate_webhook_secret(bigint, text, double precision), replay_webhook(bigint, bigint, timestamptz, timestamptz),
  list_deliveries(text, text, bigint, text, integer), own_messages(bigint, integer), message_counts(timestamptz),
  note_receipt(text, uuid, bigint) FROM public;
GRANT EXECUTE ON FUNCTION administers_delivery(), oversees_delivery(),
  register_webhook(text, text, text[], text[], text, text),
  rotate_webhook_secret(bigint, text, double precision), replay_webhook(bigint, bigint, timestamptz, timestamptz),
  list_deliveries(text, text, bigint, text, integer), own_messages(bigint, integer), message_counts(timestamptz),
  note_receipt(text, uuid, bigint) TO cordon_api;
