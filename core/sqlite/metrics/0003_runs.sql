-- Until when a tier is rolled up, in Unix milliseconds: what is newer is computed from the next finer tier. 0 is not known.
ALTER TABLE tiers ADD COLUMN rolled INTEGER NOT NULL DEFAULT 0;
