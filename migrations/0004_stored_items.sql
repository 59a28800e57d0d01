-- Which kept answer holds an item: a later request may refer to it by the item's id alone.
CREATE TABLE stored_items (
  item_id TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (item_id, id)
);

CREATE INDEX stored_items_by_id ON stored_items (id);
