-- All segments in one pass, joined on the event and the first two folders of the page; a segment of a whole section is
-- one of each of its folders.
CREATE TEMP TABLE asking AS
SELECT DISTINCT split_part(p.page_path, '/', 2) AS section, split_part(p.page_path, '/', 3) AS folder, r.*
FROM (SELECT DISTINCT page_path FROM events) p JOIN rules r ON starts_with(p.page_path, r.prefix);

CREATE TEMP TABLE hits AS
WITH admitted AS NOT MATERIALIZED (
    SELECT g.n AS device, e.event_name, e.page_path, e.event_time, e.site, e.app, e.value
    FROM events e JOIN granted g ON e.device_id = g.device_id AND e.event_time >= g.since
    WHERE e.event_time < $as_of
)
SELECT p.segment, h.device, h.page_path, count(*) AS n, sum(h.value) AS total
FROM admitted h JOIN asking p ON h.event_name = p.event AND split_part(h.page_path, '/', 2) = p.section
    AND split_part(h.page_path, '/', 3) = p.folder
WHERE h.event_time >= p."from" AND (p.site IS NULL OR p.site = h.site) AND (p.app IS NULL OR p.app = h.app)
GROUP BY ALL;
