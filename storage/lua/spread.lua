-- Insert and read on a cluster: the buckets of one language are spread over its slots, in shards, and a function touches
-- one slot only. Three steps take the place of one: `meet` says beside the articles which are known and gives numbers,
-- `keep_prints` stores fingerprints, and `enter` goes through the buckets of one shard. In this order a number that stands
-- in a bucket has its fingerprint; and of two workers that meet the same text at least one sees the other, as each
-- bucket is put into and read in one step. A call made twice has the numbers that it had.

redis.register_function('nf_meet_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  local refused = other_index(call)
  if refused then return refused end
  local known, fresh = meet(call)
  local last = take_numbers(keys[1], call)
  redis.call('EXPIRE', keys[1] .. 'count', call.slice_ttl)
  return cmsgpack.pack({ known, fresh, last })
end)

redis.register_function('nf_keep_prints_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  write(keys[1] .. 'print:' .. call.slice, call.prints)
  keep(keys[1], call)
  return #call.prints / 2
end)

redis.register_function('nf_enter_@V@', function(keys, args)
  local call, prefix, found = cmsgpack.unpack(args[1]), keys[1], {}
  local bands, anchors = keys_of(args[2]), keys_of(args[3])
  for slice = call.oldest, call.slice - 1 do
    if redis.call('EXISTS', prefix .. 'band:' .. slice, prefix .. 'anchor:' .. slice) > 0 then
      found[#found + 1] = look_up(prefix, slice, bands, anchors)
    end
  end
  found[#found + 1] = enter(prefix, call, bands, anchors, function(i) return call.numbers[i] ~= '' and call.numbers[i] end, true)
  keep(prefix, call)
  return cmsgpack.pack(found)
end)
