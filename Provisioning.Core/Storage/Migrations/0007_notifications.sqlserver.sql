-- Where events are sent, and how far each got (domain.md section 10). The secrets are encrypted.
CREATE TABLE webhooks (
    id BINARY(16) NOT NULL PRIMARY KEY,
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    url NVARCHAR(2000) NOT NULL,
    types NVARCHAR(MAX) NOT NULL,
    secret NVARCHAR(MAX) NOT NULL,
    previous_secret NVARCHAR(MAX) NULL,
    previous_until BIGINT NULL,
    failures BIGINT NOT NULL,
    -- When the next attempt is due; NULL while nothing is pending.
    due_at BIGINT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX ix_webhooks_organization ON webhooks (organization_id, id);
CREATE INDEX ix_webhooks_due ON webhooks (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE webhook_deliveries (
    webhook_id BINARY(16) NOT NULL,
    sequence BIGINT NOT NULL,
    event_id BINARY(16) NOT NULL,
    type NVARCHAR(256) NOT NULL,
    state NVARCHAR(256) NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_attempt_at BIGINT NULL,
    last_status BIGINT NULL,
    last_error NVARCHAR(256) NULL,
    PRIMARY KEY (webhook_id, sequence)
);
-- The next one to send; how many were given up.
CREATE INDEX ix_webhook_deliveries_pending ON webhook_deliveries (webhook_id, sequence) WHERE state = 'pending';
-- Old events go with their deliveries.
CREATE INDEX ix_webhook_deliveries_event ON webhook_deliveries (event_id);
CREATE INDEX ix_webhook_deliveries_dead ON webhook_deliveries (webhook_id, sequence) WHERE state = 'dead';

-- Mails. Names and addresses are looked up when a mail is sent; the address stays as a record of where it went.
CREATE TABLE notifications (
    id BINARY(16) NOT NULL PRIMARY KEY,
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    kind NVARCHAR(256) NOT NULL,
    member_id BINARY(16) NULL,
    subject_id NVARCHAR(256) NULL,
    facts NVARCHAR(MAX) NOT NULL,
    state NVARCHAR(256) NOT NULL CHECK (state IN ('pending', 'sent', 'failed', 'dropped')),
    attempts BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    -- When it is sent, or tried again; NULL when it is over.
    due_at BIGINT NULL,
    sent_at BIGINT NULL,
    address NVARCHAR(256) NULL,
    error NVARCHAR(256) NULL
);
CREATE INDEX ix_notifications_list ON notifications (organization_id, id);
CREATE INDEX ix_notifications_due ON notifications (due_at, id) WHERE due_at IS NOT NULL;

-- NOTI-2: what owners were last told about a tier.
CREATE TABLE seat_alerts (
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    tier_key VARBINARY(1000) NOT NULL,
    tier NVARCHAR(256) NOT NULL,
    alert NVARCHAR(256) NOT NULL CHECK (alert IN ('none', 'low', 'exhausted')),
    PRIMARY KEY (organization_id, tier_key)
);

-- NOTI-3: the day in which further refusals and waiting people are counted for a digest.
CREATE TABLE notice_windows (
    organization_id BINARY(16) NOT NULL PRIMARY KEY REFERENCES organizations (id),
    until_at BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    waiting BIGINT NOT NULL
);
CREATE INDEX ix_notice_windows_until ON notice_windows (until_at);
