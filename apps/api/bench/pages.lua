-- For wrk: asks for each of the pages that it is given after the address, in turn and over again.

local requests, at = {}, 0

-- Written once, because the generator shall be the quicker one.
function init(pages)
  for _, page in ipairs(pages) do requests[#requests + 1] = wrk.format('GET', page) end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
