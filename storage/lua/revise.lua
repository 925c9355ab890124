-- Articles that were met before: what a changed text changes.

-- When an article tells its news, as its group counts it.
local function time_of(P, id)
  local row = redis.call('HMGET', P .. ':article:' .. id, 'published', 'seen')
  return (row[1] and row[1] ~= '' and row[1] <= row[2]) and row[1] or row[2]
end

-- A group without one of its articles shows and counts the others.
local function recount_group(P, id, call)
  local key = P .. ':group:' .. id
  local members = redis.call('ZRANGE', key .. ':articles', 0, -1)
  local latest = time_of(P, members[#members])
  redis.call('HSET', key, 'articles', #members, 'origin', members[1], 'first', time_of(P, members[1]), 'latest', latest)
end

-- Takes an article out of its group, and out of its story until it is told anew.
local function leave_group(P, prefix, doc, id, story, call)
  local key, from = P .. ':group:' .. id, P .. ':story:' .. story
  redis.call('ZREM', key .. ':articles', doc.id)
  if story ~= '' and redis.call('ZREM', from .. ':articles', doc.id) == 1 then
    tally(from .. ':outlets', redis.call('HGET', P .. ':article:' .. doc.id, 'outlet'), -1)
  end
  if redis.call('ZCARD', key .. ':articles') > 0 then recount_group(P, id, call)
  else
    untell(prefix, redis.call('HGET', key, 'spot'), id)
    redis.call('ZREM', from .. ':groups', id)
    redis.call('DEL', key, key .. ':related')
  end
end

-- What the article left is looked over once it is known where it went.
local function after_leaving(P, id, story, into, call)
  if redis.call('EXISTS', P .. ':group:' .. id) == 0 then alias(P, 'group', id, into[1], call.ttl) end
  if story == '' or not is_story(P, story) then return end
  if redis.call('ZCARD', P .. ':story:' .. story .. ':groups') == 0 then close_story(P, story, into[2], call)
  else review(P, hash(P .. ':story:' .. story), call) end
end

-- A text that is a group by itself is found and compared by its new words from now on, and moves where they belong.
local function retell(P, prefix, doc, call, group, story)
  local key = P .. ':group:' .. group
  local spot = redis.call('HGET', key, 'spot')
  if spot ~= doc.spot then untell(prefix, spot, group) end
  redis.call('HSET', key, 'spot', doc.spot, 'shingles', doc.shingles)
  redis.call('HSET', P .. ':article:' .. doc.id, unpack(doc.record, SEEN + 1, call.placed))
  tell(prefix, doc.spot, group, story, call, doc.density, redis.call('HEXISTS', key, 'fixed') == 1)
  for _, change in ipairs(doc.changes or {}) do
    move_group(P, prefix, change[1], change[2], change[3], call)
  end
  return { group, root(P, 'story', redis.call('HGET', key, 'story')), false, false, 'revision' }
end

-- An article whose words changed stays with the texts that it still is like, and leaves the others; but not for another
-- story where an operator put it into this one, unless it is one text with what is there.
local function reword(P, prefix, doc, call, group, story)
  for _, id in ipairs(doc.unite) do
    if root(P, 'group', id) == group then return { group, story, false, false, 'revision' } end
  end
  -- Of two that were reworded at once the one that stays alone was entered as a group of its own.
  local is_told_here = not doc.posted or doc.posted == bytes_of(group)
  if #doc.unite == 0 and is_told_here and redis.call('ZCARD', P .. ':group:' .. group .. ':articles') == 1 then
    if not doc.spot then return { group, story, false, false, 'revision' } end
    return retell(P, prefix, doc, call, group, story)
  end
  local fixed = redis.call('HGET', P .. ':group:' .. group, 'fixed')
  if fixed then doc.story, doc.changes = story, nil end
  leave_group(P, prefix, doc, group, story, call)
  local into = place(P, prefix, doc, call)
  if fixed and into[3] then hold_too(P, prefix, group, into[1], doc.spot, into[2], fixed, call) end
  after_leaving(P, group, story, into, call)
  event(P, call.cap, { type = 'article.moved', article = doc.id, from = group, group = into[1], story = into[2], at = call.at })
  return { into[1], into[2], into[3], into[4], 'revision' }
end

-- An article met before; a changed text makes it a revision of itself.
local function revise(P, prefix, doc, call, group, story)
  local key = P .. ':article:' .. doc.id
  local known = redis.call('HMGET', key, 'content', 'revisions', 'feed')
  local verdict = known[1] == doc.content and 'unchanged' or 'revision'
  group, story = root(P, 'group', group), root(P, 'story', story)
  if doc.hearsay ~= '' and known[3] ~= doc.hearsay then
    -- What a feed tells of another site's address changes nothing of what that site or another feed has told.
    settle_page(P, doc)
    return { group, story, false, false, 'unchanged' }
  end
  redis.call('HSET', key, unpack(doc.record, call.placed + 1))
  redis.call('EXPIRE', key, call.ttl)
  remember_urls(P, doc, call)
  if verdict == 'unchanged' then return { group, story, false, false, verdict } end
  redis.call('HSET', key, 'revisions', tonumber(known[2] or 0) + 1, 'revised', call.at)
  event(P, call.cap, { type = 'article.revised', article = doc.id, story = story, at = call.at })
  if doc.reworded then return reword(P, prefix, doc, call, group, story) end
  return { group, story, false, false, verdict }
end
