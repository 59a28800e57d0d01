-- What images show, for models that cannot see. The id is a digest of the image, of who was asked and of the question.
CREATE TABLE image_descriptions (
  id TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  text TEXT NOT NULL
);

CREATE INDEX image_descriptions_by_at ON image_descriptions (at);

-- The request for which this one was made.
ALTER TABLE requests ADD COLUMN parent TEXT;
