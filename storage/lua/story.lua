-- Stories: founded, joined and united, with what they count and show.

local function add_outlets(from, to, ttl)
  for outlet, count in pairs(hash(from)) do redis.call('HINCRBY', to, outlet, count) end
  redis.call('EXPIRE', to, ttl)
  redis.call('DEL', from)
end

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

local function merge_stories(P, one, other, call)
  one, other = root(P, 'story', one), root(P, 'story', other)
  if one == other then return one end
  local keep, lose = hash(P .. ':story:' .. one), hash(P .. ':story:' .. other)
  if not keep.id then return other end
  if not lose.id then return one end
  if older(lose, keep) then keep, lose = lose, keep end
  local to, from = P .. ':story:' .. keep.id, P .. ':story:' .. lose.id
  point_articles(P, from .. ':articles', 'story', keep.id)
  for _, group in ipairs(redis.call('ZRANGE', from .. ':groups', 0, -1)) do
    redis.call('HSET', P .. ':group:' .. group, 'story', keep.id)
  end
  move(from .. ':articles', to .. ':articles', call.ttl)
  move(from .. ':groups', to .. ':groups', call.ttl)
  add_outlets(from .. ':outlets', to .. ':outlets', call.ttl)
  span(keep, lose)
  local lead = hash(P .. ':group:' .. lose.lead_group)
  if lead.id and not lead.merged_into then represent(P, keep, lead) end
  count_story(P, keep)
  hset(to, keep)
  redis.call('DEL', from)
  redis.call('HSET', from, 'id', lose.id, 'merged_into', keep.id)
  redis.call('EXPIRE', from, call.ttl)
  redis.call('ZREM', P .. ':stories', lose.id)
  event(P, call.cap, { type = 'story.merged', story = lose.id, into = keep.id, at = call.at })
  return keep.id
end

-- A story whose groups were united counts and shows them anew.
local function lead_again(P, story, lose, keep)
  local key = P .. ':story:' .. story
  redis.call('ZREM', key .. ':groups', lose.id)
  local owner = hash(key)
  represent(P, owner, keep)
  count_story(P, owner)
  hset(key, owner)
end

local function find_story(P, doc, call)
  local wanted = doc.story ~= '' and root(P, 'story', doc.story) or ''
  if wanted ~= '' and redis.call('HEXISTS', P .. ':story:' .. wanted, 'created') == 1 then return wanted, false end
  local own = root(P, 'story', doc.own_story)
  if redis.call('HEXISTS', P .. ':story:' .. own, 'created') == 1 then return own, false end
  hset(P .. ':story:' .. own, {
    id = own, lang = doc.fields.lang, first = doc.at, latest = doc.at, created = call.at,
    headline = doc.fields.title, url = doc.fields.url, outlet = doc.fields.outlet, representative = doc.id,
  })
  -- A racer that chose this story before it existed, or the other way round, ends up in one.
  if wanted ~= '' then alias(P, 'story', wanted, own, call.ttl) end
  return own, true
end

local function join_story(P, doc, id, group, call)
  local key, story = P .. ':story:' .. id, hash(P .. ':story:' .. id)
  redis.call('ZADD', key .. ':articles', doc.time, doc.id)
  redis.call('ZADD', key .. ':groups', 'LT', doc.time, group.id)
  if doc.fields.outlet ~= '' then redis.call('HINCRBY', key .. ':outlets', doc.fields.outlet, 1) end
  if doc.at < story.first then story.first = doc.at end
  if doc.at > story.latest then story.latest = doc.at end
  story.seen = call.at
  represent(P, story, group)
  count_story(P, story)
  hset(key, story)
  touch(P, 'story', id, STORY_PARTS, call.ttl)
  redis.call('ZADD', P .. ':stories', call.now, id)
end
