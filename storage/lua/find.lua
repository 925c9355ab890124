-- Which articles have which words: chunks of articles in the order they came. `listed` has a chunk's article ids; `words`
-- has for each a record of RECORD bytes: the keys of its terms, 4 bytes each, filled up with zeros.
--
-- Nothing is sorted when an article comes, which happens all the time; it is looked through when somebody searches, which
-- does not, at some megabytes a millisecond. A chunk lives for the retention after it was last written.

local CHUNK, RECORD = 1024, 192

local function at_chunk(prefix) return tonumber(redis.call('GET', prefix .. 'chunk') or 0) end

local function append_words(prefix, chunk, ids, records, call)
  if #ids == 0 then return end
  redis.call('RPUSH', prefix .. 'listed:' .. chunk, unpack(ids))
  redis.call('APPEND', prefix .. 'words:' .. chunk, table.concat(records))
  redis.call('EXPIRE', prefix .. 'listed:' .. chunk, call.ttl)
  redis.call('EXPIRE', prefix .. 'words:' .. chunk, call.ttl)
end

local function enter_words(prefix, docs, call)
  if #docs == 0 then return end
  local chunk, ids, records = at_chunk(prefix), {}, {}
  local free = CHUNK - redis.call('LLEN', prefix .. 'listed:' .. chunk)
  for _, doc in ipairs(docs) do
    if free == #ids then
      append_words(prefix, chunk, ids, records, call)
      chunk, free, ids, records = chunk + 1, CHUNK, {}, {}
    end
    ids[#ids + 1], records[#records + 1] = doc.id, doc.words
  end
  append_words(prefix, chunk, ids, records, call)
  redis.call('SET', prefix .. 'chunk', chunk, 'EX', call.ttl)
  redis.call('ZADD', call.P .. ':langs', call.now, call.lang)
  redis.call('EXPIRE', call.P .. ':langs', call.ttl)
end

redis.register_function('nf_enter_words_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  enter_words(keys[1], call.docs, call)
  return #call.docs
end)

-- Where a term next stands, between two places; a key that begins within another is none.
local function next_term(words, term, from, to)
  local at = string.find(words, term, from, true)
  while at and (at - 1) % TERM ~= 0 do at = string.find(words, term, at + 1, true) end
  return at and at <= to and at or nil
end

local function has_terms(words, terms, from)
  for i = 2, #terms do
    if not next_term(string.sub(words, from, from + RECORD - 1), terms[i], 1, RECORD) then return false end
  end
  return true
end

-- The articles of a chunk that have all of the terms, the rarest first, are added, the latest first.
local function look_through(prefix, chunk, terms, ids)
  local words, found = redis.call('GET', prefix .. 'words:' .. chunk) or '', {}
  local at = next_term(words, terms[1], 1, #words)
  while at do
    local place = math.floor((at - 1) / RECORD)
    if has_terms(words, terms, place * RECORD + 1) then found[#found + 1] = place end
    at = next_term(words, terms[1], (place + 1) * RECORD + 1, #words)
  end
  for i = #found, 1, -1 do ids[#ids + 1] = redis.call('LINDEX', prefix .. 'listed:' .. chunk, found[i]) or nil end
end

-- The articles that have all of the terms, the latest first: from one chunk (the last, where none is named) backwards
-- through a few; and the chunk to go on with, -1 where that was all.
redis.register_function{
  function_name = 'nf_find_@V@',
  callback = function(keys, args)
    local call, ids = cmsgpack.unpack(args[1]), {}
    local chunk, terms = call.chunk or at_chunk(keys[1]), chunks(call.terms, TERM)
    local last = math.max(-1, chunk - call.chunks)
    for number = chunk, last + 1, -1 do look_through(keys[1], number, terms, ids) end
    return cmsgpack.pack({ last, ids })
  end,
  flags = { 'no-writes' },
}
