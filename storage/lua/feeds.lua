-- The schedule of feeds: due times, leases with a number of their own each (a fence), hosts that are polled by
-- one worker at a time or have asked to wait, and feeds of one host set apart in time.

local function host_key(P, host) return P .. ':host:' .. host end

-- One feed less of this host is leased.
local function leave_host(P, host)
  if host == '' then return end
  local key = host_key(P, host)
  if redis.call('HINCRBY', key, 'held', -1) <= 0 then
    redis.call('HDEL', key, 'held', 'worker', 'until')
  end
end

-- The due time, moved on as long as another feed of the host is due within `apart` seconds of it.
local function spread(P, host, id, due, apart)
  local slots = P .. ':feeds:slots'
  if host == '' or apart <= 0 then return due end
  local wanted = due
  for _ = 1, 200 do
    local low = string.format('[%s %012d', host, wanted - apart + 1)
    local high = string.format('(%s %012d', host, wanted + apart)
    local near = redis.call('ZRANGEBYLEX', slots, low, high)
    local last
    for _, slot in ipairs(near) do
      if slot:sub(-#id) ~= id then last = slot end
    end
    if not last then break end
    wanted = tonumber(last:sub(#host + 2, #host + 13)) + apart
  end
  return wanted
end

local function take_slot(P, host, id, key, due)
  local slots, old = P .. ':feeds:slots', redis.call('HGET', key, 'slot')
  if old then redis.call('ZREM', slots, old) end
  if not due or host == '' then
    redis.call('HDEL', key, 'slot')
    return
  end
  local slot = string.format('%s %012d %s', host, due, id)
  redis.call('ZADD', slots, 0, slot)
  redis.call('HSET', key, 'slot', slot)
end

-- "busy" and "mine": the host is being polled, by another worker or by this one as much as it may be.
local function host_state(P, call, host)
  if host == '' then return 'free' end
  local found = redis.call('HMGET', host_key(P, host), 'wait', 'worker', 'until', 'held')
  if found[1] and tonumber(found[1]) > call.now then return 'waits', tonumber(found[1]) end
  if found[2] and tonumber(found[3]) > call.now then
    if found[2] ~= call.token then return 'busy' end
    if tonumber(found[4]) >= call.per_host then return 'mine' end
  elseif found[2] then
    redis.call('HDEL', host_key(P, host), 'worker', 'until', 'held')
  end
  return 'free'
end

local function lease(P, call, id, key, host)
  local fence = call.token .. '#' .. redis.call('INCR', P .. ':feeds:fence')
  redis.call('ZADD', P .. ':feeds:due', call.now + call.lease, id)
  redis.call('ZADD', P .. ':feeds:leased', call.now + call.lease, id)
  redis.call('HSET', key, 'lease', fence)
  if host ~= '' then
    local hkey = host_key(P, host)
    redis.call('HSET', hkey, 'worker', call.token, 'until', call.now + call.lease)
    redis.call('HINCRBY', hkey, 'held', 1)
    redis.call('EXPIRE', hkey, call.lease + 31 * 86400)
  end
  return redis.call('HGETALL', key)
end

-- Tries one feed; returns its hash when it was leased, else why not.
local function try(P, call, id)
  local key = P .. ':feed:' .. id
  local host = redis.call('HGET', key, 'host')
  if not host then
    if redis.call('EXISTS', key) == 0 then
      redis.call('ZREM', P .. ':feeds:due', id)
      return nil, 'gone'
    end
    host = ''
  end
  local state, wait = host_state(P, call, host)
  if state == 'waits' and not call.force then
    local due = spread(P, host, id, wait, call.apart)
    redis.call('ZADD', P .. ':feeds:due', due, id)
    redis.call('HSET', key, 'rule', 'retry-after of the host', 'next', call.iso)
    return nil, 'waits'
  end
  if state == 'busy' or state == 'mine' then return nil, state end
  return lease(P, call, id, key, host)
end

local function rows_again(P, ids)
  local rows = {}
  for i, id in ipairs(ids) do rows[i] = redis.call('HGETALL', P .. ':feed:' .. id) end
  return rows
end

local function ids_of(rows)
  local ids = {}
  for i, row in ipairs(rows) do
    for at = 1, #row, 2 do
      if row[at] == 'id' then ids[i] = row[at + 1] end
    end
  end
  return ids
end

redis.register_function('nf_claim_feeds_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local before = claimed_before(call, 'feeds')
  if before then return cmsgpack.pack({ rows_again(call.P, before[1]), before[2] }) end
  local P, rows, mine, skip = call.P, {}, 0, 0
  repeat
    local ids = redis.call('ZRANGEBYSCORE', P .. ':feeds:due', '-inf', call.now, 'LIMIT', skip, 256)
    for _, id in ipairs(ids) do
      if #rows >= call.most then break end
      local row, why = try(P, call, id)
      if row then rows[#rows + 1] = row end
      -- What stays due is in the way of the next look.
      if why == 'busy' or why == 'mine' then skip = skip + 1 end
      if why == 'mine' then mine = mine + 1 end
    end
  until #rows >= call.most or #ids < 256 or skip > 20000
  note_claimed(call, 'feeds', { ids_of(rows), mine })
  return cmsgpack.pack({rows, mine})
end)

-- Named feeds, due or not (a crawl of one list, or `--now`); those under a live lease are left alone.
redis.register_function('nf_claim_named_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local before = claimed_before(call, 'feeds')
  if before then return cmsgpack.pack({ rows_again(call.P, before[1]), before[2] }) end
  local P, rows, left = call.P, {}, {}
  for _, id in ipairs(call.ids) do
    local due = tonumber(redis.call('ZSCORE', P .. ':feeds:due', id))
    local held = tonumber(redis.call('ZSCORE', P .. ':feeds:leased', id))
    if due and not (held and held > call.now) and (call.force or due <= call.now) then
      local row, why = try(P, call, id)
      if row then rows[#rows + 1] = row end
      if why == 'mine' then left[#left + 1] = id end
    end
  end
  note_claimed(call, 'feeds', { ids_of(rows), left })
  return cmsgpack.pack({rows, left})
end)

local function give_back(P, key, id, due)
  leave_host(P, redis.call('HGET', key, 'host') or '')
  redis.call('HDEL', key, 'lease')
  redis.call('ZREM', P .. ':feeds:leased', id)
  if due then
    redis.call('ZADD', P .. ':feeds:due', due, id)
  else
    redis.call('ZREM', P .. ':feeds:due', id)
  end
end

redis.register_function('nf_release_feeds_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local released = 0
  for i = 1, #call.held, 2 do
    local id, key = call.held[i], call.P .. ':feed:' .. call.held[i]
    if redis.call('HGET', key, 'lease') == call.held[i + 1] then
      give_back(call.P, key, id, call.now)
      released = released + 1
    end
  end
  return released
end)

-- Holds on to leases; answers with the feeds that are this worker's no more.
redis.register_function('nf_renew_feeds_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local P, lost = call.P, {}
  for i = 1, #call.held, 2 do
    local id, key = call.held[i], call.P .. ':feed:' .. call.held[i]
    if redis.call('HGET', key, 'lease') == call.held[i + 1] then
      redis.call('ZADD', P .. ':feeds:due', call.now + call.lease, id)
      redis.call('ZADD', P .. ':feeds:leased', call.now + call.lease, id)
      local host = redis.call('HGET', key, 'host') or ''
      if host ~= '' then redis.call('HSET', host_key(P, host), 'until', call.now + call.lease) end
    else
      lost[#lost + 1] = id
    end
  end
  return cmsgpack.pack(lost)
end)

-- What a host asked for: of all its feeds (429), or of one (503), which a second feed makes all of them.
local function host_asks(P, host, id, poll, now)
  if host == '' or poll.wait <= 0 then return end
  local key = host_key(P, host)
  local asked = redis.call('HMGET', key, 'asked', 'asked_until')
  local second = asked[1] and asked[1] ~= id and tonumber(asked[2]) > now
  if poll.whole or second then
    redis.call('HSET', key, 'wait', now + poll.wait)
  else
    redis.call('HSET', key, 'asked', id, 'asked_until', now + poll.wait)
  end
  redis.call('EXPIRE', key, poll.wait + 31 * 86400)
end

-- A poll may bring thirty pages: of each as few calls as it needs, each of which is also written to the log on disk.
local function queue_pages(P, call, pages)
  local due = call.keep_pages and call.now + call.lease or call.now
  local lease = call.keep_pages and { 'lease', call.token } or {}
  local scores = {}
  for i, page in ipairs(pages) do
    local pkey = P .. ':page:' .. page[1]
    local given = page[5] ~= '' and { 'article', page[5], unpack(lease) } or lease
    local new = redis.call('HSET', pkey, 'url', page[2], 'feed', page[3], 'entry', page[4], unpack(given))
    if new < 3 then
      if not call.keep_pages then redis.call('HDEL', pkey, 'lease') end
      if page[5] == '' then redis.call('HDEL', pkey, 'article') end
    end
    redis.call('EXPIRE', pkey, call.ttl)
    scores[2 * i - 1], scores[2 * i] = due, page[1]
  end
  for i = 1, #scores, 1000 do
    redis.call('ZADD', P .. ':pages:due', unpack(scores, i, math.min(i + 999, #scores)))
  end
end

local function remember(P, key, call, poll)
  local entries = key .. ':entries'
  for i = 1, #poll.seen, 1000 do
    redis.call('HSET', entries, unpack(poll.seen, i, math.min(i + 999, #poll.seen)))
  end
  for i = 1, #poll.drop, 1000 do
    redis.call('HDEL', entries, unpack(poll.drop, i, math.min(i + 999, #poll.drop)))
  end
  redis.call('EXPIRE', entries, call.ttl)
end

-- A poll's outcome in one step: new pages, entries seen, the feed's state, its next time. 0 where the lease is
-- another's, -1 where there is no such feed. A call made twice, because its answer was lost, answers 1 twice.
local function finish(P, call, poll)
  local id, key = poll.feed, P .. ':feed:' .. poll.feed
  local found = redis.call('HMGET', key, 'lease', 'stored', 'id')
  if not found[3] then return -1 end
  if found[1] ~= poll.lease then return found[2] == poll.lease and 1 or 0 end
  redis.call('HSET', key, 'stored', poll.lease)
  local host = redis.call('HGET', key, 'host') or ''
  queue_pages(P, call, poll.pages)
  remember(P, key, call, poll)
  if #poll.clear > 0 then redis.call('HDEL', key, unpack(poll.clear)) end
  local due = poll.due
  if due then due = spread(P, poll.host, id, due, call.apart) end
  hset(key, poll.fields)
  if due and due > poll.due then
    redis.call('HSET', key, 'spread', due - poll.due)
  else
    redis.call('HDEL', key, 'spread')
  end
  host_asks(P, poll.host, id, poll, call.now)
  give_back(P, key, id, due)
  if poll.host ~= host then redis.call('HSET', key, 'host', poll.host) end
  take_slot(P, poll.host, id, key, due)
  if poll.url then
    redis.call('HSET', P .. ':feeds', id, poll.url)
    redis.call('HSET', P .. ':feeds:aliases', poll.alias, id)
  end
  return 1
end

-- What a poll is decided by, for many feeds in one string: a client takes longer over sixty short answers a feed.
redis.register_function('nf_seen_@V@', function(keys, args)
  local call, rows = cmsgpack.unpack(args[1]), {}
  for i, id in ipairs(call.feeds) do rows[i] = redis.call('HGETALL', call.P .. ':feed:' .. id .. ':entries') end
  return cmsgpack.pack(rows)
end)

-- The articles at addresses. For those that are `new` to a feed one counts as none that only another site's feed tells of.
redis.register_function('nf_articles_at_@V@', function(keys, args)
  local call, new, found, keys_at = cmsgpack.unpack(args[1]), {}, {}, {}
  for _, digest in ipairs(call.new) do new[digest] = true end
  for i, digest in ipairs(call.digests) do keys_at[i] = call.P .. ':url:' .. digest end
  for first = 1, #keys_at, 1000 do
    local ids = redis.call('MGET', unpack(keys_at, first, math.min(first + 999, #keys_at)))
    for i, id in ipairs(ids) do
      local digest = call.digests[first + i - 1]
      if id and not (new[digest] and redis.call('HGET', call.P .. ':article:' .. id, 'feed')) then
        found[#found + 1] = digest
        found[#found + 1] = id
      end
    end
  end
  return cmsgpack.pack(found)
end)

-- The latest time that anyone has written at.
local function note_time(P, now)
  if now > tonumber(redis.call('GET', P .. ':clock') or 0) then redis.call('SET', P .. ':clock', now) end
end

redis.register_function('nf_finish_polls_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local stored = {}
  for i, poll in ipairs(call.polls) do stored[i] = finish(call.P, call, poll) end
  note_time(call.P, call.now)
  return cmsgpack.pack(stored)
end)

-- Entries that a hub pushed: like a poll, but nothing is leased, dropped or timed.
redis.register_function('nf_store_pushed_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local P, poll = call.P, call.poll
  local key = P .. ':feed:' .. poll.feed
  if redis.call('EXISTS', key) == 0 then return 0 end
  queue_pages(P, call, poll.pages)
  remember(P, key, call, poll)
  hset(key, poll.fields)
  return 1
end)

redis.register_function('nf_remove_feed_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local P, id, key = call.P, call.feed, call.P .. ':feed:' .. call.feed
  if redis.call('EXISTS', key) == 0 then return 0 end
  if redis.call('HGET', key, 'lease') then leave_host(P, redis.call('HGET', key, 'host') or '') end
  take_slot(P, '', id, key, nil)
  redis.call('ZREM', P .. ':feeds:due', id)
  redis.call('ZREM', P .. ':feeds:leased', id)
  -- Its hub is told by whoever serves.
  if redis.call('EXISTS', P .. ':websub:' .. id) == 1 then
    redis.call('HSET', P .. ':websub:' .. id, 'state', 'leaving', 'failures', 0)
    redis.call('ZADD', P .. ':websub:due', 0, id)
  end
  redis.call('HDEL', P .. ':feeds', id)
  redis.call('HDEL', P .. ':feeds:listed', id)
  local url = redis.call('HGET', key, 'alias')
  if url then redis.call('HDEL', P .. ':feeds:aliases', url) end
  redis.call('DEL', key, key .. ':entries')
  return 1
end)

-- A clock that has gone back since anyone wrote last takes what waits with it.
redis.register_function('nf_mind_clock_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local P, now = call.P, call.now
  local back = tonumber(redis.call('GET', P .. ':clock') or 0) - now
  if back <= call.slack then
    note_time(P, now)
    return 0
  end
  for _, queue in ipairs({ ':feeds:due', ':feeds:leased', ':pages:due' }) do
    local later = redis.call('ZRANGEBYSCORE', P .. queue, '(' .. now, '+inf', 'WITHSCORES')
    for i = 1, #later, 2 do redis.call('ZADD', P .. queue, math.max(now, tonumber(later[i + 1]) - back), later[i]) end
  end
  redis.call('SET', P .. ':clock', now)
  return back
end)
