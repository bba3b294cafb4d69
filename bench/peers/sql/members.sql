-- Hits of a page become members: as many rows, pages or money as the segment asks for.
INSERT INTO members
SELECT h.segment, h.device
FROM (SELECT segment, device, sum(n) AS n, count(*) AS pages, sum(total) AS total FROM hits GROUP BY ALL) h
    JOIN rules r ON h.segment = r.segment
WHERE CASE r.metric WHEN '' THEN h.n >= r.least WHEN 'sum(value)' THEN h.total >= r.least ELSE h.pages >= r.least END;
