-- What uniting two records of either kind takes: which of them stays, and moving what belongs to the other.
-- The same whatever order workers come in: of united records the one created first, then the smaller id, stays.

local function older(a, b)
  local x, y = a.created or '~', b.created or '~'
  if x ~= y then return x < y end
  return a.id < b.id
end

local function move(from, to, ttl)
  if redis.call('EXISTS', from) == 1 then
    redis.call('ZUNIONSTORE', to, 2, to, from, 'AGGREGATE', 'MIN')
    redis.call('EXPIRE', to, ttl)
    redis.call('DEL', from)
  end
end

local function span(keep, lose)
  keep.first = (lose.first < keep.first) and lose.first or keep.first
  keep.latest = (lose.latest > keep.latest) and lose.latest or keep.latest
end

local function point_articles(P, members, field, value)
  for _, id in ipairs(redis.call('ZRANGE', members, 0, -1)) do
    local key = P .. ':article:' .. id
    if redis.call('EXISTS', key) == 1 then redis.call('HSET', key, field, value) end
  end
end

local function touch(P, kind, id, parts, ttl)
  redis.call('EXPIRE', P .. ':' .. kind .. ':' .. id, ttl)
  for _, part in ipairs(parts) do redis.call('EXPIRE', P .. ':' .. kind .. ':' .. id .. ':' .. part, ttl) end
end

local function alias(P, kind, from, into, ttl)
  if from == into then return end
  local key = P .. ':' .. kind .. ':' .. from
  if redis.call('EXISTS', key) == 0 then
    redis.call('HSET', key, 'id', from, 'merged_into', into)
    redis.call('EXPIRE', key, ttl)
  end
end
