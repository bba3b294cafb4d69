-- One query for one segment, number $n.
INSERT INTO members
SELECT $n, g.n
FROM events e JOIN granted g ON e.device_id = g.device_id AND e.event_time >= g.since
WHERE e.event_name = $event AND starts_with(e.page_path, $prefix) AND e.event_time >= $from AND e.event_time < $as_of
    AND ($site IS NULL OR e.site = $site) AND ($app IS NULL OR e.app = $app)
GROUP BY g.n
HAVING $having;
