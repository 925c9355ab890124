-- Link: unite groups and stories, store the article, count, tell. Idempotent by article id.

local function link(P, doc, call)
  local known = hash(P .. ':article:' .. doc.id)
  if known.group then return revise(P, doc, call, known) end
  local own = root(P, 'group', doc.group)
  if own ~= doc.group then table.insert(doc.unite, own) end
  local group_id, story, new_story, group = find_group(P, doc, call), nil, false, nil
  local is_new = not group_id
  if is_new then
    if doc.own_story == '' then story = '' else story, new_story = find_story(P, doc, call) end
    group_id, group = doc.group, new_group(doc, call, story)
  else
    alias(P, 'group', doc.group, group_id, call.ttl)
    group = hash(P .. ':group:' .. group_id)
    story = group.story
    if story ~= '' then story = root(P, 'story', story) end
  end
  for _, id in ipairs(doc.unite) do alias(P, 'group', id, group_id, call.ttl) end
  doc.fields.group, doc.fields.story = group_id, story
  store_article(P, doc, call)
  join_group(P, doc, group, call)
  if story == '' then return { group_id, '', is_new, false, '' } end
  join_story(P, doc, story, group, call)
  event(P, call.cap, { type = new_story and 'story.created' or 'story.updated', story = story, at = call.at })
  event(P, call.cap, { type = 'article.added', article = doc.id, group = group_id, story = story, at = call.at })
  return { group_id, story, is_new, new_story, '' }
end

local function prune(P, horizon)
  redis.call('ZREMRANGEBYSCORE', P .. ':stories', '-inf', '(' .. horizon)
  redis.call('ZREMRANGEBYSCORE', P .. ':articles', '-inf', '(' .. horizon)
end

redis.register_function('nf_link_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local answers = {}
  for i, doc in ipairs(call.docs) do answers[i] = link(call.P, doc, call) end
  prune(call.P, call.now - call.ttl)
  return cmsgpack.pack(answers)
end)
