-- What an episode that is still to be worked may reach: of one person, what ended after a moment, or lasts.
CREATE INDEX alerts_reach ON alerts (person_id, ended_at);
