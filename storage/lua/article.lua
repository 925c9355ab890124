-- Articles: stored, and revised where they were met before.
--
-- `doc.record` is the article's hash, flat; how it was placed stands first and takes up `call.placed` of it, so
-- that a revision leaves it as it is.

local function remember_urls(P, doc, call)
  for _, url in ipairs(doc.url_keys) do redis.call('SET', url, doc.id, 'EX', call.ttl) end
  if doc.page ~= '' then
    redis.call('ZREM', P .. ':pages:due', doc.page)
    redis.call('DEL', P .. ':page:' .. doc.page)
  end
end

local function store_article(P, doc, group, story, call)
  local key = P .. ':article:' .. doc.id
  redis.call('HSET', key, 'group', group, 'story', story, unpack(doc.record))
  redis.call('EXPIRE', key, call.ttl)
  remember_urls(P, doc, call)
end

-- An article met before keeps its place; a changed text makes it a revision of itself.
local function revise(P, doc, call, group, story)
  local key = P .. ':article:' .. doc.id
  local known = redis.call('HMGET', key, 'content', 'revisions')
  local verdict = known[1] == doc.content and 'unchanged' or 'revision'
  redis.call('HSET', key, unpack(doc.record, call.placed + 1))
  redis.call('EXPIRE', key, call.ttl)
  remember_urls(P, doc, call)
  group, story = root(P, 'group', group), root(P, 'story', story)
  if verdict == 'revision' then
    redis.call('HSET', key, 'revisions', tonumber(known[2] or 0) + 1, 'revised', call.at)
    event(P, call.cap, { type = 'article.revised', article = doc.id, story = story, at = call.at })
  end
  return { group, story, false, false, verdict }
end
