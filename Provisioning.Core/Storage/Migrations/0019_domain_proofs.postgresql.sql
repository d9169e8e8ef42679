-- DOM-2: when the record of a verified domain was looked for last, and since when it has been missing.
ALTER TABLE domains ADD COLUMN checked_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE domains ADD COLUMN missing_since BIGINT NULL;
CREATE INDEX ix_domains_checked ON domains (checked_at);
