-- Articles as they are stored.
--
-- `doc.record` is the article's hash, flat; how it was placed stands first and takes up `call.placed` of it, so
-- that a revision leaves it as it is.

local SEEN = 2 -- of which the first two are when the article was met

local function settle_page(P, doc)
  if doc.page ~= '' then
    redis.call('ZREM', P .. ':pages:due', doc.page)
    redis.call('DEL', P .. ':page:' .. doc.page)
  end
end

local function remember_urls(P, doc, call)
  for _, url in ipairs(doc.url_keys) do redis.call('SET', url, doc.id, 'EX', call.ttl) end
  settle_page(P, doc)
end

-- `doc.reworded` says that the article was known, so that when it was met first stays as it is.
local function store_article(P, doc, group, story, call)
  local key = P .. ':article:' .. doc.id
  redis.call('HSET', key, 'group', group, 'story', story, unpack(doc.record, doc.reworded and SEEN + 1 or 1))
  redis.call('EXPIRE', key, call.ttl)
  remember_urls(P, doc, call)
end
