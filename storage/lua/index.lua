-- Insert and read: put each text's bands and anchors into their buckets, bring back who was there.
-- In this order and in one step, of two workers that meet the same text at least one sees the other.
--
-- All buckets of one slice of time are one hash: field, a key of 8 bytes; value, the numbers of its members,
-- 4 bytes each. So a text takes one read and one write for its bands and one of each for its anchors, and a
-- slice that is out of date goes as a whole.

-- A hot wire story must not grow its buckets without bound: any earlier members lead to its group.
local BAND_MEMBERS, ANCHOR_MEMBERS, CANDIDATES = 16, 8, 32
local NUMBER, KEY = 4, 8

local function split(blob)
  local parts = {}
  for at = 1, #blob, KEY do parts[#parts + 1] = string.sub(blob, at, at + KEY - 1) end
  return parts
end

-- Counts, for every member found in these buckets of one slice, how many it shares.
local function gather(key, parts, counts)
  local values = redis.call('HMGET', key, unpack(parts))
  for i = 1, #parts do
    local members = values[i]
    if members then
      for at = 1, #members, NUMBER do
        local number = string.sub(members, at, at + NUMBER - 1)
        counts[number] = (counts[number] or 0) + 1
      end
    end
  end
  return values
end

local function put(key, parts, values, number, most)
  local flat = {}
  for i = 1, #parts do
    local members = values[i] or ''
    if #members < most * NUMBER then
      flat[#flat + 1] = parts[i]
      flat[#flat + 1] = members .. number
    end
  end
  if #flat > 0 then redis.call('HSET', key, unpack(flat)) end
end

-- One shared anchor alone is chance, unless the text has few; one shared band is not.
local function promising(bands, anchors, few)
  local found = {}
  for number in pairs(bands) do found[#found + 1] = number end
  for number, count in pairs(anchors) do
    if (count > 1 or few) and not bands[number] then found[#found + 1] = number end
  end
  if #found > CANDIDATES then
    table.sort(found, function(a, b)
      local x, y = (bands[a] or 0) + (anchors[a] or 0), (bands[b] or 0) + (anchors[b] or 0)
      if x ~= y then return x > y end
      return a < b
    end)
  end
  return found
end

-- The group that a member is in now, and the length of its longest text.
local function placed(P, group, shingles)
  local row = redis.call('HMGET', P .. ':group:' .. group, 'merged_into', 'shingles')
  if not row[1] then return group, row[2] or shingles end
  local now_in = root(P, 'group', row[1])
  return now_in, redis.call('HGET', P .. ':group:' .. now_in, 'shingles') or shingles
end

local function candidates(P, prefix, slice, bands, anchors, doc, found)
  for _, number in ipairs(promising(bands, anchors, #doc.anchors <= 2 * KEY)) do
    if #found == CANDIDATES then return end
    local packed = redis.call('HGET', prefix .. 'print:' .. slice, number)
    local p = packed and cmsgpack.unpack(packed)
    if p and p[1] ~= doc.id then
      local group, longest = placed(P, p[2], p[4])
      found[#found + 1] = { p[1], group, p[3], p[4], p[5], bands[number] or 0, anchors[number] or 0, longest }
    end
  end
end

local function insert_and_read(P, prefix, doc, slices, fresh)
  local bands, anchors, found = split(doc.bands), split(doc.anchors), {}
  if #anchors == 0 then return found end
  local current, in_bands, in_anchors = slices[#slices], nil, nil
  for _, slice in ipairs(slices) do
    local by_band, by_anchor = {}, {}
    in_bands = gather(prefix .. 'band:' .. slice, bands, by_band)
    in_anchors = gather(prefix .. 'anchor:' .. slice, anchors, by_anchor)
    candidates(P, prefix, slice, by_band, by_anchor, doc, found)
  end
  if fresh then
    local number = struct.pack('>I4', redis.call('INCR', prefix .. 'count') % 4294967296)
    put(prefix .. 'band:' .. current, bands, in_bands, number, BAND_MEMBERS)
    put(prefix .. 'anchor:' .. current, anchors, in_anchors, number, ANCHOR_MEMBERS)
    local print = cmsgpack.pack({ doc.id, doc.group, doc.exact, doc.shingles, doc.sketch })
    redis.call('HSET', prefix .. 'print:' .. current, number, print)
  end
  return found
end

-- The slices that hold anything, the current one last; what is older than all of them goes.
local function live(prefix, call)
  local slices = {}
  for slice = call.oldest, call.slice - 1 do
    if redis.call('EXISTS', prefix .. 'print:' .. slice) == 1 then slices[#slices + 1] = slice end
  end
  slices[#slices + 1] = call.slice
  return slices
end

local function keep(prefix, call)
  redis.call('EXPIRE', prefix .. 'count', call.slice_ttl)
  for _, kind in ipairs({ 'band:', 'anchor:', 'print:' }) do
    redis.call('EXPIRE', prefix .. kind .. call.slice, call.slice_ttl)
    redis.call('UNLINK', prefix .. kind .. call.oldest - 1, prefix .. kind .. call.oldest - 2)
  end
end

redis.register_function('nf_insert_and_read_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  redis.call('HSETNX', call.P .. ':schema', 'index', call.index)
  if not call.rebuilding and redis.call('HGET', call.P .. ':schema', 'index') ~= call.index then
    return redis.error_reply('NFSCHEMA the index was made with other parameters')
  end
  local prefix, answers = keys[1], {}
  local slices = live(prefix, call)
  for i, doc in ipairs(call.docs) do
    local known = redis.call('HMGET', call.P .. ':article:' .. doc.id, 'exact', 'group', 'slice')
    local fresh = call.rebuilding or known[1] ~= doc.exact_hex or known[3] ~= call.here
    answers[i] = {
      known[1] or '', known[2] and root(call.P, 'group', known[2]) or '',
      insert_and_read(call.P, prefix, doc, slices, fresh),
    }
  end
  keep(prefix, call)
  return cmsgpack.pack(answers)
end)

redis.register_function{
  function_name = 'nf_bodies_@V@',
  callback = function(keys, args)
    local call, rows = cmsgpack.unpack(args[1]), {}
    for i, id in ipairs(call.articles) do
      rows[i] = redis.call('HMGET', call.P .. ':article:' .. id, unpack(call.fields))
    end
    return cmsgpack.pack(rows)
  end,
  flags = { 'no-writes' },
}

-- The same for rare terms: groups that share them, with their stories and vectors.
local POSTINGS = 64

local function post(key, group, time, window, ttl)
  local members = redis.call('ZREVRANGEBYSCORE', key, time + window, time - window, 'LIMIT', 0, POSTINGS)
  redis.call('ZADD', key, time, group)
  if redis.call('ZCARD', key) > 4 * POSTINGS then redis.call('ZREMRANGEBYRANK', key, 0, -4 * POSTINGS - 1) end
  redis.call('EXPIRE', key, ttl)
  return members
end

-- The story that a group is in now ('' where none is linked yet) and how many groups it has.
local function told(P, group)
  local row = redis.call('HMGET', P .. ':group:' .. group, 'merged_into', 'story')
  local story = row[2]
  if row[1] then story = redis.call('HGET', P .. ':group:' .. root(P, 'group', row[1]), 'story') end
  if not story or story == '' then return '', 1 end
  row = redis.call('HMGET', P .. ':story:' .. story, 'merged_into', 'groups')
  if not row[1] then return story, tonumber(row[2] or 1) end
  story = root(P, 'story', row[1])
  return story, tonumber(redis.call('HGET', P .. ':story:' .. story, 'groups') or 1)
end

local function neighbours(P, prefix, doc, call)
  local shared = {}
  for i, term in ipairs(doc.terms) do
    for _, group in ipairs(post(prefix .. 'term:' .. term, doc.group, doc.time, call.window, call.ttl)) do
      if group ~= doc.group then shared[group] = (shared[group] or 0) + doc.weights[i] end
    end
  end
  local groups = {}
  for group in pairs(shared) do groups[#groups + 1] = group end
  table.sort(groups, function(a, b)
    if shared[a] ~= shared[b] then return shared[a] > shared[b] end
    return a < b
  end)
  local found = {}
  for i = 1, math.min(#groups, call.most) do
    local vector = redis.call('GET', prefix .. 'vector:' .. groups[i])
    if vector then
      local story, count = told(P, groups[i])
      found[#found + 1] = { groups[i], story, count, vector }
    end
  end
  redis.call('SET', prefix .. 'vector:' .. doc.group, doc.vector, 'EX', call.ttl)
  return found
end

redis.register_function('nf_neighbours_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local answers = {}
  for i, doc in ipairs(call.docs) do answers[i] = neighbours(call.P, keys[1], doc, call) end
  return cmsgpack.pack(answers)
end)
