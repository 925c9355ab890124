-- What an operator puts right: stories made one, parted, pinned, hidden. Each correction has a number, is kept with its
-- time and reason, and can be undone.
--
-- A group that a correction placed has its number as `fixed`: nothing but another correction moves it. Each correction
-- notes of every group where it was, where it put it, and what fixed it before. So what corrections in force say of a
-- group can be read from the last one back to the first, whichever were undone, and in which order.

local MARKS = { pin = 'pinned', hide = 'hidden' }

local function refuse(what) return redis.error_reply('NFCORRECTION ' .. what) end

-- Begins a correction; what it does after this is told with its number.
local function begin(P, call)
  call.correction = tostring(redis.call('INCR', P .. ':corrections:last'))
  return { n = call.correction, at = call.at, reason = call.reason }
end

local function keep_correction(P, correction, placed, call)
  local key = correction_key(P, correction.n)
  if #placed > 0 then correction.placed = cjson.encode(placed) end
  hset(key, correction)
  redis.call('EXPIRE', key, call.ttl)
  redis.call('ZADD', P .. ':corrections', call.now, correction.n)
  redis.call('ZREMRANGEBYSCORE', P .. ':corrections', '-inf', '(' .. call.now - call.ttl)
  return cmsgpack.pack({ correction.n, #placed })
end

local function groups_of(P, story)
  local found = {}
  for _, id in ipairs(redis.call('ZRANGE', P .. ':story:' .. story .. ':groups', 0, -1)) do
    local group = hash(P .. ':group:' .. id)
    if group.created then found[#found + 1] = group end
  end
  return found
end

-- Holds a group in a story, and notes where it was and what held it there.
local function fix(P, prefix, group, was, story, placed, call)
  placed[#placed + 1] = { group.id, was, story, group.fixed or '' }
  redis.call('HSET', P .. ':group:' .. group.id, 'fixed', call.correction)
  tell(prefix, group.spot, group.id, story, call, nil, true)
end

local function look_over(P, story, call) review(P, hash(P .. ':story:' .. story), call) end

redis.register_function('nf_merge_stories_@V@', function(keys, args)
  local call, prefix = cmsgpack.unpack(args[1]), keys[1]
  local P = call.P
  local to, from = root(P, 'story', call.story), root(P, 'story', call.other)
  if not is_story(P, to) or not is_story(P, from) then return refuse('gone') end
  if to == from then return cmsgpack.pack({ '', 0 }) end
  local gone = hash(P .. ':story:' .. from)
  if redis.call('HGET', P .. ':story:' .. to, 'lang') ~= gone.lang then return refuse('languages') end
  local placed, correction = {}, begin(P, call)
  correction.kind, correction.story, correction.other, correction.created = 'merge', to, from, gone.created
  correction.carried = gone.pinned and redis.call('HEXISTS', P .. ':story:' .. to, 'pinned') == 0 and '1' or nil
  for _, group in ipairs(groups_of(P, to)) do fix(P, prefix, group, to, to, placed, call) end
  for _, group in ipairs(groups_of(P, from)) do
    carry(P, prefix, group, from, to, call)
    fix(P, prefix, group, from, to, placed, call)
  end
  close_story(P, from, to, call)
  look_over(P, to, call)
  return keep_correction(P, correction, placed, call)
end)

-- The groups that are to leave, as a set; nil and why where that cannot be.
local function leaving(P, story, ids)
  local set, count = {}, 0
  for _, id in ipairs(ids) do
    id = root(P, 'group', id)
    if root(P, 'story', redis.call('HGET', P .. ':group:' .. id, 'story') or '') ~= story then return nil, 'stray' end
    if not set[id] then set[id], count = true, count + 1 end
  end
  if count >= redis.call('ZCARD', P .. ':story:' .. story .. ':groups') then return nil, 'whole' end
  return set
end

redis.register_function('nf_split_story_@V@', function(keys, args)
  local call, prefix = cmsgpack.unpack(args[1]), keys[1]
  local P, placed, from = call.P, {}, root(call.P, 'story', call.story)
  if not is_story(P, from) then return refuse('gone') end
  local leave, why = leaving(P, from, call.groups)
  if not leave then return refuse(why) end
  local correction, to = begin(P, call), call.new
  correction.kind, correction.story, correction.other = 'split', from, to
  for _, group in ipairs(groups_of(P, from)) do
    if leave[group.id] then
      if not is_story(P, to) then found_by_group(P, to, group, call) end
      carry(P, prefix, group, from, to, call)
    end
    fix(P, prefix, group, from, leave[group.id] and to or from, placed, call)
  end
  look_over(P, to, call)
  look_over(P, from, call)
  event(P, call.cap, { type = 'story.split', story = to, from = from, at = call.at, correction = call.correction })
  return keep_correction(P, correction, placed, call)
end)

-- A story is marked, or no more; told where that changes anything.
local function mark(P, story, field, value, call)
  local key, types = P .. ':story:' .. story, { pinned = { 'unpinned', 'pinned' }, hidden = { 'shown', 'hidden' } }
  local before = redis.call('HGET', key, field)
  if value then redis.call('HSET', key, field, value) else redis.call('HDEL', key, field) end
  if (before and true or false) == (value and true or false) then return end
  event(P, call.cap, {
    type = 'story.' .. types[field][value and 2 or 1], story = story, at = call.at, correction = call.correction,
  })
end

redis.register_function('nf_mark_story_@V@', function(keys, args)
  local call, prefix = cmsgpack.unpack(args[1]), keys[1]
  local P, placed, story, field = call.P, {}, root(call.P, 'story', call.story), MARKS[call.kind]
  if not is_story(P, story) then return refuse('gone') end
  local is_marked = redis.call('HEXISTS', P .. ':story:' .. story, field) == 1
  if is_marked == call.on then return cmsgpack.pack({ '', 0 }) end
  local correction = begin(P, call)
  correction.kind, correction.story = (call.on and '' or 'un') .. call.kind, story
  mark(P, story, field, call.on and call.at, call)
  -- A hidden story that others could take over would be seen again.
  if field == 'hidden' and call.on then
    for _, group in ipairs(groups_of(P, story)) do fix(P, prefix, group, story, story, placed, call) end
  end
  return keep_correction(P, correction, placed, call)
end)
