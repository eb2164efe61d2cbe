-- The clients of wrk: each order draws two of the goods, and has a customer's key of its own.
--
-- wrk ... -s clients.lua URL -- MODE FACTS OUT
--   place  every request places an order
--   wait   a client asks for its order until it is confirmed and only then places the next; it
--          wants a thread of its own (wrk -tN -cN), because wrk has no clients but threads
-- FACTS is a Lua file that returns {headers, location, goods}; OUT gets the figures as JSON.

local ffi = require('ffi')
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } moment;
  int clock_gettime(int clock, moment *now);
]]

local MONOTONIC = 1
local POLL_MILLISECONDS = 2
local PATH = '/api/v1/oms/orders'
local threads = {}
local facts, run, placed, order, begun
local moment = ffi.new('moment')

function setup(thread)
  thread:set('number', #threads)
  threads[#threads + 1] = thread
end

local function now()
  ffi.C.clock_gettime(MONOTONIC, moment)
  return tonumber(moment.seconds) * 1000 + tonumber(moment.nanoseconds) / 1e6
end

function init(args)
  facts = dofile(args[2])
  out = args[3]
  math.randomseed(facts.seed + number)
  run, placed = string.format('%x-%d-', facts.seed, number), 0
  took, wrong, first_wrong = {}, 0, ''
  for name, value in pairs(facts.headers) do wrk.headers[name] = value end
  if args[1] == 'wait' then
    response = answered
    delay = function() return order and POLL_MILLISECONDS or 0 end
  end
end

local function line(sku)
  return string.format(
    '{"variant_id":"%s","location_id":"%s","sku":"%s","product_title":"Stoneware mug",'
      .. '"variant_title":"blue","unit_price":12.50,"quantity":1}',
    facts.goods[sku], facts.location, sku)
end

function request()
  if order then return wrk.format('GET', PATH .. '/' .. order) end
  placed = placed + 1
  local first = math.random(0, facts.skus - 1)
  local second = (first + math.random(1, facts.skus - 1)) % facts.skus
  local key = string.format('%08x-%s%d', math.random(0, 2147483647), run, placed)
  begun = now()
  return wrk.format('POST', PATH, nil,
    '{"idempotency_key":"' .. key .. '","payment_provider":"stripe","payment_reference":"pi_' .. key .. '",'
      .. '"currency":"USD","channel":"web","source_platform":"shopify","items":['
      .. line(string.format('SKU-%03d', first)) .. ','
      .. line(string.format('SKU-%03d', second)) .. ']}')
end

function answered(status, headers, body)
  local said = body:match('"status":"([a-z_]+)"')
  if status >= 300 or said == 'failed' then
    wrong, order = wrong + 1, nil
    if first_wrong == '' then first_wrong = status .. ' ' .. body:sub(1, 200) end
  elseif not order then
    order = body:match('"order_id":"([^"]+)"')
  elseif said == 'confirmed' then
    took[#took + 1], order = now() - begun, nil
  end
end

function done(summary, latency, requests)
  local all, failures, first = {}, 0, ''
  for _, thread in ipairs(threads) do
    for _, one in ipairs(thread:get('took')) do all[#all + 1] = string.format('%.3f', one) end
    failures = failures + thread:get('wrong')
    if first == '' then first = thread:get('first_wrong') end
  end
  local e = summary.errors
  local file = io.open(threads[1]:get('out'), 'w')
  file:write(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"errors":%d,"first":%q,"took":[%s]}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    math.max(e.status, failures) + e.connect + e.read + e.write + e.timeout,
    first:gsub('[^%w %-_.:{},]', ' '), table.concat(all, ',')))
  file:close()
end
