-- The role that the hub's services use: it works with rows and cannot change how they are kept.
--
-- The tables belong to another role, `genhub`, which only `deploy/manage prepare` uses. Run this as a superuser after the
-- first `prepare` and again after each later one; it may be repeated:
--
--     sudo -u postgres psql -v ON_ERROR_STOP=1 --single-transaction -d genhub -f deploy/database-role.sql
--     sudo -u postgres psql -d genhub -c '\password genhub_app'

DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'genhub_app') THEN
        CREATE ROLE genhub_app LOGIN;
    END IF;
END $$;
ALTER ROLE genhub_app NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;

-- Nothing but what follows.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM genhub_app;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM genhub_app;
REVOKE ALL ON SCHEMA public FROM genhub_app;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO genhub_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO genhub_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO genhub_app;

-- Money is never unwritten: transfers are only added, the rest is only added and moved on.
REVOKE UPDATE, DELETE ON credits_transfer FROM genhub_app;
REVOKE DELETE ON
    credits_purse, credits_hold, credits_lot, credits_lotuse, credits_budget, credits_budgetuse, credits_count,
    credits_freeze, credits_stop, credits_defaultbudget, credits_grantrequest
    FROM genhub_app;
-- Of audits a trigger lets those go that a later one has made superfluous.
-- What was ordered and delivered is what the money is proved against.
REVOKE DELETE ON
    generation_task, generation_attempt, generation_output, generation_refundrequest, generation_refundbatch,
    generation_bulkcancel
    FROM genhub_app;
-- Only `prepare` migrates.
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM genhub_app;

-- An audit asks since when other sessions' transactions are open; without this it sees only those of its own role.
GRANT pg_read_all_stats TO genhub_app;
