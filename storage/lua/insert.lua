-- Insert and read: put each text's bands and anchors into their buckets, bring back who was there.
-- In this order and in one step, of two workers that meet the same text at least one sees the other.
--
-- All buckets of one slice of time are one hash: field, a key of 8 bytes; value, the numbers of its members,
-- 4 bytes each. So a whole batch takes one read and one write for its bands and one of each for its anchors,
-- and a slice that is out of date goes as a whole. What a text's fingerprint says is for the worker to read.

-- A hot wire story must not grow its buckets without bound: any earlier members lead to its group.
local BAND_MEMBERS, ANCHOR_MEMBERS = 16, 8
local NUMBER, KEY = 4, 8
-- Arguments in one call: Lua's stack holds 8,000.
local MOST = 6000

local function keys_of(blob)
  local count = #blob / KEY
  if count <= MOST then
    local keys = { struct.unpack(string.rep('c8', count), blob) }
    keys[count + 1] = nil -- where reading ended
    return keys
  end
  local keys = {}
  for i = 1, count do keys[i] = string.sub(blob, KEY * i - KEY + 1, KEY * i) end
  return keys
end

local function read(key, fields)
  if #fields <= MOST then return #fields > 0 and redis.call('HMGET', key, unpack(fields)) or {} end
  local all = {}
  for from = 1, #fields, MOST do
    for _, value in ipairs(redis.call('HMGET', key, unpack(fields, from, math.min(#fields, from + MOST - 1)))) do
      all[#all + 1] = value
    end
  end
  return all
end

local function write(key, flat)
  for from = 1, #flat, MOST do redis.call('HSET', key, unpack(flat, from, math.min(#flat, from + MOST - 1))) end
end

-- Where in a batch's keys a bucket holds anything, and its members: place, members, place, members, …
local function hits(values)
  local flat, n = {}, 0
  for i = 1, #values do
    local members = values[i]
    if members then
      flat[n + 1], flat[n + 2] = i, members
      n = n + 2
    end
  end
  return flat
end

-- Whether one is among members of its size.
local function holds(members, one)
  local size, at = #one, string.find(members, one, 1, true)
  while at and (at - 1) % size ~= 0 do at = string.find(members, one, at + 1, true) end
  return at ~= nil
end

-- The buckets of one kind in the current slice, as a batch goes through them text by text. `twice` are the
-- places of keys that the batch has more than once: there a later text finds the earlier one. `again` says that
-- the call may be one that was made before, with the same numbers.
local function buckets(key, fields, twice, most, again)
  local repeated, pending = {}, {}
  for _, i in ipairs(twice) do repeated[i] = true end
  return {
    key = key, fields = fields, values = read(key, fields), most = most * NUMBER, again = again,
    repeated = #twice > 0 and repeated, pending = pending, flat = {}, hits = {},
  }
end

-- What a text finds in its buckets (`from` to `to`), and the text put into them unless it is there already.
local function pass(b, from, to, number)
  local fields, values, flat, most, found, repeated = b.fields, b.values, b.flat, b.most, b.hits, b.repeated
  local n = #flat
  for i = from, to do
    local field = fields[i]
    local members = repeated and repeated[i] and b.pending[field] or values[i]
    if members then found[#found + 1], found[#found + 2] = i, members end
    if number and (not members or #members < most and not (b.again and holds(members, number))) then
      members = members and members .. number or number
      flat[n + 1], flat[n + 2] = field, members
      n = n + 2
      if repeated and repeated[i] then b.pending[field] = members end
    end
  end
end

-- A batch goes into the current slice text by text, each looking before it is put in under its number (`number_of`,
-- given its place and how many anchors it has), if it has one. What they found.
local function enter(prefix, call, bands, anchors, number_of, again)
  local b = buckets(prefix .. 'band:' .. call.slice, bands, call.bands_twice, BAND_MEMBERS, again)
  local a = buckets(prefix .. 'anchor:' .. call.slice, anchors, call.anchors_twice, ANCHOR_MEMBERS, again)
  local band, anchor = 0, 0
  for i, count in ipairs(call.anchors) do
    local number = number_of(i, count)
    pass(b, band + 1, band + call.bands[i], number)
    pass(a, anchor + 1, anchor + count, number)
    band, anchor = band + call.bands[i], anchor + count
  end
  write(b.key, b.flat)
  write(a.key, a.flat)
  return { call.slice, b.hits, a.hits }
end

-- What keys find in an earlier slice.
local function look_up(prefix, slice, bands, anchors)
  return { slice, hits(read(prefix .. 'band:' .. slice, bands)), hits(read(prefix .. 'anchor:' .. slice, anchors)) }
end

-- The earlier slices that hold anything.
local function live(prefix, call)
  local slices = {}
  for slice = call.oldest, call.slice - 1 do
    if redis.call('EXISTS', prefix .. 'print:' .. slice) == 1 then slices[#slices + 1] = slice end
  end
  return slices
end

local function keep(prefix, call)
  redis.call('EXPIRE', prefix .. 'count', call.slice_ttl)
  for _, kind in ipairs({ 'band:', 'anchor:', 'print:' }) do
    redis.call('EXPIRE', prefix .. kind .. call.slice, call.slice_ttl)
    redis.call('UNLINK', prefix .. kind .. call.oldest - 1, prefix .. kind .. call.oldest - 2)
  end
end

-- Where an article whose words changed has been so far: its group with its size, its story with its size.
local function stood(P, group, story)
  group, story = root(P, 'group', group), root(P, 'story', story or '')
  return {
    group, tonumber(redis.call('HGET', P .. ':group:' .. group, 'articles') or 0),
    story, tonumber(redis.call('HGET', P .. ':story:' .. story, 'groups') or 0),
  }
end

-- The same of several, 0 for one that is not known.
redis.register_function{
  function_name = 'nf_stood_@V@',
  callback = function(keys, args)
    local call, rows = cmsgpack.unpack(args[1]), {}
    for i, id in ipairs(call.ids) do
      local row = redis.call('HMGET', call.P .. ':article:' .. id, 'group', 'story')
      rows[i] = row[1] and stood(call.P, row[1], row[2]) or 0
    end
    return cmsgpack.pack(rows)
  end,
  flags = { 'no-writes' },
}

-- Which articles are known, and which of them must be inserted: new ones, and those whose words or slice changed.
local function meet(call)
  local known, fresh = {}, {}
  for i, id in ipairs(call.ids) do
    local row = redis.call('HMGET', call.P .. ':article:' .. id, 'exact', 'group', 'slice', 'story')
    local reworded = row[1] ~= call.exact[i]
    known[i] = row[2] and (reworded and stood(call.P, row[2], row[4]) or 1) or 0
    fresh[i] = call.rebuilding or reworded or row[3] ~= call.here
  end
  return known, fresh
end

-- The next numbers of one language; the one that they follow.
local function take_numbers(prefix, call) return redis.call('INCRBY', prefix .. 'count', #call.ids) - #call.ids end

local function number_after(last, i) return struct.pack('>I4', (last + i) % 4294967296) end

-- A batch goes in whole: its buckets, and the fingerprints of those texts that were entered.
local function insert(prefix, call, bands, anchors, fresh)
  local last, prints = take_numbers(prefix, call), {}
  local current = enter(prefix, call, bands, anchors, function(i, count)
    local number = fresh[i] and count > 0 and number_after(last, i)
    if number then prints[#prints + 1], prints[#prints + 2] = number, call.prints[i] end
    return number
  end)
  write(prefix .. 'print:' .. call.slice, prints)
  return last, current, prints[1] or ''
end

-- An error where the index in force is not this worker's.
local function other_index(call)
  if redis.call('HSETNX', call.P .. ':schema', 'index', call.index) == 1 then
    -- A server that has lost its data: what goes on is this worker's index, and so its secret.
    redis.call('HSET', call.P .. ':schema', 'secret', call.secret)
  end
  if not call.rebuilding and redis.call('HGET', call.P .. ':schema', 'index') ~= call.index then
    return redis.error_reply('NFSCHEMA the index was made with other parameters')
  end
end

redis.register_function('nf_insert_and_read_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local refused = other_index(call)
  if refused then return refused end
  local prefix, found = keys[1], {}
  local bands, anchors = keys_of(args[2]), keys_of(args[3])
  local known, fresh = meet(call)
  for i, slice in ipairs(live(prefix, call)) do found[i] = look_up(prefix, slice, bands, anchors) end
  local last, current, mark = insert(prefix, call, bands, anchors, fresh)
  found[#found + 1] = current
  keep(prefix, call)
  return cmsgpack.pack({ known, last, found, mark })
end)

-- Fingerprints by number; those that are in none of the slices are left out.
redis.register_function{
  function_name = 'nf_prints_@V@',
  callback = function(keys, args)
    local call, prints = cmsgpack.unpack(args[1]), {}
    for _, slice in ipairs(call.slices) do
      local values = read(keys[1] .. 'print:' .. slice, call.numbers)
      for i, number in ipairs(call.numbers) do prints[number] = values[i] or prints[number] end
    end
    return cmsgpack.pack(prints)
  end,
  flags = { 'no-writes' },
}

-- What comparing takes: texts of articles, and how long the longest text is in the groups of others (0 where
-- a group is not linked yet).
redis.register_function{
  function_name = 'nf_texts_@V@',
  callback = function(keys, args)
    local call, rows, longest = cmsgpack.unpack(args[1]), {}, {}
    for i, id in ipairs(call.articles) do
      rows[i] = redis.call('HMGET', call.P .. ':article:' .. id, unpack(call.fields))
    end
    for i, id in ipairs(call.groups) do
      longest[i] = tonumber(redis.call('HGET', call.P .. ':group:' .. root(call.P, 'group', id), 'shingles') or 0)
    end
    return cmsgpack.pack({ rows, longest })
  end,
  flags = { 'no-writes' },
}
