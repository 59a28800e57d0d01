-- What is left alone after failures, shared by all nodes: one row for each model, account or provider.
CREATE TABLE cooldowns (
  scope TEXT NOT NULL,
  provider TEXT NOT NULL,
  account TEXT NOT NULL,
  model TEXT NOT NULL,
  failures BIGINT NOT NULL,
  since BIGINT NOT NULL,
  stepped_at BIGINT NOT NULL,
  until_at BIGINT NOT NULL,
  open_at BIGINT NOT NULL,
  source TEXT NOT NULL,
  is_far INTEGER NOT NULL,
  probe_owner TEXT,
  probe_until BIGINT,
  reason TEXT NOT NULL,
  message TEXT NOT NULL,
  request_id TEXT NOT NULL,
  window_name TEXT,
  PRIMARY KEY (scope, provider, account, model)
);

CREATE TABLE cooldown_events (
  id TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  scope TEXT NOT NULL,
  provider TEXT NOT NULL,
  account TEXT NOT NULL,
  model TEXT NOT NULL,
  failures BIGINT NOT NULL,
  reason TEXT NOT NULL,
  message TEXT NOT NULL,
  request_id TEXT NOT NULL,
  until_at BIGINT NOT NULL
);

CREATE INDEX cooldown_events_by_at ON cooldown_events (at);

INSERT INTO meta (key, value) VALUES ('cooldowns_version', '0');
