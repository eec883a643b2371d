/**
 * Metrics that others export, as far as we name them, with their labels: what cannot be scraped where there is no such
 * server. Each list says where it is from.
 */

type Metrics = Readonly<Record<string, readonly string[]>>

/** Prometheus itself: of every target, and of every alert. */
const prometheus: Metrics = {
  up: [],
  ALERTS: ['alertname', 'alertstate', 'severity'],
}

/**
 * prometheuscommunity/postgres-exporter:v0.18.1: `collector/pg_stat_database.go`, `MetricMaps` of
 * `cmd/postgres_exporter/queries.go`, and a setting for each row of `pg_settings` that is a number.
 */
const postgresExporter: Metrics = {
  pg_up: [],
  pg_settings_max_connections: ['server'],
  pg_stat_activity_count: ['datname', 'state', 'server'],
  pg_stat_activity_max_tx_duration: ['datname', 'state', 'server'],
  pg_stat_database_blks_hit: ['datid', 'datname'],
  pg_stat_database_blks_read: ['datid', 'datname'],
  pg_stat_database_deadlocks: ['datid', 'datname'],
  pg_stat_database_numbackends: ['datid', 'datname'],
  pg_stat_database_temp_bytes: ['datid', 'datname'],
  pg_stat_database_tup_fetched: ['datid', 'datname'],
  pg_stat_database_tup_inserted: ['datid', 'datname'],
  pg_stat_database_tup_returned: ['datid', 'datname'],
  pg_stat_database_tup_updated: ['datid', 'datname'],
  pg_stat_database_xact_commit: ['datid', 'datname'],
  pg_stat_database_xact_rollback: ['datid', 'datname'],
}

/** oliver006/redis_exporter:v1.82.0: the maps and descriptions of `exporter/exporter.go`. */
const redisExporter: Metrics = {
  redis_up: [],
  redis_blocked_clients: [],
  redis_commands_duration_seconds_total: ['cmd'],
  redis_commands_total: ['cmd'],
  redis_connected_clients: [],
  redis_db_keys: ['db'],
  redis_evicted_keys_total: [],
  redis_expired_keys_total: [],
  redis_memory_max_bytes: [],
  redis_memory_used_bytes: [],
  redis_net_input_bytes_total: [],
  redis_net_output_bytes_total: [],
}

/**
 * grafana/k6:1.8.1 with `--out experimental-prometheus-rw` and the settings of docker-compose.yml: what a Prometheus had
 * after a run of `load-tests/scenarios/traffic.ts`. Dropped iterations are written only when there are some.
 */
const k6: Metrics = {
  k6_dropped_iterations_total: ['scenario'],
  k6_http_req_duration_max: ['name', 'scenario', 'status'],
  k6_http_req_duration_p50: ['name', 'scenario', 'status'],
  k6_http_req_duration_p95: ['name', 'scenario', 'status'],
  k6_http_req_duration_p99: ['name', 'scenario', 'status'],
  k6_http_reqs_total: ['name', 'scenario', 'status'],
  k6_visits_failed_rate: ['scenario'],
  k6_vus: [],
  k6_vus_max: [],
}

export const FOREIGN_METRICS: Metrics = { ...prometheus, ...postgresExporter, ...redisExporter, ...k6 }
