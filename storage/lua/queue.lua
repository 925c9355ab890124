-- Pages due, with leases: a lease is the due time moved into the future, under a worker's token; whoever no
-- longer holds it (a fenced worker) changes nothing.


-- A claim whose answer was lost is made again under the same number: it gets what it got before, or else that would
-- be nobody's until its lease runs out.
local function claimed_before(call, kind)
  local kept = redis.call('GET', call.P .. ':claimed:' .. call.token .. ':' .. kind)
  local found = kept and cmsgpack.unpack(kept)
  return found and found[1] == call.request and found[2]
end

local function note_claimed(call, kind, what)
  redis.call('SET', call.P .. ':claimed:' .. call.token .. ':' .. kind, cmsgpack.pack({ call.request, what }), 'EX', call.lease)
end

local function claim(P, queue, kind, call)
  local before = claimed_before(call, 'pages')
  if before then return before end
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
  note_claimed(call, 'pages', claimed)
  return claimed
end

redis.register_function('nf_claim_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  return cmsgpack.pack(claim(call.P, call.queue, call.kind, call))
end)

-- Holds on to leases; answers with what is this worker's no more (its article was stored, or it was given up).
redis.register_function('nf_renew_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local lost = {}
  for _, id in ipairs(call.ids) do
    if redis.call('HGET', call.P .. call.kind .. id, 'lease') == call.token then
      redis.call('ZADD', call.P .. call.queue, 'XX', call.now + call.lease, id)
    else
      lost[#lost + 1] = id
    end
  end
  return cmsgpack.pack(lost)
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
