-- JIT-1: the connections a confirmation is for, id and version of each (con_x:3 con_y:1); NULL: any.
ALTER TABLE link_confirmations ADD COLUMN connections TEXT NULL;

-- The folded address that the person has shown to be theirs, by a sign-in or an invitation; a directory writes match_email, never this.
ALTER TABLE members ADD COLUMN proven_email_key BLOB NULL;
