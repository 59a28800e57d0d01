-- What people did beside the configuration: signing in, clearing, resetting. What one address does again within a
-- quarter of an hour is counted in one row. `section` and `name` say of which entity, where there is one.
CREATE TABLE acts (
  id TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  times BIGINT NOT NULL,
  kind TEXT NOT NULL,
  actor TEXT NOT NULL,
  origin TEXT NOT NULL,
  section TEXT,
  name TEXT,
  detail TEXT
);
CREATE INDEX acts_at ON acts (at, id);
CREATE INDEX acts_kind ON acts (kind, at);
