-- Taking corrections back, in any order: groups go where those that are left want them (see correct.lua).

-- A correction with what it noted of its groups, read once a call; nil for one that expired.
local function read_correction(P, n, call)
  call.read = call.read or {}
  if call.read[n] == nil then
    local found = hash(correction_key(P, n))
    found.groups = {}
    for _, entry in ipairs(cjson.decode(found.placed or '[]')) do found.groups[entry[1]] = entry end
    call.read[n] = found.n and found or false
  end
  return call.read[n]
end

-- Where the corrections in force want a group, or else where it was before all of them; and the last of them that
-- says anything of it. What only held it where it was does not say where.
local function wanted(P, id, group, call)
  local place, fixed, n, was = nil, '', group.fixed, nil
  while n ~= '' do
    local correction = read_correction(P, n, call)
    local entry = correction and (correction.groups[group.id] or correction.groups[id])
    if not entry then break end
    if not correction.undone then
      if fixed == '' then fixed = n end
      if not place and entry[2] ~= entry[3] then place = entry[3] end
    end
    was, n = entry[2], entry[4]
  end
  return place or was, fixed
end

-- The story that a group goes back to; one that a correction closed which was undone opens again.
local function reopen(P, id, group, call)
  local key = P .. ':story:' .. id
  local closed = redis.call('HGET', key, 'correction')
  local by = closed and read_correction(P, closed, call)
  if by and by.undone then redis.call('DEL', key) end
  id = root(P, 'story', id)
  if is_story(P, id) then return id end
  found_by_group(P, id, group, call)
  if by and by.created and by.other == id then redis.call('HSET', key, 'created', by.created) end
  event(P, call.cap, { type = 'story.split', story = id, from = group.story, at = call.at, correction = call.correction })
  return id
end

-- A group that goes back to a story which corrections in force made part of others goes along, as if it had been there
-- when they were made; the last of them.
local function go_along(P, group, place, fixed, call)
  for _ = 1, 64 do
    local row = redis.call('HMGET', P .. ':story:' .. place, 'merged_into', 'correction')
    if not row[1] then break end
    local by = row[2] and read_correction(P, row[2], call)
    if by and not by.groups[group.id] then
      by.groups[group.id], by.is_changed, fixed = { group.id, place, row[1], fixed }, true, row[2]
    end
    place = row[1]
  end
  return fixed
end

local function keep_changes(P, call)
  for n, correction in pairs(call.read) do
    if correction and correction.is_changed then
      local placed = {}
      for _, entry in pairs(correction.groups) do placed[#placed + 1] = entry end
      redis.call('HSET', correction_key(P, n), 'placed', cjson.encode(placed))
    end
  end
end

-- A group goes where the corrections that are left want it; the stories that this touches are noted.
local function place_again(P, prefix, id, touched, call)
  local group = hash(P .. ':group:' .. root(P, 'group', id))
  if not group.created or not group.fixed then return end
  local place, fixed = wanted(P, id, group, call)
  if not place then return end
  local here, there = root(P, 'story', group.story), reopen(P, place, group, call)
  if here ~= there then carry(P, prefix, group, here, there, call) end
  fixed = go_along(P, group, place, fixed, call)
  local key = P .. ':group:' .. group.id
  if fixed == '' then redis.call('HDEL', key, 'fixed') else redis.call('HSET', key, 'fixed', fixed) end
  tell(prefix, group.spot, group.id, there, call, nil, fixed ~= '')
  touched[here], touched[there] = true, true
end

-- What came to a story that was parted off goes back with it, unless another correction put it there. One that was
-- made part of another since then has nothing that could be told from what is the other's own.
local function take_rest(P, prefix, correction, touched, call)
  if correction.kind ~= 'split' then return end
  local from, to = correction.other, root(P, 'story', correction.story)
  if from == to or not is_story(P, from) or not is_story(P, to) then return end
  for _, group in ipairs(groups_of(P, from)) do
    if not group.fixed then carry(P, prefix, group, from, to, call) end
  end
  touched[from], touched[to] = true, true
end

-- Marks a story as the corrections in force have it; what none of those that are kept speaks of stays as it is. A pin
-- holds for what a pinned story became part of, too.
local function mark_again(P, story, call)
  if not is_story(P, story) then return end
  local own, others, known = {}, {}, {}
  for _, n in ipairs(redis.call('ZRANGE', P .. ':corrections', 0, -1)) do
    local found = read_correction(P, n, call) or { kind = '' }
    local off, kind = string.match(found.kind, '^(u?n?)(%a+)$')
    local field = MARKS[kind]
    if field and root(P, 'story', found.story) == story then
      known[field] = true
      local at = found.story == story and own or others
      if not found.undone then at[field .. found.story] = off == '' and found.at or false end
    end
  end
  local pinned = own['pinned' .. story]
  for name, at in pairs(others) do
    if pinned == nil and string.sub(name, 1, 6) == 'pinned' then pinned = at or nil end
  end
  if known.pinned then mark(P, story, 'pinned', pinned, call) end
  if known.hidden then mark(P, story, 'hidden', own['hidden' .. story], call) end
end

redis.register_function('nf_undo_correction_@V@', function(keys, args)
  local call, prefix = cmsgpack.unpack(args[1]), keys[1]
  local P, key, touched = call.P, correction_key(call.P, call.n), {}
  local kept = redis.call('HMGET', key, 'n', 'undone')
  if not kept[1] then return refuse('unknown') end
  if kept[2] then return cmsgpack.pack({ '', 0 }) end
  redis.call('HSET', key, 'undone', call.at)
  call.correction = call.n
  local correction = read_correction(P, call.n, call)
  for id in pairs(correction.groups) do place_again(P, prefix, id, touched, call) end
  take_rest(P, prefix, correction, touched, call)
  keep_changes(P, call)
  local one, other = root(P, 'story', correction.story), root(P, 'story', correction.other or '')
  touched[one], touched[other] = true, true
  for story in pairs(touched) do
    if is_story(P, story) then
      if redis.call('ZCARD', P .. ':story:' .. story .. ':groups') > 0 then look_over(P, story, call)
      else close_story(P, story, story == one and other or one, call) end
    end
  end
  if correction.carried and is_story(P, one) then mark(P, one, 'pinned', nil, call) end
  for story in pairs(touched) do mark_again(P, story, call) end
  return cmsgpack.pack({ call.n, 0 })
end)
