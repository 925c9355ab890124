-- What is known of outlets: their learnt furniture, and the edges of their latest articles.

local LATEST, PHRASES = 24, 96

-- An outlet's latest articles: those that came after what the caller knows (a digest of the latest, and how many), and
-- whether they are all.
local AFTER, DIGEST = 3, 16

local function latest_of(key, known)
  for at = 0, known and AFTER or -1 do
    local one = redis.call('LINDEX', key, at)
    if one and string.sub(redis.sha1hex(one), 1, DIGEST) == known[1] then
      if redis.call('LLEN', key) ~= math.min(LATEST, known[2] + at) then break end
      return at > 0 and redis.call('LRANGE', key, 0, at - 1) or {}, false
    end
  end
  return redis.call('LRANGE', key, 0, -1), true
end

redis.register_function{
  function_name = 'nf_outlets_@V@',
  callback = function(keys, args)
    local call, answers = cmsgpack.unpack(args[1]), {}
    for i, outlet in ipairs(call.outlets) do
      local latest, whole = {}, true
      if call.latest then latest, whole = latest_of(keys[1] .. 'latest:' .. outlet, call.known[outlet]) end
      answers[i] = { redis.call('HKEYS', call.P .. ':outlet:' .. outlet), latest, whole }
    end
    return cmsgpack.pack(answers)
  end,
  flags = { 'no-writes' },
}

-- A phrase counts as seen once for every article that it was found in.
local function see(key, phrase, call)
  local known = redis.call('HGET', key, phrase)
  local seen = known and cjson.decode(known) or { seen = 0, first = call.at }
  seen.seen, seen.last = seen.seen + 1, call.at
  redis.call('HSET', key, phrase, cjson.encode(seen))
end

-- An outlet that changed its furniture often keeps what it was last seen with.
local function prune_phrases(key)
  local all = hash(key)
  local phrases = {}
  for phrase, seen in pairs(all) do phrases[#phrases + 1] = { cjson.decode(seen).last, phrase } end
  table.sort(phrases, function(a, b) return a[1] < b[1] or (a[1] == b[1] and a[2] < b[2]) end)
  for i = 1, #phrases - PHRASES do redis.call('HDEL', key, phrases[i][2]) end
end

redis.register_function('nf_learn_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  for _, doc in ipairs(call.docs) do
    local key, latest = call.P .. ':outlet:' .. doc.outlet, keys[1] .. 'latest:' .. doc.outlet
    if not redis.call('LPOS', latest, doc.sighting) then -- else the call is made twice
      redis.call('LPUSH', latest, doc.sighting)
      redis.call('LTRIM', latest, 0, LATEST - 1)
      for _, phrase in ipairs(doc.phrases) do see(key, phrase, call) end
    end
    redis.call('EXPIRE', latest, call.ttl)
    if #doc.phrases > 0 then
      redis.call('EXPIRE', key, call.ttl)
      if redis.call('HLEN', key) > PHRASES then prune_phrases(key) end
    end
  end
  return #call.docs
end)
