-- Rare terms: put a group's into the postings, bring back the groups that share them, with their stories and vectors.
local POSTINGS = 64

local function post(key, group, time, window, ttl)
  local members = redis.call('ZREVRANGEBYSCORE', key, time + window, time - window, 'LIMIT', 0, POSTINGS)
  redis.call('ZADD', key, time, group)
  if redis.call('ZCARD', key) > 4 * POSTINGS then redis.call('ZREMRANGEBYRANK', key, 0, -4 * POSTINGS - 1) end
  redis.call('EXPIRE', key, ttl)
  return members
end

-- The story that a group is in now ('' where none is linked yet) and how many groups it has.
local function told(P, group)
  local row = redis.call('HMGET', P .. ':group:' .. group, 'merged_into', 'story')
  local story = row[2]
  if row[1] then story = redis.call('HGET', P .. ':group:' .. root(P, 'group', row[1]), 'story') end
  if not story or story == '' then return '', 1 end
  row = redis.call('HMGET', P .. ':story:' .. story, 'merged_into', 'groups')
  if not row[1] then return story, tonumber(row[2] or 1) end
  story = root(P, 'story', row[1])
  return story, tonumber(redis.call('HGET', P .. ':story:' .. story, 'groups') or 1)
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
      local story, count = told(P, groups[i])
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
