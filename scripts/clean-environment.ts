/**
 * The environment without what configures a shop: for a test that starts one and must not meet the developer's own
 * database, Redis, token or data. What the machine needs (PATH, HOME, certificates, npm's settings) stays.
 */

const OF_A_SHOP =
  /^(ADMIN_TOKEN|CUSTOMER_TOKEN_SECRET|HOST|JAEGER|LOG_LEVEL|METRICS|NODE_ENV|PORT|PUBLIC_URL|SHUTDOWN_TIMEOUT_MS|(API|CACHE|DATABASE|EDGE|HEADERS|OTEL|PG|RATE|REDIS|RELAY|SHOP|TRACE|WARM).*)$/

export function cleanEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !OF_A_SHOP.test(name)))
}
