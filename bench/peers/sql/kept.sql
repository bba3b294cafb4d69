-- Tonight's hits from those that were kept and the fresh ones. Who withdrew is out; who granted since last night counts
-- with fresh rows alone.
CREATE TEMP TABLE hits AS
SELECT r.segment, g.n AS device, h.page_path, sum(h.n) AS n, sum(h.total) AS total
FROM (
    SELECT name, device_id, page_path, n, total, day, false AS is_fresh FROM read_parquet('$kept/before.parquet')
    UNION ALL SELECT name, device_id, page_path, n, total, day, true FROM fresh
) h JOIN rules r ON h.name = r.name JOIN granted g ON h.device_id = g.device_id
WHERE (h.is_fresh OR g.since < $last_known_by)
    AND h.day >= (epoch_us(r."from") // 86400000000)
    AND h.day < (epoch_us($as_of) // 86400000000)
GROUP BY ALL;
