/**
 * The steps that must not be interrupted, as Lua: what each reads and what it then writes is one act of Redis.
 *
 * Keys and channels are those of layout.ts, messages those of bus.ts. What CLAIM and FILL do for one of several keys
 * touches one slot and knows nothing of the others; each other script touches one slot.
 */

import { createHash } from 'node:crypto'

export interface Script {
  readonly name: string
  readonly lua: string
  readonly sha: string
}

function script(name: string, lua: string): Script {
  return { name, lua, sha: createHash('sha1').update(lua).digest('hex') }
}

/** Tells everyone noted in the lease how it ended, and ends it. */
const END_LEASE = `
local function endLease(lease, prefix, message)
  local fields = redis.call('HKEYS', lease)
  for _, field in ipairs(fields) do
    if string.sub(field, 1, 1) == 'w' then redis.call('PUBLISH', prefix .. string.sub(field, 2), message) end
  end
  redis.call('DEL', lease)
end
`

/** What fails for one key of several, such as one that holds something foreign, fails for that one. */
const ALONE = `
local function alone(act, ...)
  local done, reply = pcall(act, ...)
  if done then return reply end
  return {'failed', type(reply) == 'table' and reply.err or tostring(reply)}
end
`

/**
 * The epoch and the number, in one hash so that they can only be lost together. Missing, or made on another
 * server (a restart, a failover): Redis may have forgotten invalidations, and a new epoch begins.
 * The count goes on where it can: a number that came down would look older than it is.
 */
const POSITION = `
local function position(state, epoch, run)
  local held = redis.call('HMGET', state, 'e', 'r', 'n')
  if held[1] and held[2] == run and held[3] then return held[1], tonumber(held[3]) end
  local number = tonumber(held[3] or 0) + 1
  redis.call('HSET', state, 'e', epoch, 'r', run, 'n', number)
  return epoch, number
end
`

/**
 * KEYS entry and lease of each. ARGV process, then of each token, duration, rejected identity. Returns 'found' with the bytes, 'granted', 'busy' with
 * the time left, or 'failed' with the reason for each. Bytes 5 to 8 of an entry are its identity (codec.ts).
 */
export const CLAIM = script(
  'claim',
  `${ALONE}
local function claim(entry, lease, token, duration, rejected)
  local bytes = redis.call('GET', entry)
  if bytes and string.sub(bytes, 5, 8) ~= rejected then return {'found', bytes} end
  -- Without an end, it was left by a claim that failed half way: nobody holds it.
  local left = redis.call('PTTL', lease)
  if left > 0 and redis.call('HEXISTS', lease, 't') == 1 then
    redis.call('HSET', lease, 'w' .. ARGV[1], 1)
    return {'busy', left}
  end
  redis.call('HSET', lease, 't', token)
  redis.call('PEXPIRE', lease, duration)
  return {'granted'}
end
local replies = {}
for i = 1, #KEYS / 2 do
  replies[i] = alone(claim, KEYS[2 * i - 1], KEYS[2 * i], ARGV[3 * i - 1], ARGV[3 * i], ARGV[3 * i + 1])
end
return replies
`,
)

/** KEYS entry and lease of each. ARGV channel prefix, then of each token, bytes, lifetime, message. Returns 'stored', 'refused', or 'failed' with the reason for each. */
export const FILL = script(
  'fill',
  `${END_LEASE}${ALONE}
local function fill(entry, lease, token, bytes, lifetime, message)
  if redis.call('HGET', lease, 't') ~= token then return {'refused'} end
  redis.call('SET', entry, bytes, 'PX', lifetime)
  endLease(lease, ARGV[1], message)
  return {'stored'}
end
local replies = {}
for i = 1, #KEYS / 2 do
  local at = 4 * i - 2
  replies[i] = alone(fill, KEYS[2 * i - 1], KEYS[2 * i], ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
end
return replies
`,
)

/** KEYS lease. ARGV token, duration. Who waits goes on waiting, for the new holder. */
export const SEIZE = script(
  'seize',
  `
redis.call('HSET', KEYS[1], 't', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`,
)

/** KEYS entry. ARGV identity, bytes. */
export const REPLACE = script(
  'replace',
  `
local bytes = redis.call('GET', KEYS[1])
if not bytes or string.sub(bytes, 5, 8) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
`,
)

/** KEYS lease. ARGV token, channel prefix, message. */
export const RELEASE = script(
  'release',
  `${END_LEASE}
if redis.call('HGET', KEYS[1], 't') == ARGV[1] then endLease(KEYS[1], ARGV[2], ARGV[3]) end
return 0
`,
)

/**
 * KEYS state, tags. ARGV new epoch, run id, nonce, lifetime; without a nonce nothing is minted. Returns the epoch, then of
 * each tag what is there: its own epoch, number and nonce, or '' .
 */
export const TAGS = script(
  'tags',
  `${POSITION}
local epoch, latest = position(KEYS[1], ARGV[1], ARGV[2])
local reply = {epoch}
if #KEYS == 1 then return reply end
if ARGV[3] == '' then
  local held = redis.call('MGET', unpack(KEYS, 2))
  for i = 1, #held do reply[i + 1] = held[i] or '' end
  return reply
end
local now = epoch .. ' '
local minted = now .. latest .. ' ' .. ARGV[3]
for i = 2, #KEYS do
  local held = redis.pcall('GETEX', KEYS[i], 'PX', ARGV[4])
  -- Something that is no string is foreign, and in the way.
  if type(held) ~= 'string' or string.sub(held, 1, #now) ~= now then
    held = minted
    redis.call('SET', KEYS[i], held, 'PX', ARGV[4])
  end
  reply[i] = held
end
return reply
`,
)

/**
 * KEYS state, tags. ARGV new epoch, run id, nonce, lifetime, bus, JSON of tag names, of keys, of keys that are only stale, and
 * what else the message says, or ''. Returns epoch, number, server time in microseconds.
 */
export const INVALIDATE = script(
  'invalidate',
  `${POSITION}
local epoch = position(KEYS[1], ARGV[1], ARGV[2])
local number = redis.call('HINCRBY', KEYS[1], 'n', 1)
for i = 2, #KEYS do
  redis.call('SET', KEYS[i], epoch .. ' ' .. number .. ' ' .. ARGV[3], 'PX', ARGV[4])
end
redis.call('PUBLISH', ARGV[5], '{"type":"invalidated","epoch":"' .. epoch .. '","number":' .. number
  .. ',"nonce":"' .. ARGV[3] .. '","tags":' .. ARGV[6] .. ',"keys":' .. ARGV[7] .. ',"stale":' .. ARGV[8] .. ARGV[9] .. '}')
local time = redis.call('TIME')
return {epoch, number, time[1] .. string.format('%06d', time[2])}
`,
)

/** KEYS state. ARGV new epoch, run id, own channel or '', instant of sending. Returns epoch, number, server time in microseconds. */
export const PROBE = script(
  'probe',
  `${POSITION}
local epoch, number = position(KEYS[1], ARGV[1], ARGV[2])
if ARGV[3] ~= '' then
  redis.call('PUBLISH', ARGV[3], '{"type":"echo","epoch":"' .. epoch .. '","number":' .. number .. ',"sentAt":' .. ARGV[4] .. '}')
end
local time = redis.call('TIME')
return {epoch, number, time[1] .. string.format('%06d', time[2])}
`,
)

/** KEYS state. ARGV new epoch, run id. Returns epoch, number, server time in microseconds. */
export const RENEW = script(
  'renew',
  `
local number = redis.call('HINCRBY', KEYS[1], 'n', 1)
redis.call('HSET', KEYS[1], 'e', ARGV[1], 'r', ARGV[2])
local time = redis.call('TIME')
return {ARGV[1], number, time[1] .. string.format('%06d', time[2])}
`,
)

/** All of them, for whoever wants to name them in traces. */
export const SCRIPTS: readonly Script[] = [CLAIM, FILL, SEIZE, REPLACE, RELEASE, TAGS, INVALIDATE, PROBE, RENEW]
