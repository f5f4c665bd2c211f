-- Opens the present row where there is none, and otherwise says that it was seen again; $1 platform, $2 account_id, $3 name, $4 currency, $5 zone, $6 at, $7 cost basis or null, $8 manager or null.
-- After a change the closed row's end is the new row's beginning; the very first row begins at -infinity.
insert into dim_account as a (platform, account_id, name, currency, timezone, cost_basis, manager_id, valid_from, first_seen, last_seen)
values ($1, $2, $3, $4, $5, $7, $8,
        coalesce((select max(c.valid_to) from dim_account c where c.platform = $1 and c.account_id = $2 and not c.is_current), '-infinity'),
        $6::timestamptz, $6::timestamptz)
on conflict (platform, account_id) where is_current do update
set last_seen = greatest(a.last_seen, excluded.last_seen),
    -- two looks at one instant: the later word counts, without a row of no length
    name = case when a.last_seen <= excluded.last_seen then excluded.name else a.name end,
    currency = case when a.last_seen <= excluded.last_seen then excluded.currency else a.currency end,
    -- what was known once stays known to those who do not say
    cost_basis = coalesce(case when a.last_seen <= excluded.last_seen then excluded.cost_basis end, a.cost_basis, excluded.cost_basis),
    manager_id = coalesce(case when a.last_seen <= excluded.last_seen then excluded.manager_id end, a.manager_id, excluded.manager_id),
    timezone = case when a.last_seen <= excluded.last_seen then excluded.timezone else a.timezone end
