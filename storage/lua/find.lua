-- Which articles have which words: chunks of articles in the order they came. `listed` has a chunk's article ids; `words`
-- has for the key of a term (4 bytes) the places of its articles in that list, 2 bytes each, the latest last.
--
-- A chunk lives for the retention after it was last written, and a value holds no more than its chunk.

local CHUNK = 4096

local function at_chunk(prefix) return tonumber(redis.call('GET', prefix .. 'chunk') or 0) end

-- A list of its own for each: where an article is, and which terms lead there.
local function place_words(prefix, docs, from)
  local chunk, places, added = from, redis.call('LLEN', prefix .. 'listed:' .. from), {}
  for _, doc in ipairs(docs) do
    if places >= CHUNK then chunk, places = chunk + 1, 0 end
    added[chunk] = added[chunk] or { ids = {}, terms = {} }
    local into, place = added[chunk], struct.pack('>I2', places)
    into.ids[#into.ids + 1] = doc.id
    for _, term in ipairs(chunks(doc.words, TERM)) do into.terms[term] = (into.terms[term] or '') .. place end
    places = places + 1
  end
  return chunk, added
end

local function enter_words(prefix, docs, call)
  if #docs == 0 then return end
  local chunk, added = place_words(prefix, docs, at_chunk(prefix))
  for number, into in pairs(added) do
    local key, listed, fields, flat = prefix .. 'words:' .. number, prefix .. 'listed:' .. number, {}, {}
    redis.call('RPUSH', listed, unpack(into.ids))
    for term in pairs(into.terms) do fields[#fields + 1] = term end
    for i, value in ipairs(read(key, fields)) do
      flat[2 * i - 1], flat[2 * i] = fields[i], (value or '') .. into.terms[fields[i]]
    end
    write(key, flat)
    redis.call('EXPIRE', key, call.ttl)
    redis.call('EXPIRE', listed, call.ttl)
  end
  redis.call('SET', prefix .. 'chunk', chunk, 'EX', call.ttl)
  redis.call('ZADD', call.P .. ':langs', call.now, call.lang)
end

redis.register_function('nf_enter_words_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  enter_words(keys[1], call.docs, call)
  return #call.docs
end)

-- The places that are in all of the values.
local function common(values)
  table.sort(values, function(a, b) return #a < #b end)
  local counts, found = {}, {}
  for _, value in ipairs(values) do
    for _, place in ipairs(chunks(value, 2)) do counts[place] = (counts[place] or 0) + 1 end
  end
  for _, place in ipairs(chunks(values[1], 2)) do
    if counts[place] == #values then found[#found + 1] = struct.unpack('>I2', place) end
  end
  return found
end

-- The articles that have all of the terms, the latest first: from one chunk (the last, where none is named) backwards
-- through a few; and the chunk to go on with, -1 where that was all.
redis.register_function{
  function_name = 'nf_find_@V@',
  callback = function(keys, args)
    local call, prefix, ids = cmsgpack.unpack(args[1]), keys[1], {}
    local chunk, terms = call.chunk or at_chunk(prefix), chunks(call.terms, TERM)
    local last = math.max(-1, chunk - call.chunks)
    while chunk > last do
      local values = redis.call('HMGET', prefix .. 'words:' .. chunk, unpack(terms))
      local is_whole = true
      for _, value in ipairs(values) do is_whole = is_whole and value end
      local places = is_whole and common(values) or {}
      for i = #places, 1, -1 do
        ids[#ids + 1] = redis.call('LINDEX', prefix .. 'listed:' .. chunk, places[i]) or nil
      end
      chunk = chunk - 1
    end
    return cmsgpack.pack({ chunk, ids })
  end,
  flags = { 'no-writes' },
}
