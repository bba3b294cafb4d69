-- One sequence, number $n: of each second step the last first step before it, and the last of what may not lie between.
INSERT INTO members
WITH first AS (SELECT device, t FROM moves WHERE event = $event AND section = $section AND t >= epoch_us($from)),
second AS (
    SELECT device, t FROM moves
    WHERE event = $then AND t >= epoch_us($from) AND device IN (SELECT device FROM first)
), pair AS MATERIALIZED (
    SELECT s.device, s.t, f.t AS before
    FROM second s ASOF JOIN first f ON s.device = f.device AND s.t >= f.t
    WHERE s.t - f.t <= 86400000000
), apart AS (SELECT device, t FROM moves WHERE event = $without AND device IN (SELECT device FROM pair))
SELECT DISTINCT $n, p.device
FROM pair p ASOF LEFT JOIN apart a ON p.device = a.device AND p.t >= a.t
WHERE a.t IS NULL OR a.t < p.before;
