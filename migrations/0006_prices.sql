-- Price lists that were loaded, each whole: a version stands for all its prices. The newest one is in force.
CREATE TABLE price_lists (
  version BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  date TEXT NOT NULL,
  source TEXT NOT NULL,
  models BIGINT NOT NULL,
  list TEXT NOT NULL
);

-- What the provider says that it charged, what our price gives, which price that was, and of the tokens what the other
-- columns do not say and prices depend on.
ALTER TABLE requests ADD COLUMN cost_reported_nano BIGINT;

ALTER TABLE requests ADD COLUMN cost_computed_nano BIGINT;

ALTER TABLE requests ADD COLUMN price_version TEXT;

ALTER TABLE requests ADD COLUMN usage_parts TEXT;
