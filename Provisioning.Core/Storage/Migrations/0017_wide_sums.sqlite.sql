-- Sums of usage outgrow 64 bits of 1e-12: beyond a million of the currency a sum's whole currency units stand in a column of their own, and
-- the column of units has the rest. What was kept before is as it was: its whole units are 0. Holds and single events never get that far.
ALTER TABLE cap_counters ADD settled_whole INTEGER NOT NULL DEFAULT 0 CONSTRAINT ck_cap_counters_settled_whole CHECK (settled_whole >= 0);
ALTER TABLE usage_rollups ADD cost_whole INTEGER NOT NULL DEFAULT 0 CONSTRAINT ck_usage_rollups_cost_whole CHECK (cost_whole >= 0);
ALTER TABLE usage_rollups ADD billed_whole INTEGER NOT NULL DEFAULT 0 CONSTRAINT ck_usage_rollups_billed_whole CHECK (billed_whole >= 0);
ALTER TABLE invoice_lines ADD cost_whole INTEGER NULL;
