-- Which texts share rare terms: put new groups under theirs, bring back who was there, and who they are.
-- In this order and in one step, of two workers that meet one event at least one sees the other.
--
-- All postings of one slice of time (by what the texts tell, not by when they came) are one hash: field, the key of a
-- term, 4 bytes; value, the groups that have it, 6 bytes each, the latest last. Beside it `text` has each group's
-- vector and `told` its story, after 2 bytes of density. A slice that is out of date goes as a whole.

local TERM, GROUP, POSTINGS = 4, 6, 64

local function bytes_of(id)
  return (string.gsub(string.sub(id, 2), '%x%x', function(pair) return string.char(tonumber(pair, 16)) end))
end

local function chunks(blob, size)
  local parts = {}
  for at = 1, #blob, size do parts[#parts + 1] = string.sub(blob, at, at + size - 1) end
  return parts
end

-- The postings of a slice as a batch goes through them, text by text: each is read once and written once, for what is
-- written goes to disk whole.
local function postings(prefix, slice)
  local key = prefix .. 'terms:' .. slice
  return { key = key, live = redis.call('EXISTS', key) == 1, values = {}, changed = {} }
end

-- Reads those that were not read yet.
local function fetch(one, fields)
  local values, wanted = one.values, {}
  for i = 1, #fields do
    if values[fields[i]] == nil then wanted[#wanted + 1] = fields[i] end
  end
  local found = one.live and read(one.key, wanted) or {}
  for i = 1, #wanted do values[wanted[i]] = found[i] or false end
end

-- Who is in the postings of some terms: place, members, place, members, …
local function who_has(one, fields)
  fetch(one, fields)
  local values = {}
  for i = 1, #fields do values[i] = one.values[fields[i]] end
  return hits(values)
end

local function post(one, fields, group)
  fetch(one, fields)
  for i = 1, #fields do
    local members = one.values[fields[i]] or ''
    if not holds(members, group) then
      if #members >= POSTINGS * GROUP then members = string.sub(members, 1 - (POSTINGS - 1) * GROUP - 1) end
      one.values[fields[i]] = members .. group
      one.changed[fields[i]] = true
    end
  end
end

local function write_postings(one)
  local flat, n = {}, 0
  for field in pairs(one.changed) do
    flat[n + 1], flat[n + 2] = field, one.values[field]
    n = n + 2
  end
  write(one.key, flat)
end

-- For each slice that has any: the slice, and who shares the text's terms there.
local function look(prefix, doc, reach, slices)
  local fields, found = chunks(doc.terms, TERM), {}
  local sought = doc.sought and chunks(doc.sought, TERM) or fields
  for slice = doc.slice - reach, doc.slice + reach do
    local one = slices[slice] or postings(prefix, slice)
    slices[slice] = one
    if #sought > 0 and (one.live or next(one.changed)) then found[#found + 1] = { slice, who_has(one, sought) } end
  end
  post(slices[doc.slice], fields, doc.group)
  redis.call('HSET', prefix .. 'text:' .. doc.slice, doc.group, doc.text)
  return found
end

-- The terms of new texts are noted at the end of a list, 2 bytes each, which whoever reads it adds to the table. A text
-- that is entered already was noted then: the call is made twice, or its worker died before it linked.
local function count_terms(prefix, call)
  local key, slots = prefix .. 'df:' .. call.here, {}
  for _, doc in ipairs(call.docs) do
    if redis.call('HEXISTS', prefix .. 'text:' .. doc.slice, doc.group) == 0 then slots[#slots + 1] = doc.slots end
  end
  redis.call('APPEND', key .. ':late', table.concat(slots))
  redis.call('INCRBY', key .. ':texts', #slots)
  for _, part in ipairs({ '', ':late', ':texts', ':folds' }) do redis.call('EXPIRE', key .. part, call.df_ttl) end
end

-- Texts that are entered and not linked yet, by when their worker was last heard of. One that is silent for ALIVE
-- milliseconds has died, and nobody waits for it; what it left goes after FORGOTTEN.
local ALIVE, FORGOTTEN = 1000, 60000

local function milliseconds()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function note_entering(prefix, call)
  local key, now = prefix .. 'entering', milliseconds()
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - FORGOTTEN)
  redis.call('ZREMRANGEBYSCORE', key, now + FORGOTTEN, '+inf') -- the clock was put back
  for _, doc in ipairs(call.docs) do redis.call('ZADD', key, now, doc.group) end
  redis.call('EXPIRE', key, call.ttl)
end

local function entering(prefix)
  local now = milliseconds()
  return redis.call('ZRANGEBYSCORE', prefix .. 'entering', now - ALIVE, now + ALIVE)
end

redis.register_function('nf_post_@V@', function(keys, args)
  local call, prefix, answers, slices, ahead = cmsgpack.unpack(args[1]), keys[1], {}, {}, {}
  if call.counts then
    ahead = entering(prefix)
    count_terms(prefix, call)
    note_entering(prefix, call)
  end
  for i, doc in ipairs(call.docs) do answers[i] = look(prefix, doc, call.reach, slices) end
  for slice, one in pairs(slices) do
    write_postings(one)
    for _, kind in ipairs({ 'terms:', 'text:', 'told:' }) do redis.call('EXPIRE', prefix .. kind .. slice, call.ttl) end
  end
  if call.lang then
    redis.call('ZADD', prefix .. 'langs', call.now, call.lang)
    redis.call('EXPIRE', prefix .. 'langs', call.ttl)
  end
  return cmsgpack.pack({ answers, ahead })
end)

-- Languages that something was entered in of late, the latest first.
redis.register_function{
  function_name = 'nf_languages_@V@',
  callback = function(keys, args)
    local call = cmsgpack.unpack(args[1])
    return cmsgpack.pack(redis.call('ZREVRANGEBYSCORE', keys[1] .. 'langs', '+inf', call.since, 'LIMIT', 0, call.most))
  end,
  flags = { 'no-writes' },
}

-- A group whose text changed has the links that its new words find.
local function unrelate(P, group)
  local key = P .. ':group:' .. group .. ':related'
  for _, other in ipairs(redis.call('ZRANGE', key, 0, -1)) do
    redis.call('ZREM', P .. ':group:' .. other .. ':related', group)
  end
  redis.call('DEL', key)
end

-- Notes that groups in two languages tell one event, on both sides, by the groups that they are in now.
redis.register_function('nf_relate_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  for _, id in ipairs(call.reworded) do unrelate(call.P, root(call.P, 'group', id)) end
  for _, pair in ipairs(call.pairs) do
    local one, other = root(call.P, 'group', pair[1]), root(call.P, 'group', pair[2])
    for _, way in ipairs({ { one, other }, { other, one } }) do
      local key = call.P .. ':group:' .. way[1] .. ':related'
      redis.call('ZADD', key, 'GT', pair[3], way[2])
      redis.call('EXPIRE', key, call.ttl)
    end
  end
  return #call.pairs
end)

-- Which of some groups other workers still have to link; the `own` of the caller, who waits for them, are heard of.
redis.register_function('nf_await_@V@', function(keys, args)
  local call, prefix, now, left = cmsgpack.unpack(args[1]), keys[1], milliseconds(), {}
  for _, group in ipairs(call.own) do redis.call('ZADD', prefix .. 'entering', 'XX', now, group) end
  for _, group in ipairs(call.groups) do
    local heard = redis.call('ZSCORE', prefix .. 'entering', group)
    if heard and math.abs(now - tonumber(heard)) <= ALIVE then left[#left + 1] = group end
  end
  return cmsgpack.pack(left)
end)

-- The vectors of groups, what is told of them, how many groups each of their stories has, and where of some nothing is
-- told, which are entered and not linked yet.
redis.register_function{
  function_name = 'nf_around_@V@',
  callback = function(keys, args)
    local call, prefix, rows, sizes, untold = cmsgpack.unpack(args[1]), keys[1], {}, {}, false
    for i, wanted in ipairs(call.slices) do
      local groups = chunks(wanted[2], GROUP)
      local texts, told = read(prefix .. 'text:' .. wanted[1], groups), read(prefix .. 'told:' .. wanted[1], groups)
      rows[i] = { texts, told }
      for place, value in ipairs(told) do
        local story = value and string.gsub(string.sub(value, 3), '!$', '')
        if story and not sizes[story] then
          sizes[story] = tonumber(redis.call('HGET', call.P .. ':story:' .. story, 'groups') or 0)
        end
        untold = untold or not value and texts[place]
      end
    end
    return cmsgpack.pack({ rows, sizes, untold and entering(prefix) or {} })
  end,
  flags = { 'no-writes' },
}

redis.register_function{
  function_name = 'nf_frequencies_@V@',
  callback = function(keys, args)
    local call, tables, texts = cmsgpack.unpack(args[1]), {}, 0
    for i, slice in ipairs(call.slices) do
      local key = keys[1] .. 'df:' .. slice
      tables[i] = { redis.call('GET', key) or '', redis.call('GET', key .. ':late') or '',
        tonumber(redis.call('GET', key .. ':folds') or 0) }
      texts = texts + tonumber(redis.call('GET', key .. ':texts') or 0)
    end
    return cmsgpack.pack({ tables, texts })
  end,
  flags = { 'no-writes' },
}

-- Puts in force a table to which its reader has added the beginning of the list, unless another did so meanwhile.
redis.register_function('nf_fold_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local key = keys[1] .. 'df:' .. call.slice
  if tonumber(redis.call('GET', key .. ':folds') or 0) ~= call.folds then return 0 end
  redis.call('SET', key, args[2], 'EX', call.df_ttl)
  redis.call('SET', key .. ':late', redis.call('GETRANGE', key .. ':late', call.added, -1), 'EX', call.df_ttl)
  redis.call('SET', key .. ':folds', call.folds + 1, 'EX', call.df_ttl)
  return 1
end)

-- Notes the story of a group where candidates are read; `density` as 2 bytes, or nil to keep what is there. What an
-- operator placed is marked, so that nobody thinks of moving it.
local function tell(prefix, spot, group, story, call, density, fixed)
  if not spot or spot == '' then return end
  local key, field = prefix .. 'told:' .. spot, bytes_of(group)
  if not density then density = string.sub(redis.call('HGET', key, field) or '\0\0', 1, 2) end
  redis.call('HSET', key, field, density .. story .. (fixed and '!' or ''))
  redis.call('EXPIRE', key, call.told_ttl)
end

-- A group that became part of another is no candidate any more.
local function untell(prefix, spot, group)
  if not spot or spot == '' then return end
  local field = bytes_of(group)
  redis.call('HDEL', prefix .. 'text:' .. spot, field)
  redis.call('HDEL', prefix .. 'told:' .. spot, field)
end
