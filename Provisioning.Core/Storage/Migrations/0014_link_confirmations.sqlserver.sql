-- JIT-1: the next verified sign-in with this address is linked to the member, although the member administers; used up by it.
CREATE TABLE link_confirmations (
    member_id BINARY(16) NOT NULL PRIMARY KEY REFERENCES members (id),
    organization_id BINARY(16) NOT NULL REFERENCES organizations (id),
    email NVARCHAR(256) NOT NULL,
    email_key VARBINARY(1000) NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
