-- Link: unite groups and stories, store the article, count, tell. Idempotent by article id, and the
-- same whatever order workers come in: of united records the one created first, then the smaller id, stays.

local function older(a, b)
  local x, y = a.created or '~', b.created or '~'
  if x ~= y then return x < y end
  return a.id < b.id
end

local function move(from, to, ttl)
  if redis.call('EXISTS', from) == 1 then
    redis.call('ZUNIONSTORE', to, 2, to, from, 'AGGREGATE', 'MIN')
    redis.call('EXPIRE', to, ttl)
    redis.call('DEL', from)
  end
end

local function add_outlets(from, to, ttl)
  for outlet, count in pairs(hash(from)) do redis.call('HINCRBY', to, outlet, count) end
  redis.call('EXPIRE', to, ttl)
  redis.call('DEL', from)
end

local function span(keep, lose)
  keep.first = (lose.first < keep.first) and lose.first or keep.first
  keep.latest = (lose.latest > keep.latest) and lose.latest or keep.latest
end

local function point_articles(P, members, field, value)
  for _, id in ipairs(redis.call('ZRANGE', members, 0, -1)) do
    local key = P .. ':article:' .. id
    if redis.call('EXISTS', key) == 1 then redis.call('HSET', key, field, value) end
  end
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

local function touch(P, kind, id, parts, ttl)
  redis.call('EXPIRE', P .. ':' .. kind .. ':' .. id, ttl)
  for _, part in ipairs(parts) do redis.call('EXPIRE', P .. ':' .. kind .. ':' .. id .. ':' .. part, ttl) end
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

local function merge_groups(P, one, other, call)
  one, other = root(P, 'group', one), root(P, 'group', other)
  if one == other then return one end
  local keep, lose = hash(P .. ':group:' .. one), hash(P .. ':group:' .. other)
  if older(lose, keep) then keep, lose = lose, keep end
  local story = merge_stories(P, keep.story, lose.story, call)
  local to, from = P .. ':group:' .. keep.id, P .. ':group:' .. lose.id
  point_articles(P, from .. ':articles', 'group', keep.id)
  move(from .. ':articles', to .. ':articles', call.ttl)
  if lose.first < keep.first then keep.origin = lose.origin end
  span(keep, lose)
  keep.articles = redis.call('ZCARD', to .. ':articles')
  keep.shingles = math.max(tonumber(keep.shingles), tonumber(lose.shingles))
  keep.story = story
  hset(to, keep)
  redis.call('DEL', from)
  redis.call('HSET', from, 'id', lose.id, 'merged_into', keep.id)
  redis.call('EXPIRE', from, call.ttl)
  if story ~= '' then lead_again(P, story, lose, keep) end
  return keep.id
end

-- The group that the article belongs to, united with all that matched; nil where it founds its own.
-- A match that is inserted but not linked yet has no group so far: `alias` tells it where to go.
local function find_group(P, doc, call)
  local group
  for _, id in ipairs(doc.unite) do
    local found = root(P, 'group', id)
    if redis.call('HEXISTS', P .. ':group:' .. found, 'created') == 1 then
      group = group and merge_groups(P, group, found, call) or found
    end
  end
  return group
end

local function alias(P, kind, from, into, ttl)
  if from == into then return end
  local key = P .. ':' .. kind .. ':' .. from
  if redis.call('EXISTS', key) == 0 then
    redis.call('HSET', key, 'id', from, 'merged_into', into)
    redis.call('EXPIRE', key, ttl)
  end
end

local function new_group(doc, call, story)
  return {
    id = doc.group, lang = doc.fields.lang, story = story, origin = doc.id, articles = 0,
    shingles = doc.shingles, first = doc.at, latest = doc.at, created = call.at,
  }
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

local function join_group(P, doc, group, call)
  local key = P .. ':group:' .. group.id
  redis.call('ZADD', key .. ':articles', doc.time, doc.id)
  group.articles = redis.call('ZCARD', key .. ':articles')
  if doc.at < group.first then group.first, group.origin = doc.at, doc.id end
  if doc.at > group.latest then group.latest = doc.at end
  group.shingles = math.max(tonumber(group.shingles), doc.shingles)
  hset(key, group)
  touch(P, 'group', group.id, { 'articles' }, call.ttl)
  return group
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

local function store_article(P, doc, call)
  local key = P .. ':article:' .. doc.id
  hset(key, doc.fields)
  redis.call('EXPIRE', key, call.ttl)
  redis.call('ZADD', P .. ':articles', 'NX', call.now, doc.id)
  for _, url in ipairs(doc.url_keys) do redis.call('SET', url, doc.id, 'EX', call.ttl) end
  if doc.page ~= '' then
    redis.call('ZREM', P .. ':pages:due', doc.page)
    redis.call('DEL', P .. ':page:' .. doc.page)
  end
end

-- An article met before keeps its place; a changed text makes it a revision of itself.
local function revise(P, doc, call, known)
  local verdict = known.content == doc.fields.content and 'unchanged' or 'revision'
  doc.fields.seen, doc.fields.verdict, doc.fields.similarity, doc.fields.matched = nil, nil, nil, nil
  if verdict == 'revision' then
    doc.fields.revisions = tonumber(known.revisions or 0) + 1
    doc.fields.revised = call.at
  end
  store_article(P, doc, call)
  local group, story = root(P, 'group', known.group), root(P, 'story', known.story)
  if verdict == 'revision' then
    event(P, call.cap, { type = 'article.revised', article = doc.id, story = story, at = call.at })
  end
  return { group, story, false, false, verdict }
end

local function link(P, doc, call)
  local known = hash(P .. ':article:' .. doc.id)
  if known.group then return revise(P, doc, call, known) end
  local own = root(P, 'group', doc.group)
  if own ~= doc.group then table.insert(doc.unite, own) end
  local group_id, story, new_story, group = find_group(P, doc, call), nil, false, nil
  local is_new = not group_id
  if is_new then
    if doc.own_story == '' then story = '' else story, new_story = find_story(P, doc, call) end
    group_id, group = doc.group, new_group(doc, call, story)
  else
    alias(P, 'group', doc.group, group_id, call.ttl)
    group = hash(P .. ':group:' .. group_id)
    story = group.story
    if story ~= '' then story = root(P, 'story', story) end
  end
  for _, id in ipairs(doc.unite) do alias(P, 'group', id, group_id, call.ttl) end
  doc.fields.group, doc.fields.story = group_id, story
  store_article(P, doc, call)
  join_group(P, doc, group, call)
  if story == '' then return { group_id, '', is_new, false, '' } end
  join_story(P, doc, story, group, call)
  event(P, call.cap, { type = new_story and 'story.created' or 'story.updated', story = story, at = call.at })
  event(P, call.cap, { type = 'article.added', article = doc.id, group = group_id, story = story, at = call.at })
  return { group_id, story, is_new, new_story, '' }
end

local function prune(P, horizon)
  redis.call('ZREMRANGEBYSCORE', P .. ':stories', '-inf', '(' .. horizon)
  redis.call('ZREMRANGEBYSCORE', P .. ':articles', '-inf', '(' .. horizon)
end

redis.register_function('nf_link_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local answers = {}
  for i, doc in ipairs(call.docs) do answers[i] = link(call.P, doc, call) end
  prune(call.P, call.now - call.ttl)
  return cmsgpack.pack(answers)
end)
