-- Stories: founded, joined, left, with what they count and show.

-- The story shows its largest group's origin, the earliest of equals.
local function represent(P, story, group)
  local size = tonumber(group.articles)
  local best = tonumber(story.lead_size or 0)
  if size > best or (size == best and group.first < (story.lead_first or '~')) or story.lead_group == group.id then
    story.lead_group, story.lead_size, story.lead_first = group.id, size, group.first
    story.representative = group.origin
    local shown = redis.call('HMGET', P .. ':article:' .. group.origin, 'title', 'url', 'outlet')
    if shown[1] then story.headline, story.url, story.outlet = shown[1], shown[2] or '', shown[3] or '' end
  end
end

local function count_story(P, story)
  local key = P .. ':story:' .. story.id
  story.articles = redis.call('ZCARD', key .. ':articles')
  story.groups = redis.call('ZCARD', key .. ':groups')
  story.outlets = redis.call('HLEN', key .. ':outlets')
end

local STORY_PARTS = { 'articles', 'groups', 'outlets' }
-- So many of a story's groups are looked at when it must choose anew which one to show.
local LEADS = 200

local function is_story(P, id) return redis.call('HEXISTS', P .. ':story:' .. id, 'created') == 1 end

local function found_story(P, id, about, call)
  hset(P .. ':story:' .. id, {
    id = id, lang = about.lang, first = about.first, latest = about.latest, created = call.at, seen = call.at,
    headline = about.title, url = about.url, outlet = about.outlet, representative = about.article,
    wire = about.wire,
  })
end

local function find_story(P, doc, call)
  local wanted = doc.story ~= '' and root(P, 'story', doc.story) or ''
  if wanted ~= '' and is_story(P, wanted) then return wanted, false end
  local own = root(P, 'story', doc.own_story)
  if is_story(P, own) then return own, false end
  local shown = doc.fields
  found_story(P, own, {
    lang = shown.lang, first = doc.at, latest = doc.at, title = shown.title, url = shown.url, outlet = shown.outlet,
    article = doc.id, wire = shown.wire,
  }, call)
  -- A racer that chose this story before it existed, or the other way round, ends up in one.
  if wanted ~= '' then alias(P, 'story', wanted, own, call.ttl) end
  return own, true
end

-- A group as its story sees it: its size, its span, its origin.
local function group_seen(P, id)
  local row = redis.call('HMGET', P .. ':group:' .. id, 'articles', 'first', 'origin', 'latest')
  return row[1] and { id = id, articles = row[1], first = row[2], origin = row[3], latest = row[4] } or nil
end

-- A story with what its groups say of it now.
local function seen_anew(P, story)
  local key = P .. ':story:' .. story.id
  story.first, story.latest, story.lead_size, story.lead_first, story.lead_group = nil, nil, 0, '~', ''
  for _, id in ipairs(redis.call('ZRANGE', key .. ':groups', 0, LEADS - 1)) do
    local group = group_seen(P, id)
    if group then
      if not story.first or group.first < story.first then story.first = group.first end
      if not story.latest or group.latest > story.latest then story.latest = group.latest end
      represent(P, story, group)
    end
  end
  count_story(P, story)
  return story
end

-- Looks a story over whose groups were taken from it or added to it by others than their own articles.
local function review(P, story, call)
  story = seen_anew(P, story)
  story.seen = call.at
  hset(P .. ':story:' .. story.id, story)
  touch(P, 'story', story.id, STORY_PARTS, call.ttl)
  redis.call('ZADD', P .. ':stories', call.now, story.id)
end

-- What an operator did says by which correction (`call.correction`).
local function close_story(P, id, into, call)
  local key = P .. ':story:' .. id
  -- Whoever pinned a story wants to see what became of it.
  local pinned = redis.call('HGET', key, 'pinned')
  if pinned then redis.call('HSETNX', P .. ':story:' .. into, 'pinned', pinned) end
  redis.call('DEL', key, key .. ':articles', key .. ':groups', key .. ':outlets')
  hset(key, { id = id, merged_into = into, correction = call.correction })
  redis.call('EXPIRE', key, call.ttl)
  redis.call('ZREM', P .. ':stories', id)
  event(P, call.cap, { type = 'story.merged', story = id, into = into, at = call.at, correction = call.correction })
end

-- One article fewer, or more, of an outlet.
local function tally(key, outlet, by)
  if outlet and outlet ~= '' and redis.call('HINCRBY', key, outlet, by) <= 0 then redis.call('HDEL', key, outlet) end
end

local function move_articles(P, group, from, to)
  local members = redis.call('ZRANGE', P .. ':group:' .. group .. ':articles', 0, -1, 'WITHSCORES')
  for i = 1, #members, 2 do
    local article = P .. ':article:' .. members[i]
    local outlet = redis.call('HGET', article, 'outlet')
    if redis.call('ZREM', from .. ':articles', members[i]) == 1 then tally(from .. ':outlets', outlet, -1) end
    if redis.call('ZADD', to .. ':articles', members[i + 1], members[i]) == 1 then tally(to .. ':outlets', outlet, 1) end
    if outlet then redis.call('HSET', article, 'story', string.sub(to, #P + 8)) end
  end
end

-- A story that a group founds when it goes there.
local function found_by_group(P, id, group, call)
  local shown = redis.call('HMGET', P .. ':article:' .. group.origin, 'title', 'url', 'outlet', 'wire')
  found_story(P, id, {
    lang = group.lang, first = group.first, latest = group.latest, title = shown[1] or '', url = shown[2] or '',
    outlet = shown[3] or '', article = group.origin, wire = shown[4] or '',
  }, call)
end

-- A group goes from one story to another that is there; both are to be looked over after that.
local function carry(P, prefix, group, from, to, call)
  local old, new = P .. ':story:' .. from, P .. ':story:' .. to
  move_articles(P, group.id, old, new)
  local score = redis.call('ZSCORE', old .. ':groups', group.id)
  redis.call('ZREM', old .. ':groups', group.id)
  redis.call('ZADD', new .. ':groups', score or call.now, group.id)
  redis.call('HSET', P .. ':group:' .. group.id, 'story', to)
  tell(prefix, group.spot, group.id, to, call)
  event(P, call.cap, {
    type = 'group.moved', group = group.id, from = from, story = to, at = call.at, correction = call.correction,
  })
end

-- A group leaves its story for another, which is founded where it does not exist. Nothing happens where the group is
-- in no such story any more, so that a call made twice, or late, does no harm; nor where an operator placed the group.
local function move_group(P, prefix, id, left, wanted, call)
  id = root(P, 'group', id)
  local group = hash(P .. ':group:' .. id)
  if not group.created or group.story == '' or group.fixed then return end
  local from, to = root(P, 'story', group.story), root(P, 'story', wanted)
  if from == to or from ~= root(P, 'story', left) then return end
  local is_new = not is_story(P, to)
  if is_new then found_by_group(P, to, group, call) end
  carry(P, prefix, group, from, to, call)
  review(P, hash(P .. ':story:' .. to), call)
  if redis.call('ZCARD', P .. ':story:' .. from .. ':groups') == 0 then close_story(P, from, to, call)
  else
    review(P, hash(P .. ':story:' .. from), call)
    if is_new then event(P, call.cap, { type = 'story.split', story = to, from = from, at = call.at }) end
  end
end

-- A story whose groups were united counts and shows them anew.
local function lead_again(P, story, lose, call)
  redis.call('ZREM', P .. ':story:' .. story .. ':groups', lose.id)
  review(P, hash(P .. ':story:' .. story), call)
end

local function join_story(P, doc, id, group, call)
  local key = P .. ':story:' .. id
  local before = hash(key)
  local story = copy(before)
  redis.call('ZADD', key .. ':articles', doc.time, doc.id)
  redis.call('ZADD', key .. ':groups', 'LT', doc.time, group.id)
  if doc.fields.outlet ~= '' then redis.call('HINCRBY', key .. ':outlets', doc.fields.outlet, 1) end
  if doc.at < story.first then story.first, story.wire = doc.at, doc.fields.wire end
  if doc.at > story.latest then story.latest = doc.at end
  story.seen = call.at
  represent(P, story, group)
  count_story(P, story)
  hset_changed(key, story, before)
  touch(P, 'story', id, STORY_PARTS, call.ttl)
  redis.call('ZADD', P .. ':stories', call.now, id)
end
