-- Answers that their client may read again. Ids are those of the requests: their order is the order of arrival. What the
-- model was given is written when a provider has begun to answer, the answer when it is complete.
CREATE TABLE stored_inputs (
  id TEXT PRIMARY KEY,
  input TEXT NOT NULL
);

CREATE TABLE stored_responses (
  id TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  owner TEXT NOT NULL,
  protocol TEXT NOT NULL,
  response_id TEXT NOT NULL,
  model TEXT NOT NULL,
  target TEXT NOT NULL,
  scope TEXT NOT NULL,
  last_event BIGINT,
  response TEXT NOT NULL
);

CREATE INDEX stored_responses_by_response_id ON stored_responses (response_id);
