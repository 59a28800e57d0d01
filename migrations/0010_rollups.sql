-- Sums of usage rows: of quarters of an hour (span q) and of days in the reporting timezone (span d), for one dimension at a
-- time. Where a row has no value in a dimension, the value is empty. Bucket is where the span begins, in epoch milliseconds.
CREATE TABLE rollups (
  span TEXT NOT NULL,
  kind TEXT NOT NULL,
  bucket BIGINT NOT NULL,
  value TEXT NOT NULL,
  other TEXT NOT NULL,
  requests BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  tokens_input BIGINT NOT NULL,
  tokens_output BIGINT NOT NULL,
  tokens_reasoning BIGINT NOT NULL,
  tokens_cache_read BIGINT NOT NULL,
  tokens_cache_write BIGINT NOT NULL,
  estimated BIGINT NOT NULL,
  cost_nano BIGINT NOT NULL,
  unpriced BIGINT NOT NULL,
  ttft_ms BIGINT NOT NULL,
  ttft_count BIGINT NOT NULL,
  flow_ms BIGINT NOT NULL,
  flow_tokens BIGINT NOT NULL,
  total_ms BIGINT NOT NULL,
  total_count BIGINT NOT NULL,
  sketch TEXT NOT NULL,
  PRIMARY KEY (span, kind, bucket, value, other)
);

-- Spans whose sums are not up to date: what was written in them is summed from the rows until they are.
CREATE TABLE rollup_stale (
  span TEXT NOT NULL,
  bucket BIGINT NOT NULL,
  mark BIGINT NOT NULL,
  PRIMARY KEY (span, bucket)
);

INSERT INTO rollup_stale (span, bucket, mark) SELECT DISTINCT 'q', (at / 900000) * 900000, 1 FROM requests;
