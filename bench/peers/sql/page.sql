-- All segments in one pass: the distinct pages, each with the events and segments that ask for it. Rows are joined with
-- a narrow table of pages and events, then with those who consented, and only then spread over segments.
CREATE TEMP TABLE pages AS
SELECT p.page_path, r.*
FROM (SELECT DISTINCT page_path FROM events) p JOIN rules r ON starts_with(p.page_path, r.prefix);

CREATE TEMP TABLE asked AS
SELECT row_number() OVER ()::INTEGER AS asked, page_path, event
FROM (SELECT DISTINCT page_path, event FROM pages);

CREATE TEMP TABLE asking AS
SELECT asked, pages.* FROM pages JOIN asked USING (page_path, event);

CREATE TEMP TABLE hits AS
WITH row_of AS NOT MATERIALIZED (
    SELECT $id_of_row a.asked, e.device_id, e.event_time, e.site, e.app, e.value
    FROM events e JOIN asked a ON e.page_path = a.page_path AND e.event_name = a.event
    WHERE e.event_time < $as_of
), admitted AS NOT MATERIALIZED (
    SELECT $once o.asked, g.n AS device, o.event_time, o.site, o.app, o.value
    FROM row_of o JOIN granted g ON o.device_id = g.device_id AND o.event_time >= g.since
)
SELECT p.segment, h.device, p.asked, count(*) AS n, sum(h.value) AS total
FROM admitted h JOIN asking p ON h.asked = p.asked
WHERE h.event_time >= p."from" AND (p.site IS NULL OR p.site = h.site) AND (p.app IS NULL OR p.app = h.app)
GROUP BY ALL;
