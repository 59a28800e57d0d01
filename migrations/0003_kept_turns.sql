-- Seals of the model's turns, for clients that do not bring them back. The key is a digest of the client key's name, the
-- conversation before the turn and its first call.
CREATE TABLE kept_turns (
  id TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  owner TEXT NOT NULL,
  scope TEXT NOT NULL,
  origin TEXT NOT NULL,
  parts TEXT NOT NULL
);

CREATE INDEX kept_turns_by_at ON kept_turns (at);

CREATE INDEX kept_turns_by_owner ON kept_turns (owner, scope);
