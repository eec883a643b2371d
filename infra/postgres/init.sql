-- Runs once, when the volume is empty. The library is preloaded by the command line in docker-compose.yml.
create extension if not exists pg_stat_statements;
