-- What was measured of each target (`provider/model`), so that a new process does not begin anew. The body is JSON.
CREATE TABLE target_stats (
  target TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  body TEXT NOT NULL
);

-- Why a request went where it went: short JSON.
ALTER TABLE requests ADD COLUMN routing TEXT;
