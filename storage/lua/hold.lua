-- What an operator placed: a group that has the number of a correction as `fixed` (see correct.lua).

local function correction_key(P, n) return P .. ':correction:' .. n end

-- A text that left a group which was placed by hand, and is one of its own now, stays where that was put: every
-- correction that holds the one holds the other.
local function hold_too(P, prefix, old, new, spot, story, fixed, call)
  redis.call('HSET', P .. ':group:' .. new, 'fixed', fixed)
  tell(prefix, spot, new, story, call, nil, true)
  while fixed ~= '' do
    local key, found = correction_key(P, fixed), nil
    local placed = redis.call('HGET', key, 'placed')
    local entries = placed and cjson.decode(placed) or {}
    for _, entry in ipairs(entries) do
      if entry[1] == old then found = entry end
    end
    if not found then return end
    entries[#entries + 1] = { new, found[2], found[3], found[4] }
    redis.call('HSET', key, 'placed', cjson.encode(entries))
    fixed = found[4]
  end
end
