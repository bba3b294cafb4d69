-- The rows that a statistic may count, each with what stands beside it in its session. Made from docs/how-to/statistics.md.
WITH periods AS (SELECT * FROM (VALUES $PERIODS) AS p(name, begins, ends)),
seen AS (
  SELECT device, nullif(customer, '') AS customer, happened AS moment, session, seq, arrived, event_id, c_PAGE, c_KIND
  FROM admitted WHERE happened >= $FROM - $GAP AND happened < $AS_OF
),
marked AS (
  SELECT *, lag(moment) OVER w IS NULL OR session IS NULL AND moment - lag(moment) OVER w > $GAP AS fresh
  FROM seen WINDOW w AS (PARTITION BY device, session ORDER BY moment)
),
numbered AS (SELECT *, sum(CAST(fresh AS INTEGER)) OVER (PARTITION BY device, session ORDER BY moment) AS n FROM marked),
sat AS (SELECT *, min(moment) OVER (PARTITION BY device, session, n) AS started FROM numbered),
counted AS (
  SELECT *, coalesce('c' || customer, 'd' || device) AS person,
    concat_ws('|', device, coalesce(session, '-'), n) AS sitting,
    first_value(c_PAGE) OVER k AS entry, last_value(c_PAGE) OVER k AS leaving, lead(c_PAGE) OVER k AS following
  FROM sat WHERE $WHERE
  WINDOW k AS (
    PARTITION BY device, session, n
    ORDER BY moment, seq NULLS FIRST, arrived NULLS FIRST, substr(event_id, 1, 16) NULLS FIRST, $TOLD, customer NULLS FIRST
    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
  )
),
met AS (SELECT device, min(moment) AS moment FROM counted WHERE moment >= $FROM GROUP BY device),
since AS (
  SELECT device, p.name AS first_period
  FROM met AS f JOIN periods AS p ON f.moment >= p.begins AND f.moment < p.ends
)
