-- What sequences look at, in narrow numbers: device, event, section of the page, time.
CREATE TEMP TABLE sections AS
SELECT p.page_path, r.n FROM (SELECT DISTINCT page_path FROM events) p JOIN prefixes r ON starts_with(p.page_path, r.prefix);

CREATE TEMP TABLE moves AS
SELECT g.n AS device, w.n AS event, s.n AS section, epoch_us(e.event_time) AS t
FROM events e JOIN words w ON e.event_name = w.event JOIN granted g ON e.device_id = g.device_id AND e.event_time >= g.since
    LEFT JOIN sections s ON e.page_path = s.page_path
WHERE e.event_time < $as_of;
