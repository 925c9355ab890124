-- Articles: stored, and revised where they were met before.

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
