-- Who changed what of the configuration that is kept in the database, and when. Ids are the version that the change
-- made and its place in it. Bodies are JSON, sealed when encryption is on; null where there was or is nothing.
CREATE TABLE config_history (
  id TEXT PRIMARY KEY,
  version BIGINT NOT NULL,
  place BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  origin TEXT NOT NULL,
  note TEXT,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  before_body TEXT,
  after_body TEXT
);
CREATE INDEX config_history_version ON config_history (version, place);
CREATE INDEX config_history_entity ON config_history (kind, name, version);
