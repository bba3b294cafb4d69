-- Who allows what a list of devices takes (profile and activate:bench), numbered, and since when. In this log nobody
-- grants again after a withdrawal, so whoever said anything but "grant" is out.
CREATE TEMP TABLE granted AS
SELECT row_number() OVER ()::INTEGER AS n, device_id, since
FROM (
    SELECT subject_id AS device_id,
        greatest(min("at") FILTER (action = 'grant' AND purpose = 'profile'),
            min("at") FILTER (action = 'grant' AND purpose = 'activate:bench')) AS since,
        count(*) FILTER (action = 'grant' AND purpose = 'profile') AS profiles,
        count(*) FILTER (action = 'grant' AND purpose = 'activate:bench') AS activations,
        count(*) FILTER (action <> 'grant') AS denials
    FROM consent
    WHERE subject_type = 'device' AND purpose IN ('profile', 'activate:bench', '*') AND recorded_at < $known_by
    GROUP BY subject_id
)
WHERE profiles > 0 AND activations > 0 AND denials = 0;
