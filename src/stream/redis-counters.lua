#!lua name=millrace_v1
-- One call is one atomic step: it is written to the append-only file and sent to replicas as a whole, and an unfinished one is cut
-- when the file is loaded. So cursor and counters are of the same moment after any crash.

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function text(number) return string.format('%.0f', number) end

-- A step's number is set first, counted, and set again last. They differ where a damaged file has brought back a part of a step, or one twice.
local function is_torn(cursor)
  local marks = redis.call('HMGET', cursor, 'began', 'steps', 'ended')
  return marks[1] ~= marks[2] or marks[1] ~= marks[3]
end

-- keys: the cursor. args: owner, lease in ms. A partition that is free, expired, or ours; nothing while somebody else holds it.
local function acquire(keys, args)
  local cursor = redis.call('HMGET', keys[1], 'next', 'epoch', 'owner', 'lease_until', 'watermark', 'floor')
  if not cursor[1] then return 'MISSING' end
  if is_torn(keys[1]) then return 'TORN' end
  local now = now_ms()
  local owner, leased = cursor[3], tonumber(cursor[4] or '0') > now
  if owner and owner ~= '' and owner ~= args[1] and leased then return false end
  local epoch = cursor[2]
  -- Rises when the owner changes, so that what the former owner still sends is refused.
  if owner ~= args[1] or not leased then epoch = text(tonumber(epoch) + 1) end
  redis.call('HSET', keys[1], 'owner', args[1], 'epoch', epoch, 'lease_until', text(now + tonumber(args[2])))
  return { cursor[1], epoch, cursor[5] or '', cursor[6] }
end

-- keys: the cursor. args: owner, epoch.
local function release(keys, args)
  local cursor = redis.call('HMGET', keys[1], 'owner', 'epoch')
  if cursor[1] == args[1] and cursor[2] == args[2] then redis.call('HSET', keys[1], 'owner', '', 'lease_until', '0') end
  return 'OK'
end

-- Micros as units with up to six places: taken from the text, because a number of Lua has lost cents above 2^53.
local function units(micros)
  local sign = string.sub(micros, 1, 1) == '-' and '-' or ''
  local digits = string.sub(micros, #sign + 1)
  local padded = string.rep('0', math.max(0, 7 - #digits)) .. digits
  local fraction = string.gsub(string.sub(padded, -6), '0+$', '')
  return sign .. string.sub(padded, 1, -7) .. (fraction == '' and '' or '.' .. fraction)
end

-- The fields that the ratios of a day are made of, made again from the sums. Cost is the events' own, as of this step; where they
-- say none, the platform's, as of when it was asked. A platform's cost is of its whole day: where only a part of it was watched, there is
-- no roas, and `roas_why` says so.
local function ratios(key, ms)
  local sums = redis.call('HMGET', key, 'impressions', 'clicks', 'revenue_micros', 'cost_micros', 'platform_cost_micros',
    'platform_cost_ms', 'platform_cost_why')
  local impressions, clicks = tonumber(sums[1] or '0'), tonumber(sums[2] or '0')
  if impressions > 0 then redis.call('HSET', key, 'ctr', string.format('%.17g', clicks / impressions)) end
  if sums[3] then redis.call('HSET', key, 'revenue', units(sums[3])) end
  local micros, source, as_of, why = sums[4], 'events', text(ms), nil
  if not micros then micros, source, as_of, why = sums[5], 'provisional', sums[6], sums[7] end
  if not micros then return end
  redis.call('HSET', key, 'cost', units(micros), 'cost_source', source)
  local cost = tonumber(micros)
  if why then redis.call('HSET', key, 'roas_why', why) else redis.call('HDEL', key, 'roas_why') end
  if cost <= 0 or why then
    redis.call('HDEL', key, 'roas', 'roas_as_of_ms')
    return
  end
  redis.call('HSET', key, 'roas', string.format('%.17g', tonumber(sums[3] or '0') / cost), 'roas_as_of_ms', as_of)
end

-- A key of a running day holds that day alone: an older amount is not its, a newer day begins it anew.
local function is_of_day(key, date)
  local held = redis.call('HGET', key, '_date')
  if held and held > date then return false end
  if held ~= date then
    redis.call('DEL', key)
    redis.call('HSET', key, '_date', date)
  end
  return true
end

-- Money of two currencies is never added up: the fields without a currency are of the first one that came.
local function is_of_currency(key, currency)
  if currency == '' then return true end
  redis.call('HSETNX', key, '_currency', currency)
  return redis.call('HGET', key, '_currency') == currency
end

-- The sums of one flush: by key, then by field. Each "key field amount" is added; `each` gives the next number.
local function add(sums, key, field, amount)
  local fields = sums[key]
  if not fields then
    fields = {}
    sums[key] = fields
  end
  fields[field] = (fields[field] or 0) + amount
end

local function numbers(of) return string.gmatch(of, '%S+') end

-- Conversions: "set id count (key field amount)*"; those whose id the set did not have yet are added.
local function add_conversions(sums, sets, of)
  local each = numbers(of)
  for set in each do
    local id = each()
    local count = tonumber(each())
    local fresh = redis.call('SADD', sets[tonumber(set) + 1][1], id) == 1
    for _ = 1, count do
      local key, field, amount = tonumber(each()), tonumber(each()), tonumber(each())
      if fresh then add(sums, key, field, amount) end
    end
  end
end

local function write(sums, keys, fields, ms)
  local now = math.floor(ms / 1000)
  for index, amounts in pairs(sums) do
    local key, ends, ttl, kind, date, currency = unpack(keys[index + 1])
    if date == '' or is_of_day(key, date) then
      local own = kind == '' or is_of_currency(key, currency)
      for field, amount in pairs(amounts) do
        local name = fields[field + 1]
        if not own and string.find(name, '_micros$') then name = name .. ':' .. currency end
        redis.call('HINCRBY', key, name, text(amount))
      end
      if kind == 'ratios' then ratios(key, ms) end
      redis.call('EXPIREAT', key, text(math.max(now, ends) + ttl))
    end
  end
end

local function bound_timelines(timelines, now)
  for _, one in ipairs(timelines) do
    local key, score, kept, ttl = unpack(one)
    redis.call('ZADD', key, text(score), text(score))
    redis.call('ZREMRANGEBYRANK', key, 0, -kept - 1)
    redis.call('EXPIREAT', key, text(now + ttl))
  end
end

-- keys: the cursor, the names of series, the dead letters. args: owner, epoch, expected, next, watermark, floor, lease in ms, six tallies, then as JSON
-- or numbers: keys, fields, sets, amounts, conversions, series, dead letters, timelines.
local function flush(keys, args)
  local cursor = redis.call('HMGET', keys[1], 'owner', 'epoch', 'next')
  if not cursor[3] then return 'MISSING' end
  if is_torn(keys[1]) then return 'TORN' end
  if cursor[1] ~= args[1] or cursor[2] ~= args[2] or cursor[3] ~= args[3] then return 'FENCED' end
  local ms = now_ms()
  local now = math.floor(ms / 1000)
  local step = text(tonumber(redis.call('HGET', keys[1], 'began') or '0') + 1)
  redis.call('HSET', keys[1], 'began', step)
  redis.call('HINCRBY', keys[1], 'steps', 1)
  redis.call('HSET', keys[1], 'next', args[4], 'watermark', args[5], 'floor', args[6], 'committed', text(ms),
    'lease_until', text(ms + tonumber(args[7])))
  for index, name in ipairs({ 'records', 'duplicates', 'invalid', 'late_dropped', 'skewed', 'uncounted' }) do
    redis.call('HINCRBY', keys[1], name, args[7 + index])
  end
  local sums, sets = {}, cjson.decode(args[16])
  local each = numbers(args[17])
  for key in each do add(sums, tonumber(key), tonumber(each()), tonumber(each())) end
  add_conversions(sums, sets, args[18])
  for _, set in ipairs(sets) do redis.call('EXPIREAT', set[1], text(math.max(now, set[2]) + set[3])) end
  write(sums, cjson.decode(args[14]), cjson.decode(args[15]), ms)
  for _, name in ipairs(cjson.decode(args[19])) do redis.call('HSET', keys[2], name[1], name[2]) end
  for _, letter in ipairs(cjson.decode(args[20])) do redis.call('HSETNX', keys[3], letter[1], letter[2]) end
  bound_timelines(cjson.decode(args[21]), now)
  redis.call('HSET', keys[1], 'ended', step)
  return 'OK'
end

-- keys: none. args: as JSON, rows of a campaign's running key, its dated key, the date, micros, currency, when the platform was asked, and why
-- it divides nothing ('' where it does). A key that no
-- event has made is not made here, and money of another currency is not its.
local function cost(_, args)
  local ms = now_ms()
  for _, one in ipairs(cjson.decode(args[1])) do
    local running, dated, date, micros, currency, as_of, why = unpack(one)
    for _, key in ipairs({ running, dated }) do
      local held = redis.call('HMGET', key, '_date', '_currency', 'platform_cost_ms')
      local is_its = redis.call('EXISTS', key) == 1 and (key == dated or held[1] == date)
      if is_its and (not held[2] or held[2] == currency) and tonumber(held[3] or '0') <= tonumber(as_of) then
        redis.call('HSET', key, 'platform_cost_micros', micros, 'platform_cost_ms', as_of)
        if why == '' then redis.call('HDEL', key, 'platform_cost_why') else redis.call('HSET', key, 'platform_cost_why', why) end
        ratios(key, ms)
      end
    end
  end
  return 'OK'
end

redis.register_function('millrace_v1_cost', cost)
redis.register_function('millrace_v1_acquire', acquire)
redis.register_function('millrace_v1_release', release)
redis.register_function('millrace_v1_flush', flush)
