-- Groups: founded, joined and united.

-- What is related to a new group is noted before it and expires as it is noted.
local GROUP_PARTS, NEW_GROUP_PARTS = { 'articles', 'related' }, { 'articles' }

-- The story of two groups that become one text: only the one group goes to the other's, for one text that is two
-- reprints' bridge does not unite two events; and where an operator placed one of them, it is that one's.
local function common_story(P, prefix, keep, lose, call)
  if keep.story == '' then return '' end
  local goes, stays = lose, keep
  if lose.fixed and not keep.fixed then goes, stays = keep, lose end
  if lose.story ~= '' then move_group(P, prefix, goes.id, goes.story, stays.story, call) end
  if lose.fixed and (tonumber(keep.fixed) or 0) < tonumber(lose.fixed) then keep.fixed = lose.fixed end
  local story = root(P, 'story', stays.story)
  if keep.fixed then tell(prefix, keep.spot, keep.id, story, call, nil, true) end
  return story
end

-- Two that an operator put into two stories stay two.
local function kept_apart(P, one, other)
  return one.fixed and other.fixed and root(P, 'story', one.story) ~= root(P, 'story', other.story)
end

local function merge_groups(P, prefix, one, other, call)
  one, other = root(P, 'group', one), root(P, 'group', other)
  if one == other then return one end
  local keep, lose = hash(P .. ':group:' .. one), hash(P .. ':group:' .. other)
  if kept_apart(P, keep, lose) then return one end
  if older(lose, keep) then keep, lose = lose, keep end
  local story = common_story(P, prefix, keep, lose, call)
  local to, from = P .. ':group:' .. keep.id, P .. ':group:' .. lose.id
  point_articles(P, from .. ':articles', 'group', keep.id)
  move(from .. ':articles', to .. ':articles', call.ttl)
  move(from .. ':related', to .. ':related', call.ttl)
  if lose.first < keep.first then keep.origin = lose.origin end
  span(keep, lose)
  keep.articles = redis.call('ZCARD', to .. ':articles')
  keep.shingles = math.max(tonumber(keep.shingles), tonumber(lose.shingles))
  keep.story = story
  hset(to, keep)
  redis.call('DEL', from)
  redis.call('HSET', from, 'id', lose.id, 'merged_into', keep.id)
  redis.call('EXPIRE', from, call.ttl)
  untell(prefix, lose.spot, lose.id)
  if story ~= '' then lead_again(P, story, lose, call) end
  return keep.id
end

-- The group that the article belongs to, united with all that matched; nil where it founds its own.
-- A match that is inserted but not linked yet has no group so far: `alias` tells it where to go.
local function find_group(P, prefix, doc, call)
  local group
  for _, id in ipairs(doc.unite) do
    local found = root(P, 'group', id)
    if redis.call('HEXISTS', P .. ':group:' .. found, 'created') == 1 then
      group = group and merge_groups(P, prefix, group, found, call) or found
    end
  end
  return group
end

local function found_group(P, prefix, doc, story, call)
  local key = P .. ':group:' .. doc.group
  redis.call('ZADD', key .. ':articles', doc.time, doc.id)
  redis.call('HSET', key, 'id', doc.group, 'lang', call.lang, 'story', story, 'origin', doc.id, 'articles', 1,
    'shingles', doc.shingles, 'first', doc.at, 'latest', doc.at, 'created', call.at, 'spot', doc.spot or '')
  if story ~= '' then tell(prefix, doc.spot, doc.group, story, call, doc.density) end
  touch(P, 'group', doc.group, NEW_GROUP_PARTS, call.ttl)
  return { id = doc.group, origin = doc.id, articles = 1, first = doc.at }
end

local function join_group(P, doc, group, call)
  local key, before = P .. ':group:' .. group.id, copy(group)
  redis.call('ZADD', key .. ':articles', doc.time, doc.id)
  group.articles = redis.call('ZCARD', key .. ':articles')
  if doc.at < group.first then group.first, group.origin = doc.at, doc.id end
  if doc.at > group.latest then group.latest = doc.at end
  group.shingles = math.max(tonumber(group.shingles), doc.shingles)
  hset_changed(key, group, before)
  touch(P, 'group', group.id, GROUP_PARTS, call.ttl)
end
