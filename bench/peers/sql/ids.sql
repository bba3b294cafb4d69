-- Of each event id the row that arrived first: the ids that come more than once are few, all others stay as they are.
CREATE TEMP TABLE repeated AS
SELECT event_id, min(received_at) AS first_at FROM log WHERE received_at < $known_by GROUP BY event_id HAVING count(*) > 1;

CREATE VIEW events AS
SELECT l.* FROM log l LEFT JOIN repeated r ON l.event_id = r.event_id
WHERE l.received_at < $known_by AND (r.event_id IS NULL OR l.received_at = r.first_at);
