-- Link: unite groups and stories, store the article, count, tell. Idempotent by article id.

local function link(P, prefix, doc, call)
  local known = redis.call('HMGET', P .. ':article:' .. doc.id, 'group', 'story')
  if known[1] then return revise(P, prefix, doc, call, known[1], known[2]) end
  return place(P, prefix, doc, call)
end

local function enlist(P, call)
  local flat = {}
  for i, doc in ipairs(call.docs) do flat[2 * i - 1], flat[2 * i] = call.now, doc.id end
  redis.call('ZADD', P .. ':articles', 'NX', unpack(flat))
end

-- Nobody waits any more for what was entered.
local function end_entering(prefix, docs)
  local entered = {}
  for _, doc in ipairs(docs) do entered[#entered + 1] = doc.posted end
  if #entered > 0 then redis.call('ZREM', prefix .. 'entering', unpack(entered)) end
end

local function prune(P, horizon)
  redis.call('ZREMRANGEBYSCORE', P .. ':stories', '-inf', '(' .. horizon)
  redis.call('ZREMRANGEBYSCORE', P .. ':articles', '-inf', '(' .. horizon)
  redis.call('ZREMRANGEBYSCORE', P .. ':langs', '-inf', '(' .. horizon)
end

-- What was inserted must be there: a server that lost its last writes would keep articles that nobody finds.
local function missing(call)
  if not call.mark or redis.call('HEXISTS', call.buckets .. 'print:' .. call.slice, call.mark) == 1 then return end
  local index = redis.call('HGET', call.P .. ':schema', 'index')
  if index and index ~= call.index then
    return redis.error_reply('NFSCHEMA the index was made with other parameters')
  end
  return redis.error_reply('NFLOST what was inserted is not there any more')
end

redis.register_function('nf_link_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local lost = missing(call)
  if lost then return lost end
  local answers, said = {}, {}
  for i, doc in ipairs(call.docs) do
    answers[i] = link(call.P, keys[1], doc, call)
    if answers[i][5] ~= 'unchanged' then said[#said + 1] = doc end
  end
  enter_words(keys[1], said, call)
  enlist(call.P, call)
  end_entering(keys[1], call.docs)
  prune(call.P, call.now - call.ttl)
  return cmsgpack.pack(answers)
end)
