-- Two queues with leases: feeds due and pages due. A lease is the due time moved into the future, under
-- a worker's token; whoever no longer holds it (a fenced worker) changes nothing.

local function claim(P, queue, kind, call)
  local claimed = {}
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. queue, '-inf', call.now, 'LIMIT', 0, call.most)) do
    local key = P .. kind .. id
    if redis.call('EXISTS', key) == 1 then
      redis.call('ZADD', P .. queue, call.now + call.lease, id)
      redis.call('HSET', key, 'lease', call.token)
      claimed[#claimed + 1] = id
    else
      redis.call('ZREM', P .. queue, id)
    end
  end
  return claimed
end

redis.register_function('nf_claim_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  return cmsgpack.pack(claim(call.P, call.queue, call.kind, call))
end)

-- Named items, due or not (a crawl of one list, or `--now`); those under a live lease are left alone.
redis.register_function('nf_claim_named_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local claimed, P = {}, call.P
  for _, id in ipairs(call.ids) do
    local key, due = P .. call.kind .. id, tonumber(redis.call('ZSCORE', P .. call.queue, id))
    local held = redis.call('HGET', key, 'lease')
    local leased = held and held ~= '' and due and due > call.now
    if due and not leased and (call.force or due <= call.now) then
      redis.call('ZADD', P .. call.queue, call.now + call.lease, id)
      redis.call('HSET', key, 'lease', call.token)
      claimed[#claimed + 1] = id
    end
  end
  return cmsgpack.pack(claimed)
end)

redis.register_function('nf_release_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local released = 0
  for _, id in ipairs(call.ids) do
    local key = call.P .. call.kind .. id
    if redis.call('HGET', key, 'lease') == call.token then
      redis.call('HDEL', key, 'lease')
      redis.call('ZADD', call.P .. call.queue, 'XX', call.now, id)
      released = released + 1
    end
  end
  return released
end)

-- A poll's outcome in one step: new pages, entries seen, the feed's state, its next time.
redis.register_function('nf_finish_poll_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local P, key = call.P, call.P .. ':feed:' .. call.feed
  if redis.call('HGET', key, 'lease') ~= call.token then return 0 end
  for _, page in ipairs(call.pages) do
    local pkey = P .. ':page:' .. page.id
    hset(pkey, page.fields)
    redis.call('HSET', pkey, 'lease', call.token)
    redis.call('EXPIRE', pkey, call.ttl)
    redis.call('ZADD', P .. ':pages:due', call.now + call.lease, page.id)
  end
  if #call.entries > 0 then
    for i = 1, #call.entries, 2 do redis.call('HSET', key .. ':entries', call.entries[i], call.entries[i + 1]) end
    redis.call('EXPIRE', key .. ':entries', call.ttl)
  end
  for _, entry in ipairs(call.drop) do redis.call('HDEL', key .. ':entries', entry) end
  if #call.clear > 0 then redis.call('HDEL', key, unpack(call.clear)) end
  hset(key, call.fields)
  redis.call('HDEL', key, 'lease')
  if call.due then
    redis.call('ZADD', P .. ':feeds:due', call.due, call.feed)
  else
    redis.call('ZREM', P .. ':feeds:due', call.feed)
  end
  return 1
end)

-- A page that will not come: tried again later, or given up.
redis.register_function('nf_finish_page_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local key = call.P .. ':page:' .. call.page
  if redis.call('HGET', key, 'lease') ~= call.token then return 0 end
  if call.due then
    redis.call('HINCRBY', key, 'attempts', 1)
    redis.call('HSET', key, 'error', call.error)
    redis.call('HDEL', key, 'lease')
    redis.call('ZADD', call.P .. ':pages:due', call.due, call.page)
  else
    redis.call('ZREM', call.P .. ':pages:due', call.page)
    redis.call('DEL', key)
  end
  return 1
end)
