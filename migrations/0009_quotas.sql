-- What requests counted, by quota; the primary key makes counting a request twice impossible.
CREATE TABLE quota_charges (
  request_id TEXT NOT NULL,
  counter TEXT NOT NULL,
  slot BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  interrupted BIGINT NOT NULL,
  PRIMARY KEY (request_id, counter)
);

-- The ledger: the sums of the charges by the slots of their windows, and what was adjusted by people.
CREATE TABLE quota_slots (
  counter TEXT NOT NULL,
  slot BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  PRIMARY KEY (counter, slot)
);

-- Held while a counter is read and written by one of several processes.
CREATE TABLE quota_counters (
  counter TEXT PRIMARY KEY,
  touched BIGINT NOT NULL
);

-- What requests hold that run in one of several processes. A process that is gone renews nothing.
CREATE TABLE quota_reservations (
  request_id TEXT NOT NULL,
  counter TEXT NOT NULL,
  at BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  until BIGINT NOT NULL,
  ended BIGINT NOT NULL,
  PRIMARY KEY (request_id, counter)
);

CREATE INDEX quota_reservations_by_counter ON quota_reservations (counter);

-- 1 for a request of a client for which an upstream was called.
ALTER TABLE requests ADD COLUMN counted BIGINT NOT NULL DEFAULT 0;
