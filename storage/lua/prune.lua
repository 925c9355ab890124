-- Forgetting articles before they expire, and what points to some that are gone: groups and stories are counted anew
-- and do not look as if they had grown.

local function drop_missing(P, members)
  for _, article in ipairs(redis.call('ZRANGE', members, 0, -1)) do
    if redis.call('EXISTS', P .. ':article:' .. article) == 0 then redis.call('ZREM', members, article) end
  end
  return redis.call('ZCARD', members)
end

-- A group without those of its articles that are gone; false where nothing is left of it.
local function tidy_group(P, prefix, id)
  local key = P .. ':group:' .. id
  local row = redis.call('HMGET', key, 'created', 'spot')
  if not row[1] then return false end
  if drop_missing(P, key .. ':articles') > 0 then
    recount_group(P, id)
    return true
  end
  untell(prefix, row[2], id)
  redis.call('DEL', key, key .. ':articles', key .. ':related')
  return false
end

local function count_outlets(P, key)
  redis.call('DEL', key .. ':outlets')
  for _, article in ipairs(redis.call('ZRANGE', key .. ':articles', 0, -1)) do
    tally(key .. ':outlets', redis.call('HGET', P .. ':article:' .. article, 'outlet'), 1)
  end
end

-- The same for a story; how many groups it lost, and whether it is gone itself.
local function tidy_story(P, prefix, id)
  local key, lost = P .. ':story:' .. id, 0
  local ttl = redis.call('TTL', key)
  drop_missing(P, key .. ':articles')
  for _, group in ipairs(redis.call('ZRANGE', key .. ':groups', 0, -1)) do
    if not tidy_group(P, prefix, group) then
      redis.call('ZREM', key .. ':groups', group)
      lost = lost + 1
    end
  end
  if redis.call('ZCARD', key .. ':groups') == 0 then
    redis.call('DEL', key, key .. ':articles', key .. ':groups', key .. ':outlets')
    redis.call('ZREM', P .. ':stories', id)
    return lost, 1
  end
  count_outlets(P, key)
  hset(key, seen_anew(P, hash(key)))
  if ttl > 0 then touch(P, 'story', id, STORY_PARTS, ttl) end
  return lost, 0
end

-- Drops articles (id, key of the address, …) and tidies stories, of one language; the groups and stories that went.
redis.register_function('nf_forget_@V@', function(keys, args)
  local call, groups, stories = cmsgpack.unpack(args[1]), 0, 0
  local P, loose = call.P, {}
  for i = 1, #call.articles, 2 do
    local id, key = call.articles[i], P .. ':article:' .. call.articles[i]
    local row = redis.call('HMGET', key, 'group', 'story')
    if row[1] and row[2] == '' then loose[root(P, 'group', row[1])] = true end
    redis.call('DEL', key)
    redis.call('ZREM', P .. ':articles', id)
    if redis.call('GET', call.articles[i + 1]) == id then redis.call('DEL', call.articles[i + 1]) end
  end
  for id in pairs(loose) do
    if not tidy_group(P, keys[1], id) then groups = groups + 1 end
  end
  for _, id in ipairs(call.stories) do
    local lost, gone = tidy_story(P, keys[1], id)
    groups, stories = groups + lost, stories + gone
  end
  return cmsgpack.pack({ groups, stories })
end)
