-- Insert and read: put each text's bands and sentences into their buckets, bring back who was there.
-- In this order and in one step, of two workers that meet the same text at least one sees the other.

-- A hot wire story must not grow its buckets without bound: any earlier members lead to its group.
local BUCKET, CANDIDATES = 24, 48

local function put(key, id, now, ttl)
  local members = redis.call('ZRANGEBYSCORE', key, now - ttl, '+inf', 'LIMIT', 0, BUCKET)
  if #members == BUCKET then
    redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. (now - ttl))
  else
    redis.call('ZADD', key, now, id)
  end
  redis.call('EXPIRE', key, ttl)
  return members
end

local function gather(prefix, keys, doc, now, ttl, counts, place)
  for _, key in ipairs(keys) do
    for _, id in ipairs(put(prefix .. key, doc.id, now, ttl)) do
      if id ~= doc.id then
        counts[id] = counts[id] or { 0, 0 }
        counts[id][place] = counts[id][place] + 1
      end
    end
  end
end

local function best(counts)
  local ids = {}
  for id in pairs(counts) do ids[#ids + 1] = id end
  table.sort(ids, function(a, b)
    local x, y = counts[a], counts[b]
    if x[1] + x[2] ~= y[1] + y[2] then return x[1] + x[2] > y[1] + y[2] end
    return a < b
  end)
  return ids
end

local function insert_and_read(P, prefix, doc, now, ttl)
  local counts = {}
  gather(prefix .. 'band:', doc.bands, doc, now, ttl, counts, 1)
  gather(prefix .. 'sent:', doc.sentences, doc, now, ttl, counts, 2)
  local print = prefix .. 'print:' .. doc.id
  redis.call('HSET', print, 'exact', doc.exact, 'shingles', doc.shingles, 'signature', doc.signature, 'group', doc.group)
  redis.call('EXPIRE', print, ttl)
  local found = {}
  for _, id in ipairs(best(counts)) do
    local p = redis.call('HMGET', prefix .. 'print:' .. id, 'exact', 'shingles', 'signature', 'group')
    if p[1] then
      local group = root(P, 'group', p[4])
      local longest = redis.call('HGET', P .. ':group:' .. group, 'shingles') or p[2]
      found[#found + 1] = { id, group, p[1], p[2], p[3], counts[id][1], counts[id][2], longest }
      if #found == CANDIDATES then break end
    end
  end
  return found
end

redis.register_function('nf_insert_and_read_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local answers = {}
  for i, doc in ipairs(call.docs) do
    local known = redis.call('HMGET', call.P .. ':article:' .. doc.id, 'exact', 'group', 'story')
    answers[i] = {
      known[1] or '', known[2] and root(call.P, 'group', known[2]) or '',
      insert_and_read(call.P, keys[1], doc, call.now, call.ttl),
    }
  end
  return cmsgpack.pack(answers)
end)

-- The same for rare terms: groups that share them, with their stories and vectors.
local POSTINGS = 64

local function post(key, group, time, window, ttl)
  local members = redis.call('ZREVRANGEBYSCORE', key, time + window, time - window, 'LIMIT', 0, POSTINGS)
  redis.call('ZADD', key, time, group)
  if redis.call('ZCARD', key) > 4 * POSTINGS then redis.call('ZREMRANGEBYRANK', key, 0, -4 * POSTINGS - 1) end
  redis.call('EXPIRE', key, ttl)
  return members
end

local function neighbours(P, prefix, doc, call)
  local shared = {}
  for i, term in ipairs(doc.terms) do
    for _, group in ipairs(post(prefix .. 'term:' .. term, doc.group, doc.time, call.window, call.ttl)) do
      if group ~= doc.group then shared[group] = (shared[group] or 0) + doc.weights[i] end
    end
  end
  local groups = {}
  for group in pairs(shared) do groups[#groups + 1] = group end
  table.sort(groups, function(a, b)
    if shared[a] ~= shared[b] then return shared[a] > shared[b] end
    return a < b
  end)
  local found = {}
  for i = 1, math.min(#groups, call.most) do
    local vector = redis.call('GET', prefix .. 'vector:' .. groups[i])
    if vector then
      local now_in = root(P, 'group', groups[i])
      local story = redis.call('HGET', P .. ':group:' .. now_in, 'story')
      story = story and root(P, 'story', story) or ''
      local count = story ~= '' and tonumber(redis.call('HGET', P .. ':story:' .. story, 'groups') or 1) or 1
      found[#found + 1] = { groups[i], story, count, vector }
    end
  end
  redis.call('SET', prefix .. 'vector:' .. doc.group, doc.vector, 'EX', call.ttl)
  return found
end

redis.register_function('nf_neighbours_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local answers = {}
  for i, doc in ipairs(call.docs) do answers[i] = neighbours(call.P, keys[1], doc, call) end
  return cmsgpack.pack(answers)
end)
