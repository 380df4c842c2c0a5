-- What an episode that is still to be worked may reach: of one person, what ended after a moment and began before another.
CREATE INDEX alerts_reach ON alerts (coalesce(person_id, 0), coalesce(ended_at, 'infinity'), began_at);
