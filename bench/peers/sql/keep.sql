-- The hits of a night, by the day before its end: what the next night need not read again.
CREATE TEMP TABLE pages AS
SELECT p.page_path, r.*
FROM (SELECT DISTINCT page_path FROM events) p JOIN rules r ON starts_with(p.page_path, r.prefix);

CREATE TEMP TABLE fresh AS
SELECT p.name, g.device_id, p.page_path, count(*) AS n, sum(e.value) AS total,
    (epoch_us(e.event_time) - epoch_us($as_of) % 86400000000) // 86400000000 AS day
FROM events e JOIN granted g ON e.device_id = g.device_id AND e.event_time >= g.since
    JOIN pages p ON e.page_path = p.page_path AND e.event_name = p.event
WHERE (p.site IS NULL OR p.site = e.site) AND (p.app IS NULL OR p.app = e.app)
GROUP BY ALL;

COPY fresh TO '$kept/$file.parquet' (FORMAT parquet);
