-- One row for each request on an inference path. Ids are UUIDv7: their order is the order of arrival.
CREATE TABLE requests (
  id TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  address TEXT NOT NULL,
  key_name TEXT,
  label TEXT,
  protocol TEXT NOT NULL,
  model TEXT,
  alias TEXT,
  target TEXT,
  provider TEXT,
  attempts BIGINT NOT NULL,
  stream BIGINT NOT NULL,
  status BIGINT,
  code TEXT,
  interrupted BIGINT NOT NULL,
  tokens_input BIGINT,
  tokens_output BIGINT,
  tokens_reasoning BIGINT,
  tokens_cache_read BIGINT,
  tokens_cache_write BIGINT,
  tokens_estimated BIGINT,
  cost_nano BIGINT,
  ttft_ms BIGINT,
  total_ms BIGINT,
  upstream_ms BIGINT,
  phases TEXT NOT NULL,
  finish TEXT,
  degraded TEXT NOT NULL,
  errors TEXT NOT NULL,
  client_request_id TEXT
);

-- Single values: hash of the admin key, version of the configuration, salt and canary of the encryption.
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- The configuration that is kept in the database. A body is JSON, sealed when encryption is on.
CREATE TABLE entities (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  body TEXT NOT NULL,
  version BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (kind, name)
);

INSERT INTO meta (key, value) VALUES ('config_version', '0');
