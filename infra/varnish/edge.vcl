# The edge: keeps what the API lets it keep, drops what the worker purges, and asks the replicas for the rest.
#
#     client ── :8080 ──▶ edge ── hit
#                           └──── miss ──▶ replica of the API, one at a time for each address
#     worker ── :6085 ──▶ edge: PURGE, by the keys in xkey-purge
#
# What is kept is what an answer says in CDN-Cache-Control (RFC 9213), nothing else. docs/edge.md tells what that promises.
# backends.vcl is written by edge.sh: a backend for each replica, and the directors `ready` and `alive` over them.

vcl 4.1;

import directors;
import saintmode;
import std;
import xkey;

# A replica that starts, warms up or is on its way out is alive and not ready.
probe ready_probe {
  .url = "/readyz";
  .interval = 500ms;
  .timeout = 2s;
  .window = 4;
  .threshold = 3;
  .initial = 4;
}

probe alive_probe {
  .url = "/livez";
  .interval = 1s;
  .timeout = 2s;
  .window = 4;
  .threshold = 1;
  .initial = 4;
}

include "backends.vcl";

# Who may purge, of those that reach the port for it. That port is not published: this is the second lock.
acl internal {
  "localhost";
  "10.0.0.0"/8;
  "172.16.0.0"/12;
  "192.168.0.0"/16;
  "fc00::"/7;
}

sub vcl_recv {
  if (req.restarts == 0) {
    # Marks of ours, below.
    unset req.http.X-Edge-Outcome;
    unset req.http.X-Edge-Stale;
    unset req.http.X-Edge-Failed;

    # Nothing in front of this edge is trusted. Where there is, say, something that ends TLS, keep what it says.
    set req.http.X-Forwarded-For = client.ip;
    set req.http.X-Forwarded-Proto = "http";
    set req.http.X-Forwarded-Host = req.http.Host;
    if (req.http.X-Request-Id !~ "^[\w=-]{1,128}$") {
      set req.http.X-Request-Id = "edge-" + std.time2integer(now, 0) + "-" + req.xid;
    }
  }

  if (local.socket == "purge") {
    if (client.ip !~ internal) {
      return (synth(403, "Forbidden"));
    }
    if (req.method == "PURGE" && req.http.xkey-purge) {
      set req.http.X-Edge-Outcome = xkey.purge(req.http.xkey-purge);
      return (synth(200, "Purged"));
    }
    # For whoever asks whether this edge is well.
    if (req.url == "/livez" && std.healthy(alive.backend())) {
      return (synth(200, "Alive"));
    }
    if (req.url == "/livez") {
      return (synth(503, "Service Unavailable"));
    }
    return (synth(404, "Not Found"));
  }

  # Of the machines inside, not of the world.
  if (req.url ~ "^/metrics(\?|$)") {
    return (synth(404, "Not Found"));
  }
  if (req.method !~ "^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$") {
    return (synth(405, "Method Not Allowed"));
  }
  if (req.method != "GET" && req.method != "HEAD") {
    # Kept, so that it can be sent a second time, to another replica. The API takes 100 KiB and says so itself.
    std.cache_req_body(128KB);
    return (pass);
  }
  if (req.http.Authorization) {
    return (pass);
  }
  # The API reads none.
  unset req.http.Cookie;
  # One order for one question.
  set req.url = regsub(std.querysort(req.url), "\?$", "");

  # How long after its time an answer may be served is said by the answer: vcl_hit. After a restart from there: not at all,
  # or for as long as it is kept.
  if (req.http.X-Edge-Stale && !req.http.X-Edge-Failed) {
    set req.grace = 0s;
  } else {
    unset req.http.X-Edge-Stale;
    set req.grace = 1d;
  }
  return (hash);
}

sub vcl_hash {
  # Not the host: the API answers all alike, and whoever makes names up would fill the cache with copies.
  hash_data(req.url);
  return (lookup);
}

sub vcl_hit {
  # Past stale-while-revalidate an answer is fetched, and served only if that fails (stale-if-error):
  #
  #     0 ──────── max-age ──────── + stale-while-revalidate ─────────── + stale-if-error
  #       as it is          as it is, and fetched         fetched; as it is if that fails
  if (!req.http.X-Edge-Failed && obj.ttl + std.duration(obj.http.X-Edge-Revalidate, 0s) < 0s &&
      std.healthy(alive.backend())) {
    set req.http.X-Edge-Stale = "kept";
    return (restart);
  }
  set req.http.X-Edge-Outcome = "hit";
  return (deliver);
}

sub vcl_miss {
  set req.http.X-Edge-Outcome = "miss";
  return (fetch);
}

sub vcl_pass {
  set req.http.X-Edge-Outcome = "bypass";
  return (fetch);
}

sub vcl_backend_fetch {
  # A replica by chance, and at each further try the next one.
  if (std.healthy(ready.backend())) {
    set bereq.backend = ready.backend(by = KEY, key = ready.key(bereq.http.X-Request-Id), alt = bereq.retries);
  } else {
    set bereq.backend = alive.backend(by = KEY, key = alive.key(bereq.http.X-Request-Id), alt = bereq.retries);
  }
  unset bereq.http.X-Edge-Outcome;
  set bereq.http.X-Edge-Begun = std.time2real(now, 0.0);
  return (fetch);
}

# What may be sent twice: what changes nothing, what says the same the second time, and what carries a key by which the API
# knows it again. A condition is not met a second time by what met it the first.
sub retry_elsewhere {
  if ((bereq.method ~ "^(GET|HEAD)$" || bereq.http.Idempotency-Key ||
       (bereq.method ~ "^(PUT|DELETE)$" && !bereq.http.If-Match))) {
    return (retry);
  }
}

# Where there is an older answer a failure takes not its place.
sub leave_the_older {
  if (bereq.is_bgfetch || bereq.http.X-Edge-Stale) {
    return (abandon);
  }
}

# Not kept, and for a while not waited for by others who ask for the same.
sub keep_nothing {
  set beresp.uncacheable = true;
  set beresp.grace = 0s;
  set beresp.keep = 0s;
  if (beresp.status < 500) {
    set beresp.ttl = 10s;
  } else {
    set beresp.ttl = 1s;
  }
}

sub vcl_backend_response {
  if (beresp.status == 502 || beresp.status == 503 || beresp.status == 504) {
    # This replica is not asked for this address for a moment; after very many such, for none. Once elsewhere is enough: if
    # all are busy, more questions are not what they need.
    saintmode.blacklist(1s);
    if (bereq.retries == 0) {
      call retry_elsewhere;
    }
  }
  if (beresp.status >= 500) {
    call leave_the_older;
  }
  if (bereq.uncacheable) {
    return (deliver);
  }

  set beresp.ttl = 0s;
  if (beresp.status == 200 && !beresp.http.Set-Cookie && beresp.http.Cache-Control !~ "(?i)private|no-store" &&
      beresp.http.CDN-Cache-Control ~ "(^|[, ])max-age=\d" &&
      beresp.http.CDN-Cache-Control !~ "(?i)private|no-store|no-cache" && beresp.http.Surrogate-Key) {
    set beresp.ttl = std.duration(regsub(beresp.http.CDN-Cache-Control, "^(.*[, ])?max-age=(\d+).*$", "\2s"), 0s);
  }
  if (beresp.ttl <= 0s) {
    call keep_nothing;
    return (deliver);
  }

  set beresp.http.xkey = beresp.http.Surrogate-Key;
  # No answer has both words in another form; without one it is the whole field, which is no duration.
  set beresp.http.X-Edge-Revalidate =
    regsub(beresp.http.CDN-Cache-Control, "^.*stale-while-revalidate=(\d+).*$", "\1s");
  set beresp.grace = std.duration(regsub(beresp.http.CDN-Cache-Control, "^.*stale-if-error=(\d+).*$", "\1s"), 0s);
  if (beresp.grace < std.duration(beresp.http.X-Edge-Revalidate, 0s)) {
    set beresp.grace = std.duration(beresp.http.X-Edge-Revalidate, 0s);
  }
  set beresp.keep = 5m;

  # What was on its way while its purges came would be kept for as long as any. The worker purges a second time, 300 ms
  # after no replica can answer the old value any more (apps/worker/src/purge.ts), and what took longer is kept for a
  # moment only: then all who wait for it are still served by one fetch.
  #
  #     edge      miss ── fetching ───────────────────────── more than 300 ms: for a second
  #     worker                 purge ──────── purge again
  if (now - std.real2time(std.real(bereq.http.X-Edge-Begun, 0.0), now) > 300ms) {
    set beresp.ttl = 1s;
    set beresp.grace = 0s;
    set beresp.keep = 0s;
  }
  return (deliver);
}

sub vcl_backend_error {
  if (bereq.retries < 3) {
    call retry_elsewhere;
  }
  call leave_the_older;
  set beresp.http.Content-Type = "application/problem+json";
  set beresp.http.Cache-Control = "no-store";
  set beresp.http.Retry-After = "1";
  synthetic({"{"type":"about:blank","title":"The shop does not answer.","status":503}"});
  call keep_nothing;
  return (deliver);
}

sub vcl_deliver {
  # A part of a second counts against it.
  if (obj.ttl < 0s) {
    set req.http.X-Edge-Ttl = regsub(obj.ttl - 1s, "\..*$", "");
  } else {
    set req.http.X-Edge-Ttl = regsub(obj.ttl, "\..*$", "");
  }
  # RFC 9211: one member of each cache, that nearest to the origin first. That of a kept answer says how it came here.
  if (req.http.X-Edge-Outcome == "hit") {
    set req.http.X-Edge-Outcome = "edge; hit; ttl=" + req.http.X-Edge-Ttl;
  } else if (req.http.X-Edge-Outcome == "miss" && !obj.uncacheable && obj.ttl > 0s) {
    set req.http.X-Edge-Outcome = "edge; fwd=miss; stored; ttl=" + req.http.X-Edge-Ttl;
  } else {
    set req.http.X-Edge-Outcome = "edge; fwd=" + req.http.X-Edge-Outcome;
  }
  if (resp.http.Cache-Status) {
    set resp.http.Cache-Status = resp.http.Cache-Status + ", " + req.http.X-Edge-Outcome;
  } else {
    set resp.http.Cache-Status = req.http.X-Edge-Outcome;
  }

  # The id of this request, not of the one that brought a kept answer here.
  set resp.http.X-Request-Id = req.http.X-Request-Id;
  unset resp.http.CDN-Cache-Control;
  unset resp.http.Surrogate-Key;
  unset resp.http.Cache-Tag;
  unset resp.http.xkey;
  unset resp.http.X-Edge-Revalidate;
  unset resp.http.X-Varnish;
  unset resp.http.Via;
  return (deliver);
}

sub vcl_synth {
  # The fetch was given up for the sake of the older answer.
  if (resp.status == 503 && req.http.X-Edge-Stale && !req.http.X-Edge-Failed) {
    set req.http.X-Edge-Failed = "yes";
    return (restart);
  }
  set resp.http.Cache-Control = "no-store";
  if (resp.status == 200) {
    set resp.http.Content-Type = "application/json";
    synthetic({"{"status":""} + resp.reason + {"","dropped":"} + std.integer(req.http.X-Edge-Outcome, 0) + "}");
  } else {
    set resp.http.Content-Type = "application/problem+json";
    synthetic({"{"type":"about:blank","title":""} + resp.reason + {"","status":"} + resp.status + "}");
  }
  unset resp.http.X-Varnish;
  return (deliver);
}
