-- The schema of an empty Redis, in one step: a secret and the index made with it go in together or not at all.
redis.register_function('nf_schema_@V@', function(keys, args)
  local call = cmsgpack.unpack(args[1])
  for name, value in pairs(call.parameters) do redis.call('HSETNX', keys[1], name, value) end
  if redis.call('HSETNX', keys[1], 'secret', call.secret) == 1 then
    redis.call('HSETNX', keys[1], 'index', call.index)
  end
  return cmsgpack.pack(hash(keys[1]))
end)
