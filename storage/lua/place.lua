-- An article's place among groups and stories.

-- Where an article belongs that belongs nowhere yet; returns its group, its story and whether each is new.
local function place(P, prefix, doc, call)
  local own = root(P, 'group', doc.group)
  if own ~= doc.group then table.insert(doc.unite, own) end
  local group_id, story, new_story, group = find_group(P, prefix, doc, call), '', false, nil
  local is_new = not group_id
  if is_new then
    if doc.own_story then story, new_story = find_story(P, doc, call) end
    group_id, group = doc.group, found_group(P, prefix, doc, story, call)
  else
    untell(prefix, doc.spot or doc.entered, doc.group)
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
  if doc.changes and #doc.changes > 0 then
    for _, change in ipairs(doc.changes) do move_group(P, prefix, change[1], change[2], change[3], call) end
    story = root(P, 'story', story)
  end
  return { group_id, story, is_new, new_story, '' }
end
