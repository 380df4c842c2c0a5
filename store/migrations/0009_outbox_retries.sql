-- Deliveries that failed and wait for their next attempt: few beside all that wait, and asked for with every batch.
CREATE INDEX outbox_retries ON outbox (channel, next_attempt_at) WHERE delivered_at IS NULL AND attempts > 0;
