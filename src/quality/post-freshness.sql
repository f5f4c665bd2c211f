-- When each day was first published, and when it ended. Days that ended before the account was first seen could not be published in time.
select s.platform, s.account_id as "accountId", s.date, s.day_end as "dayEnd", s.first_seen as "firstSeen", s.state,
       (select min(v.at) from partition_version v where v.partition_id = s.partition_id) as "publishedAt"
from scope s
