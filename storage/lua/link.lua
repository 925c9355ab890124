-- Link: unite groups and stories, store the article, count, tell. Idempotent by article id.

local function link(P, prefix, doc, call)
  local known = redis.call('HMGET', P .. ':article:' .. doc.id, 'group', 'story')
  if known[1] then return revise(P, doc, call, known[1], known[2]) end
  local own = root(P, 'group', doc.group)
  if own ~= doc.group then table.insert(doc.unite, own) end
  local group_id, story, new_story, group = find_group(P, prefix, doc, call), '', false, nil
  local is_new = not group_id
  if is_new then
    if doc.own_story then story, new_story = find_story(P, doc, call) end
    group_id, group = doc.group, found_group(P, prefix, doc, story, call)
  else
    untell(prefix, doc.spot, doc.group)
    alias(P, 'group', doc.group, group_id, call.ttl)
    group = hash(P .. ':group:' .. group_id)
    story = group.story
    if story ~= '' then story = root(P, 'story', story) end
    join_group(P, doc, group, call)
  end
  for _, id in ipairs(doc.unite) do alias(P, 'group', id, group_id, call.ttl) end
  store_article(P, doc, group_id, story, call)
  if story == '' then return { group_id, '', is_new, false, '' } end
  join_story(P, doc, story, group, call)
  event(P, call.cap, { type = new_story and 'story.created' or 'story.updated', story = story, at = call.at })
  event(P, call.cap, { type = 'article.added', article = doc.id, group = group_id, story = story, at = call.at })
  for _, change in ipairs(doc.changes or {}) do
    move_group(P, prefix, change[1], change[2], change[3], call)
  end
  return { group_id, root(P, 'story', story), is_new, new_story, '' }
end

local function enlist(P, call)
  local flat = {}
  for i, doc in ipairs(call.docs) do flat[2 * i - 1], flat[2 * i] = call.now, doc.id end
  redis.call('ZADD', P .. ':articles', 'NX', unpack(flat))
end

local function prune(P, horizon)
  redis.call('ZREMRANGEBYSCORE', P .. ':stories', '-inf', '(' .. horizon)
  redis.call('ZREMRANGEBYSCORE', P .. ':articles', '-inf', '(' .. horizon)
end

redis.register_function('nf_link_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local answers = {}
  for i, doc in ipairs(call.docs) do answers[i] = link(call.P, keys[1], doc, call) end
  enlist(call.P, call)
  prune(call.P, call.now - call.ttl)
  return cmsgpack.pack(answers)
end)
