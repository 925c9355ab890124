-- Helpers of all functions. @V@ is replaced by a digest of the source, so that workers of two versions
-- can use one server; P is the key prefix, passed with every call.

-- Names that readers see follow a merged record to where it went.
local function root(P, kind, id)
  for _ = 1, 64 do
    local into = redis.call('HGET', P .. ':' .. kind .. ':' .. id, 'merged_into')
    if not into then return id end
    id = into
  end
  return id
end

local function hash(key)
  local flat, map = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do map[flat[i]] = flat[i + 1] end
  return map
end

local function hset(key, fields)
  local flat = {}
  for k, v in pairs(fields) do
    flat[#flat + 1] = k
    flat[#flat + 1] = v
  end
  if #flat > 0 then redis.call('HSET', key, unpack(flat)) end
end

-- What of a hash is not as it was read.
local function hset_changed(key, fields, before)
  local flat = {}
  for k, v in pairs(fields) do
    if before[k] ~= tostring(v) then
      flat[#flat + 1] = k
      flat[#flat + 1] = v
    end
  end
  if #flat > 0 then redis.call('HSET', key, unpack(flat)) end
end

local function copy(map)
  local other = {}
  for k, v in pairs(map) do other[k] = v end
  return other
end

local function event(P, cap, fields)
  local flat = {}
  for k, v in pairs(fields) do
    flat[#flat + 1] = k
    flat[#flat + 1] = v
  end
  redis.call('XADD', P .. ':events', 'MAXLEN', '~', cap, '*', unpack(flat))
end
