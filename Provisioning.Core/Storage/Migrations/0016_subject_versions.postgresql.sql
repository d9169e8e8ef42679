-- Domain.md section 10: payloads carry the version of their subject, as of the end of the unit; NULL for what has none.
ALTER TABLE outbox ADD COLUMN subject_version BIGINT NULL;

-- JIT-2: people who were refused, by when they asked first.
CREATE INDEX ix_seat_requests_first ON seat_requests (organization_id, first_at);
