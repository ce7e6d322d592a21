-- What the migrations make of an empty database, as pg_dump says it. Not written by hand:
-- SCHEMA=record python -m pytest tests/schema

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

CREATE FUNCTION public.credits_guard_audit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.checks > 0 OR (NEW.id, NEW.started_at, NEW.since_id, NEW.proved_until)
       IS DISTINCT FROM (OLD.id, OLD.started_at, OLD.since_id, OLD.proved_until)
    THEN
        RAISE EXCEPTION 'credits: an audit ends once' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.credits_guard_audit_end() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.since_id IS NULL OR OLD.findings <> '[]'::jsonb OR OLD.started_at > statement_timestamp() - interval '1 day'
       OR NOT EXISTS (SELECT FROM credits_auditrun w WHERE w.since_id IS NULL AND w.checks > 0
                       AND w.findings = '[]'::jsonb AND w.started_at > OLD.started_at)
    THEN
        RAISE EXCEPTION 'credits: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE FUNCTION public.credits_guard_freeze() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.lifted_at IS NOT NULL OR (NEW.id, NEW.purse_id, NEW.frozen_at) IS DISTINCT FROM (OLD.id, OLD.purse_id, OLD.frozen_at)
    THEN
        RAISE EXCEPTION 'credits: a freeze is lifted once' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.credits_guard_hold() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF (NEW.id, NEW.purse_id, NEW.reference, NEW.amount, NEW.created_at, NEW.expires_at)
       IS DISTINCT FROM (OLD.id, OLD.purse_id, OLD.reference, OLD.amount, OLD.created_at, OLD.expires_at)
    THEN
        RAISE EXCEPTION 'credits: a hold keeps its purse, order, amount and times'
              USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state = 'settled' AND (
           (NEW.state, NEW.captured, NEW.released, NEW.settled_at)
               IS DISTINCT FROM (OLD.state, OLD.captured, OLD.released, OLD.settled_at)
           OR NEW.refunded < OLD.refunded OR NEW.overrun < OLD.overrun)
    THEN
        RAISE EXCEPTION 'credits: a settled hold can only be refunded'
              USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.credits_guard_lot() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF (NEW.id, NEW.purse_id, NEW.expires_at, NEW.created_at, NEW.restores_id)
       IS DISTINCT FROM (OLD.id, OLD.purse_id, OLD.expires_at, OLD.created_at, OLD.restores_id)
       OR NEW.amount > OLD.amount OR NEW.expired < OLD.expired
    THEN
        RAISE EXCEPTION 'credits: a lot keeps its purse and times, and never grows'
              USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.credits_refuse() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'credits: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION public.generation_closed_accounts(wanted_queue text) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock_shared(1734440037, hashtext(wanted_queue)) THEN RETURN NULL; END IF;
    IF EXISTS (SELECT 1 FROM generation_queue q WHERE q.name = wanted_queue AND q.state <> 'open') THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT coalesce(array_agg(p.id), '{}') FROM generation_provider p
             WHERE p.queue = wanted_queue AND p.resting_why = 'paused');
END $$;

CREATE FUNCTION public.generation_count_backlog() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    live  text[] := ARRAY['queued', 'running', 'waiting', 'unknown'];
    added int := (NEW.state = ANY (live))::int;
    whose record;
    place int;
BEGIN
    IF TG_OP = 'UPDATE' THEN added := added - (OLD.state = ANY (live))::int; END IF;
    IF added = 0 THEN RETURN NULL; END IF;
    added := added * NEW.cost;
    SELECT s.platform_id, s."user" INTO whose FROM generation_share s WHERE s.id = NEW.share_id;
    place := hashtext(whose."user") & 15;
    IF added > 0 THEN
        INSERT INTO generation_userbacklog AS b (platform_id, "user", pictures)
             VALUES (whose.platform_id, whose."user", added)
        ON CONFLICT (platform_id, "user") DO UPDATE SET pictures = b.pictures + added;
        INSERT INTO generation_platformbacklog AS b (platform_id, part, pictures)
             VALUES (whose.platform_id, place, added)
        ON CONFLICT (platform_id, part) DO UPDATE SET pictures = b.pictures + added;
    ELSE
        UPDATE generation_userbacklog b SET pictures = b.pictures + added
         WHERE b.platform_id = whose.platform_id AND b."user" = whose."user";
        UPDATE generation_platformbacklog b SET pictures = b.pictures + added
         WHERE b.platform_id = whose.platform_id AND b.part = place;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION public.generation_count_batch() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    b generation_batch;
BEGIN
    -- A statement of its own, so that the next one reads the counts as whoever was waited for left them.
    SELECT * INTO b FROM generation_batch WHERE id = NEW.batch_id FOR NO KEY UPDATE;
    b.pending := b.pending + (NEW.state = 'pending')::int - (OLD.state = 'pending')::int;
    b.processing := b.processing + (NEW.state = 'processing')::int - (OLD.state = 'processing')::int;
    b.completed := b.completed + (NEW.state = 'completed')::int;
    b.failed := b.failed + (NEW.state = 'failed')::int;
    b.canceled := b.canceled + (NEW.state = 'canceled')::int;
    IF b.pending = b.total THEN
        b.state := 'pending';
    ELSIF b.pending + b.processing > 0 THEN
        b.state := 'processing';
    ELSE
        b.state := CASE WHEN b.cancel_asked_at IS NOT NULL AND b.canceled > 0 THEN 'canceled' ELSE 'completed' END;
        b.ended_at := statement_timestamp();
    END IF;
    UPDATE generation_batch
       SET pending = b.pending, processing = b.processing, completed = b.completed, failed = b.failed,
           canceled = b.canceled, state = b.state, ended_at = b.ended_at
     WHERE id = b.id;
    RETURN NULL;
END $$;

CREATE FUNCTION public.generation_count_share() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    busy    text[] := ARRAY['running', 'waiting', 'unknown'];
    waits   int := (NEW.state = 'queued')::int;
    runs    int := (NEW.state = ANY (busy))::int;
    waited  int := 0;
    ran     int := 0;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        waited := (OLD.state = 'queued')::int;
        ran := (OLD.state = ANY (busy))::int;
    END IF;
    IF waits = waited AND runs = ran THEN RETURN NULL; END IF;
    UPDATE generation_share s
       SET waiting = s.waiting + waits - waited, waiting_pictures = s.waiting_pictures + (waits - waited) * NEW.cost,
           running = s.running + runs - ran,
           virtual_start = CASE
               WHEN waited = 1 AND runs = 1 THEN s.virtual_start + NEW.cost
               WHEN waits = 1 AND s.waiting = 0 THEN greatest(s.virtual_start, coalesce(
                   (SELECT o.virtual_start FROM generation_share o
                     WHERE o.queue = s.queue AND o.priority = s.priority AND o.waiting > 0
                       AND (o.cap IS NULL OR o.running < o.cap)
                       AND EXISTS (SELECT 1 FROM generation_attempt d WHERE d.share_id = o.id
                                      AND d.state = 'queued' AND d.run_at <= statement_timestamp())
                     ORDER BY o.virtual_start LIMIT 1),
                   (SELECT o.virtual_start FROM generation_share o
                     WHERE o.queue = s.queue AND o.priority = s.priority
                     ORDER BY o.virtual_start DESC LIMIT 1)))
               ELSE s.virtual_start
           END
     WHERE s.id = NEW.share_id;
    RETURN NULL;
END $$;

CREATE FUNCTION public.generation_count_task() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO generation_taskcount AS c (platform_id, "user", total) VALUES (NEW.platform_id, NEW."user", 1)
    ON CONFLICT (platform_id, "user") DO UPDATE SET total = c.total + 1;
    RETURN NULL;
END $$;

CREATE FUNCTION public.generation_guard_end() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.state <> NEW.state AND OLD.state = ANY (TG_ARGV) THEN
        RAISE EXCEPTION 'generation: % is an end of %', OLD.state, TG_TABLE_NAME
              USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.generation_reopen_days(moments timestamp with time zone[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    -- Whoever marks a day holds this alone for a moment: the mark is seen below, or this change is before it.
    LOCK TABLE generation_closedday IN ROW EXCLUSIVE MODE;
    UPDATE generation_closedday SET mark = NULL, closed_at = NULL
     WHERE id IN (SELECT d.id FROM unnest(moments) m
                    JOIN generation_closedday d ON d.begins_at > m - interval '26 hours' AND d.begins_at <= m AND m < d.ends_at
                   WHERE d.mark IS NOT NULL)
       AND mark IS NOT NULL;
END $$;

CREATE FUNCTION public.generation_reopen_days_of_attempt() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM generation_reopen_days(ARRAY[OLD.ended_at, NEW.ended_at]);
    RETURN NULL;
END $$;

CREATE FUNCTION public.generation_reopen_days_of_hold() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM generation_reopen_days(
        ARRAY(SELECT ended_at FROM generation_attempt WHERE task_id = NEW.reference AND state = 'succeeded'));
    RETURN NULL;
END $$;

CREATE FUNCTION public.generation_reopen_days_of_task() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM generation_reopen_days(
        ARRAY[to_timestamp(('x' || left(replace(NEW.id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)]);
    IF (OLD.model, OLD.step, OLD.platform_id) IS DISTINCT FROM (NEW.model, NEW.step, NEW.platform_id) THEN
        PERFORM generation_reopen_days(ARRAY(SELECT ended_at FROM generation_attempt WHERE task_id = NEW.id));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION public.generation_searchable(words text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    SELECT CASE WHEN octet_length(words) = length(words) THEN lower(words) ELSE
        (SELECT string_agg(CASE WHEN ascii(c) > 127 THEN 'u' || lpad(to_hex(ascii(c)), 5, '0') ELSE c END, ''
                           ORDER BY n)
           FROM string_to_table(lower(words), NULL) WITH ORDINALITY AS letters (c, n)) END
$$;

CREATE FUNCTION public.generation_takes_orders(wanted_account bigint, wanted_alias text) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $$
DECLARE
    most int;
BEGIN
    SELECT CASE WHEN p.failures >= 5 THEN 1 ELSE p.concurrency END
      INTO most
      FROM generation_provider p
      JOIN generation_providermodel m ON m.provider_id = p.id AND m.alias = wanted_alias
     WHERE p.id = wanted_account AND p.is_enabled AND m.is_enabled
       AND (p.resting_until IS NULL OR p.resting_until <= statement_timestamp())
       AND (p.next_slot_at IS NULL OR p.next_slot_at <= statement_timestamp());
    IF NOT FOUND THEN RETURN false; END IF;
    IF most IS NULL THEN RETURN true; END IF;
    RETURN most > (SELECT count(*) FROM generation_attempt r
                    WHERE r.provider_id = wanted_account AND r.state IN ('running', 'waiting'));
END $$;

CREATE FUNCTION public.generation_tell_event() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_notify('task_event', NEW.kind || ' ' || NEW.task_id);
    RETURN NULL;
END $$;

CREATE FUNCTION public.generation_tell_progress() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_notify('task_progress', NEW.task_id::text);
    RETURN NULL;
END $$;

CREATE FUNCTION public.generation_terms_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO generation_termschange (id, number) VALUES (1, 1)
        ON CONFLICT (id) DO UPDATE SET number = generation_termschange.number + 1;
    RETURN NULL;
END $$;

CREATE TABLE public.generation_task (
    id uuid NOT NULL,
    "user" character varying(200) NOT NULL,
    state character varying(10) NOT NULL,
    model character varying(100) NOT NULL,
    style character varying(50) NOT NULL,
    quality character varying(10) NOT NULL,
    priority smallint NOT NULL,
    spec jsonb NOT NULL,
    metadata jsonb NOT NULL,
    num_images smallint NOT NULL,
    unit_price bigint NOT NULL,
    price bigint NOT NULL,
    error_code character varying(50) NOT NULL,
    error_params jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    deadline_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    failed_at timestamp with time zone,
    canceled_at timestamp with time zone,
    platform_id uuid NOT NULL,
    template_version_id uuid,
    cost_usd numeric(12,6),
    mode character varying(10) NOT NULL,
    pricing jsonb NOT NULL,
    local_only boolean DEFAULT false NOT NULL,
    follows_id uuid,
    webhook character varying(2048) DEFAULT ''::character varying NOT NULL,
    subject character varying(200) DEFAULT ''::character varying NOT NULL,
    expires_at timestamp with time zone,
    timeout_seconds integer,
    request_id character varying(128) DEFAULT ''::character varying NOT NULL,
    batch_index smallint,
    batch_id uuid,
    cache_key character varying(90) DEFAULT ''::character varying NOT NULL,
    cached_from_id uuid,
    cached_unit_price bigint,
    leads character varying(90) DEFAULT ''::character varying NOT NULL,
    texts_gone_at timestamp with time zone,
    chain jsonb DEFAULT '[]'::jsonb NOT NULL,
    step smallint DEFAULT 0 NOT NULL,
    traceparent character varying(55) DEFAULT ''::character varying NOT NULL,
    CONSTRAINT generation_task_batch_index_check CHECK ((batch_index >= 0)),
    CONSTRAINT generation_task_num_images_check CHECK ((num_images >= 0)),
    CONSTRAINT generation_task_priority_check CHECK ((priority >= 0)),
    CONSTRAINT generation_task_step_check CHECK ((step >= 0)),
    CONSTRAINT generation_task_timeout_seconds_check CHECK ((timeout_seconds >= 0)),
    CONSTRAINT task_error_only_when_failed CHECK ((((error_code)::text = ''::text) OR ((state)::text = 'failed'::text))),
    CONSTRAINT task_price_of_its_number CHECK (((price = (unit_price * num_images)) AND (unit_price >= 0))),
    CONSTRAINT task_state_has_its_time CHECK ((((canceled_at IS NULL) AND (completed_at IS NULL) AND (failed_at IS NULL) AND (started_at IS NULL) AND ((state)::text = 'pending'::text)) OR ((canceled_at IS NULL) AND (completed_at IS NULL) AND (failed_at IS NULL) AND (started_at IS NOT NULL) AND ((state)::text = 'processing'::text)) OR ((canceled_at IS NOT NULL) AND (completed_at IS NULL) AND (failed_at IS NULL) AND ((state)::text = 'canceled'::text)) OR ((canceled_at IS NULL) AND (completed_at IS NOT NULL) AND (failed_at IS NULL) AND ((state)::text = 'completed'::text)) OR ((canceled_at IS NULL) AND (completed_at IS NULL) AND (failed_at IS NOT NULL) AND ((state)::text = 'failed'::text)))),
    CONSTRAINT task_step_of_its_chain CHECK ((((chain = '[]'::jsonb) AND (step = 0)) OR (step > 0)))
);

CREATE FUNCTION public.generation_text_of(task public.generation_task) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    SELECT generation_searchable(
        ' ' || task."user" || ' task_' || replace(task.id::text, '-', '') || ' ' || coalesce(task.spec->>'prompt', '')
        || ' ' || coalesce(task.spec->>'negative_prompt', '') || ' '
        || CASE WHEN task.metadata = '{}' THEN '' ELSE task.metadata::text || ' ' END)
$$;

CREATE FUNCTION public.generation_write_text() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO generation_tasktext (task_id, text, request_id)
    VALUES (NEW.id, generation_text_of(NEW), NEW.request_id);
    RETURN NULL;
END $$;

CREATE FUNCTION public.storage_note_added() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO storage_storageusestep (platform_id, kind, files, size_bytes)
    SELECT platform_id, left(split_part(key, '/', 1), 20), count(*), sum(size_bytes) FROM added
     WHERE gone_at IS NULL GROUP BY 1, 2;
    RETURN NULL;
END $$;

CREATE FUNCTION public.storage_note_gone() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO storage_storageusestep (platform_id, kind, files, size_bytes)
    VALUES (NEW.platform_id, left(split_part(NEW.key, '/', 1), 20),
            CASE WHEN NEW.gone_at IS NULL THEN 1 ELSE -1 END,
            CASE WHEN NEW.gone_at IS NULL THEN NEW.size_bytes ELSE -NEW.size_bytes END);
    RETURN NULL;
END $$;

CREATE FUNCTION public.storage_note_removed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO storage_storageusestep (platform_id, kind, files, size_bytes)
    SELECT platform_id, left(split_part(key, '/', 1), 20), -count(*), -sum(size_bytes) FROM removed
     WHERE gone_at IS NULL GROUP BY 1, 2;
    RETURN NULL;
END $$;

CREATE FUNCTION public.templates_guard_version() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.published_at IS NOT NULL AND (TG_OP = 'DELETE' OR NEW IS DISTINCT FROM OLD) THEN
        RAISE EXCEPTION 'templates: a published version never changes'
              USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.templates_refuse() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'templates: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TABLE public.alerts_alert (
    id uuid NOT NULL,
    kind character varying(20) NOT NULL,
    about character varying(200) NOT NULL,
    facts jsonb NOT NULL,
    since timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    looked_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    began_at timestamp with time zone,
    gone_since timestamp with time zone,
    ended_at timestamp with time zone
);

CREATE TABLE public.alerts_notice (
    id uuid NOT NULL,
    what character varying(10) NOT NULL,
    channel character varying(10) NOT NULL,
    state character varying(10) NOT NULL,
    tries integer NOT NULL,
    due_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    told_at timestamp with time zone,
    last_error character varying(300) NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    alert_id uuid NOT NULL,
    CONSTRAINT alerts_notice_tries_check CHECK ((tries >= 0))
);

CREATE TABLE public.auth_group (
    id integer NOT NULL,
    name character varying(150) NOT NULL
);

ALTER TABLE public.auth_group ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.auth_group_permissions (
    id bigint NOT NULL,
    group_id integer NOT NULL,
    permission_id integer NOT NULL
);

ALTER TABLE public.auth_group_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_group_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.auth_permission (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    content_type_id integer NOT NULL,
    codename character varying(100) NOT NULL
);

ALTER TABLE public.auth_permission ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_permission_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.credits_auditrun (
    id uuid NOT NULL,
    started_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    seconds double precision NOT NULL,
    proved_until timestamp with time zone NOT NULL,
    checks integer NOT NULL,
    findings jsonb NOT NULL,
    since_id uuid,
    CONSTRAINT credits_auditrun_checks_check CHECK ((checks >= 0))
);

CREATE TABLE public.credits_budget (
    id uuid NOT NULL,
    period character varying(10) NOT NULL,
    most bigint NOT NULL,
    is_active boolean NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    api_key_id uuid,
    purse_id uuid,
    CONSTRAINT budget_not_negative CHECK ((most >= 0)),
    CONSTRAINT budget_of_key_or_purse CHECK ((((api_key_id IS NOT NULL) AND (purse_id IS NULL)) OR ((api_key_id IS NULL) AND (purse_id IS NOT NULL))))
);

CREATE TABLE public.credits_budgetuse (
    id bigint NOT NULL,
    amount bigint NOT NULL,
    hold_id uuid NOT NULL,
    count_id bigint NOT NULL
);

ALTER TABLE public.credits_budgetuse ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.credits_budgetuse_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.credits_count (
    id bigint NOT NULL,
    limit_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone,
    used bigint NOT NULL,
    CONSTRAINT count_not_negative CHECK ((used >= 0))
);

ALTER TABLE public.credits_count ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.credits_count_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.credits_defaultbudget (
    id uuid NOT NULL,
    period character varying(10) NOT NULL,
    most bigint NOT NULL,
    is_active boolean NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    platform_id uuid NOT NULL,
    CONSTRAINT default_budget_not_negative CHECK ((most >= 0))
);

CREATE TABLE public.credits_freeuse (
    id bigint NOT NULL,
    reference uuid NOT NULL,
    count_id bigint NOT NULL
);

ALTER TABLE public.credits_freeuse ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.credits_freeuse_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.credits_freeze (
    id uuid NOT NULL,
    checks jsonb NOT NULL,
    frozen_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    lifted_at timestamp with time zone,
    lifted_by character varying(200) NOT NULL,
    reason character varying(500) NOT NULL,
    version bigint,
    available bigint,
    held bigint,
    purse_id uuid NOT NULL,
    CONSTRAINT freeze_lifted_with_reason CHECK ((((available IS NULL) AND (held IS NULL) AND (lifted_at IS NULL) AND (version IS NULL)) OR ((available >= 0) AND (held >= 0) AND (lifted_at IS NOT NULL) AND (version >= 0) AND (NOT ((reason)::text = ''::text)))))
);

CREATE TABLE public.credits_grantrequest (
    id uuid NOT NULL,
    kind character varying(10) NOT NULL,
    amount bigint NOT NULL,
    expires_at timestamp with time zone,
    stated bigint,
    purse_version bigint,
    reason character varying(500) NOT NULL,
    state character varying(10) NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    decided_at timestamp with time zone,
    decision character varying(500) NOT NULL,
    decided_by_id bigint,
    purse_id uuid NOT NULL,
    requested_by_id bigint NOT NULL,
    transfer_id uuid,
    CONSTRAINT grant_request_decided_with_reason CHECK ((((decided_at IS NULL) AND (decided_by_id IS NULL) AND ((decision)::text = ''::text) AND (NOT ((state)::text = 'rejected'::text))) OR ((decided_at IS NOT NULL) AND (decided_by_id IS NOT NULL) AND (NOT ((decision)::text = ''::text)) AND (NOT ((state)::text = 'pending'::text))))),
    CONSTRAINT grant_request_four_eyes CHECK (((decided_by_id IS NULL) OR (NOT ((decided_by_id = requested_by_id) AND (decided_by_id IS NOT NULL))))),
    CONSTRAINT grant_request_moved_when_done CHECK (((((state)::text = 'done'::text) AND (transfer_id IS NOT NULL)) OR ((amount = 0) AND ((state)::text = 'done'::text) AND (transfer_id IS NULL)) OR ((NOT ((state)::text = 'done'::text)) AND (transfer_id IS NULL)))),
    CONSTRAINT grant_request_of_kind CHECK ((((amount > 0) AND ((kind)::text = 'grant'::text) AND (stated IS NULL)) OR ((expires_at IS NULL) AND ((kind)::text = 'adjust'::text) AND (stated IS NULL) AND (NOT (amount = 0))) OR ((expires_at IS NULL) AND ((kind)::text = 'unfreeze'::text) AND (stated >= 0))))
);

CREATE TABLE public.credits_grantrule (
    id uuid NOT NULL,
    kind character varying(50) NOT NULL,
    daily_most_per_user bigint NOT NULL,
    daily_most bigint NOT NULL,
    lifetime_days integer,
    is_active boolean NOT NULL,
    platform_id uuid NOT NULL,
    CONSTRAINT credits_grantrule_lifetime_days_check CHECK ((lifetime_days >= 0)),
    CONSTRAINT grant_rule_positive CHECK (((daily_most > 0) AND (daily_most_per_user > 0)))
);

CREATE TABLE public.credits_hold (
    id uuid NOT NULL,
    reference uuid NOT NULL,
    amount bigint NOT NULL,
    captured bigint DEFAULT 0 NOT NULL,
    released bigint DEFAULT 0 NOT NULL,
    refunded bigint DEFAULT 0 NOT NULL,
    state character varying(10) DEFAULT 'open'::character varying NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    settled_at timestamp with time zone,
    purse_id uuid NOT NULL,
    expires_at timestamp with time zone DEFAULT (statement_timestamp() + '30 days'::interval) NOT NULL,
    overrun bigint DEFAULT 0 NOT NULL,
    CONSTRAINT hold_parts_not_negative CHECK (((captured >= 0) AND (overrun >= 0) AND (refunded >= 0) AND (released >= 0))),
    CONSTRAINT hold_positive CHECK ((amount > 0)),
    CONSTRAINT hold_refund_within_capture CHECK ((refunded <= captured)),
    CONSTRAINT hold_settled_whole CHECK ((((captured = 0) AND (released = 0) AND (settled_at IS NULL) AND ((state)::text = 'open'::text)) OR ((amount = (captured + released)) AND (settled_at IS NOT NULL) AND ((state)::text = 'settled'::text))))
);

CREATE TABLE public.credits_lot (
    id uuid NOT NULL,
    amount bigint NOT NULL,
    remaining bigint NOT NULL,
    expired bigint DEFAULT 0 NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    purse_id uuid NOT NULL,
    restores_id uuid,
    CONSTRAINT lot_within_amount CHECK (((amount >= 0) AND (expired >= 0) AND (remaining >= 0) AND (amount >= (remaining + expired))))
);

CREATE TABLE public.credits_lotuse (
    id bigint NOT NULL,
    amount bigint NOT NULL,
    captured bigint DEFAULT 0 NOT NULL,
    returned bigint DEFAULT 0 NOT NULL,
    moved bigint DEFAULT 0 NOT NULL,
    hold_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    CONSTRAINT lot_use_within_amount CHECK (((amount > 0) AND (captured >= 0) AND (moved >= 0) AND (returned >= 0) AND (amount >= captured) AND (captured >= (returned + moved))))
);

ALTER TABLE public.credits_lotuse ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.credits_lotuse_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.credits_pricerule (
    id uuid NOT NULL,
    name character varying(100) NOT NULL,
    effect character varying(10) NOT NULL,
    amount bigint,
    per character varying(10) NOT NULL,
    factor numeric(8,4),
    rank integer NOT NULL,
    media_type character varying(10) NOT NULL,
    model character varying(100) NOT NULL,
    quality character varying(10) NOT NULL,
    resolution character varying(10) NOT NULL,
    mode character varying(10) NOT NULL,
    least_megapixels numeric(8,4),
    most_megapixels numeric(8,4),
    least_seconds integer,
    most_seconds integer,
    least_steps integer,
    most_steps integer,
    least_number integer,
    most_number integer,
    valid_from timestamp with time zone,
    valid_until timestamp with time zone,
    is_active boolean NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    platform_id uuid,
    CONSTRAINT credits_pricerule_least_number_check CHECK ((least_number >= 0)),
    CONSTRAINT credits_pricerule_least_seconds_check CHECK ((least_seconds >= 0)),
    CONSTRAINT credits_pricerule_least_steps_check CHECK ((least_steps >= 0)),
    CONSTRAINT credits_pricerule_most_number_check CHECK ((most_number >= 0)),
    CONSTRAINT credits_pricerule_most_seconds_check CHECK ((most_seconds >= 0)),
    CONSTRAINT credits_pricerule_most_steps_check CHECK ((most_steps >= 0)),
    CONSTRAINT price_rule_amount_or_factor CHECK ((((amount IS NULL) AND ((effect)::text = 'factor'::text) AND (factor >= (0)::numeric)) OR ((NOT ((effect)::text = 'factor'::text)) AND (amount >= 0) AND (factor IS NULL)))),
    CONSTRAINT price_rule_dates_in_order CHECK (((valid_from IS NULL) OR (valid_until IS NULL) OR (valid_from < valid_until)))
);

CREATE TABLE public.credits_purse (
    id uuid NOT NULL,
    "user" character varying(200) NOT NULL,
    available bigint DEFAULT 0 NOT NULL,
    held bigint DEFAULT 0 NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    platform_id uuid NOT NULL,
    expires_next_at timestamp with time zone,
    frozen_at timestamp with time zone,
    erased_at timestamp with time zone,
    stopped_at timestamp with time zone,
    CONSTRAINT purse_never_negative CHECK (((available >= 0) AND (held >= 0)))
);

CREATE TABLE public.credits_stop (
    id uuid NOT NULL,
    reason character varying(500) NOT NULL,
    stopped_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    allowed_at timestamp with time zone,
    allowed_why character varying(500) NOT NULL,
    allowed_by_id bigint,
    purse_id uuid NOT NULL,
    stopped_by_id bigint NOT NULL,
    CONSTRAINT stop_ends_with_reason CHECK ((((allowed_at IS NULL) AND (allowed_by_id IS NULL) AND ((allowed_why)::text = ''::text)) OR ((allowed_at IS NOT NULL) AND (allowed_by_id IS NOT NULL) AND (NOT ((allowed_why)::text = ''::text)))))
);

CREATE TABLE public.credits_transfer (
    id uuid NOT NULL,
    source character varying(10) NOT NULL,
    target character varying(10) NOT NULL,
    amount bigint NOT NULL,
    kind character varying(10) NOT NULL,
    key character varying(300) NOT NULL,
    actor character varying(200) NOT NULL,
    reason character varying(500) NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    purse_version bigint NOT NULL,
    available_after bigint NOT NULL,
    held_after bigint NOT NULL,
    hold_id uuid,
    purse_id uuid NOT NULL,
    CONSTRAINT transfer_positive CHECK ((amount > 0)),
    CONSTRAINT transfer_route_of_kind CHECK (((((((kind)::text || ' '::text) || (source)::text) || ' '::text) || (target)::text) = ANY (ARRAY['grant issued available'::text, 'hold available held'::text, 'capture held revenue'::text, 'release held available'::text, 'refund revenue available'::text, 'expire available expired'::text, 'overrun exposure revenue'::text, 'adjust issued available'::text, 'adjust available issued'::text])))
);

CREATE TABLE public.django_admin_log (
    id integer NOT NULL,
    action_time timestamp with time zone NOT NULL,
    object_id text,
    object_repr character varying(200) NOT NULL,
    action_flag smallint NOT NULL,
    change_message text NOT NULL,
    content_type_id integer,
    user_id bigint NOT NULL,
    CONSTRAINT django_admin_log_action_flag_check CHECK ((action_flag >= 0))
);

ALTER TABLE public.django_admin_log ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_admin_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.django_content_type (
    id integer NOT NULL,
    app_label character varying(100) NOT NULL,
    model character varying(100) NOT NULL
);

ALTER TABLE public.django_content_type ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_content_type_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.django_migrations (
    id bigint NOT NULL,
    app character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    applied timestamp with time zone NOT NULL
);

ALTER TABLE public.django_migrations ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_migrations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.django_session (
    session_key character varying(40) NOT NULL,
    session_data text NOT NULL,
    expire_date timestamp with time zone NOT NULL
);

CREATE TABLE public.generation_accountkey (
    id bigint NOT NULL,
    name character varying(100) NOT NULL,
    sealed text NOT NULL,
    hint character varying(4) NOT NULL,
    is_enabled boolean NOT NULL,
    last_used_at timestamp with time zone,
    failures integer DEFAULT 0 NOT NULL,
    resting_until timestamp with time zone,
    resting_why character varying(20) DEFAULT ''::character varying NOT NULL,
    last_error text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    account_id bigint NOT NULL,
    CONSTRAINT generation_accountkey_failures_check CHECK ((failures >= 0))
);

ALTER TABLE public.generation_accountkey ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_accountkey_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_appeal (
    task_id uuid NOT NULL,
    text character varying(2000) NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL
);

CREATE TABLE public.generation_attempt (
    id uuid NOT NULL,
    number smallint NOT NULL,
    cost smallint NOT NULL,
    state character varying(10) NOT NULL,
    run_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    lease_token bigint DEFAULT 0 NOT NULL,
    lease_expires_at timestamp with time zone,
    worker character varying(200) NOT NULL,
    progress double precision DEFAULT 0.0 NOT NULL,
    sending_at timestamp with time zone,
    remote_id character varying(1000) NOT NULL,
    error_code character varying(50) NOT NULL,
    error_detail text NOT NULL,
    timings jsonb NOT NULL,
    facts jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    provider_id bigint NOT NULL,
    share_id bigint NOT NULL,
    task_id uuid NOT NULL,
    batch_size smallint DEFAULT 1 NOT NULL,
    is_alone boolean DEFAULT false NOT NULL,
    preview bytea,
    had_company boolean DEFAULT false NOT NULL,
    needs_sweep boolean DEFAULT false NOT NULL,
    needs_cancel boolean DEFAULT false NOT NULL,
    cost_usd numeric(12,6),
    usage jsonb DEFAULT '{}'::jsonb NOT NULL,
    key_id bigint,
    dearest_usd numeric(12,6),
    evidence jsonb DEFAULT '{}'::jsonb NOT NULL,
    late_at timestamp with time zone,
    look_at timestamp with time zone,
    looks smallint DEFAULT 0 NOT NULL,
    suggested jsonb DEFAULT '[]'::jsonb NOT NULL,
    run_until timestamp with time zone,
    step smallint DEFAULT 0 NOT NULL,
    CONSTRAINT attempt_end_has_its_time CHECK ((((ended_at IS NULL) AND ((state)::text = ANY ((ARRAY['queued'::character varying, 'running'::character varying, 'unknown'::character varying, 'waiting'::character varying])::text[]))) OR ((ended_at IS NOT NULL) AND ((state)::text = ANY ((ARRAY['abandoned'::character varying, 'canceled'::character varying, 'failed'::character varying, 'succeeded'::character varying])::text[]))))),
    CONSTRAINT attempt_error_only_when_failed CHECK ((((error_code)::text = ''::text) OR ((state)::text = 'failed'::text))),
    CONSTRAINT generation_attempt_batch_size_check CHECK ((batch_size >= 0)),
    CONSTRAINT generation_attempt_cost_check CHECK ((cost >= 0)),
    CONSTRAINT generation_attempt_looks_check CHECK ((looks >= 0)),
    CONSTRAINT generation_attempt_number_check CHECK ((number >= 0)),
    CONSTRAINT generation_attempt_step_check CHECK ((step >= 0))
);

CREATE TABLE public.generation_batch (
    id uuid NOT NULL,
    "user" character varying(200) NOT NULL,
    policy character varying(10) NOT NULL,
    state character varying(10) NOT NULL,
    total smallint NOT NULL,
    pending smallint NOT NULL,
    processing smallint NOT NULL,
    completed smallint NOT NULL,
    failed smallint NOT NULL,
    canceled smallint NOT NULL,
    price bigint NOT NULL,
    refused jsonb NOT NULL,
    metadata jsonb NOT NULL,
    webhook character varying(2048) NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    cancel_asked_at timestamp with time zone,
    ended_at timestamp with time zone,
    platform_id uuid NOT NULL,
    CONSTRAINT batch_counts_add_up CHECK ((total = ((((pending + processing) + completed) + failed) + canceled))),
    CONSTRAINT batch_ended_with_its_tasks CHECK ((((ended_at IS NULL) AND ((state)::text = ANY ((ARRAY['pending'::character varying, 'processing'::character varying])::text[]))) OR ((ended_at IS NOT NULL) AND (pending = 0) AND (processing = 0) AND ((state)::text = ANY ((ARRAY['completed'::character varying, 'canceled'::character varying])::text[]))))),
    CONSTRAINT generation_batch_canceled_check CHECK ((canceled >= 0)),
    CONSTRAINT generation_batch_completed_check CHECK ((completed >= 0)),
    CONSTRAINT generation_batch_failed_check CHECK ((failed >= 0)),
    CONSTRAINT generation_batch_pending_check CHECK ((pending >= 0)),
    CONSTRAINT generation_batch_processing_check CHECK ((processing >= 0)),
    CONSTRAINT generation_batch_total_check CHECK ((total >= 0))
);

CREATE TABLE public.generation_bulkcancel (
    id uuid NOT NULL,
    reason character varying(500) NOT NULL,
    conditions character varying(2000) NOT NULL,
    tasks uuid[] NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    ended_at timestamp with time zone,
    requested_by_id bigint NOT NULL,
    CONSTRAINT bulk_cancel_of_something CHECK ((
CASE
    WHEN (tasks IS NULL) THEN NULL::integer
    ELSE COALESCE(array_length(tasks, 1), 0)
END > 0))
);

CREATE TABLE public.generation_closedday (
    id uuid NOT NULL,
    zone character varying(64) NOT NULL,
    day date NOT NULL,
    begins_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    mark uuid,
    closed_at timestamp with time zone,
    captured bigint DEFAULT 0 NOT NULL,
    refunded bigint DEFAULT 0 NOT NULL,
    CONSTRAINT closed_day_by_its_mark CHECK (((closed_at IS NULL) OR (mark IS NOT NULL)))
);

CREATE TABLE public.generation_daycost (
    id bigint NOT NULL,
    model character varying(200) NOT NULL,
    attempts bigint NOT NULL,
    pictures bigint NOT NULL,
    known_usd numeric(20,6),
    known_pictures bigint NOT NULL,
    unknown bigint NOT NULL,
    given_up_usd numeric(20,6) NOT NULL,
    credits bigint NOT NULL,
    account_id bigint NOT NULL,
    closed_day_id uuid NOT NULL,
    platform_id uuid NOT NULL
);

ALTER TABLE public.generation_daycost ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_daycost_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_daycount (
    id bigint NOT NULL,
    way character varying(20) NOT NULL,
    name character varying(200) NOT NULL,
    tasks bigint NOT NULL,
    completed bigint NOT NULL,
    judged bigint NOT NULL,
    cost_usd numeric(20,6),
    closed_day_id uuid NOT NULL
);

ALTER TABLE public.generation_daycount ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_daycount_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_daytime (
    id bigint NOT NULL,
    model character varying(200) NOT NULL,
    step smallint NOT NULL,
    waited bigint NOT NULL,
    worked bigint NOT NULL,
    closed_day_id uuid NOT NULL
);

ALTER TABLE public.generation_daytime ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_daytime_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_describer (
    id bigint NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    resting_until timestamp with time zone,
    resting_why character varying(20) DEFAULT ''::character varying NOT NULL,
    last_error text DEFAULT ''::text NOT NULL,
    sealed text NOT NULL,
    hint character varying(4) NOT NULL,
    alias character varying(50) NOT NULL,
    is_enabled boolean NOT NULL,
    rank smallint NOT NULL,
    base_url character varying(500) NOT NULL,
    options jsonb NOT NULL,
    is_in_house boolean NOT NULL,
    connect_seconds double precision NOT NULL,
    last_error_at timestamp with time zone,
    model character varying(200) NOT NULL,
    answer_seconds double precision NOT NULL,
    CONSTRAINT generation_describer_failures_check CHECK ((failures >= 0)),
    CONSTRAINT generation_describer_rank_check CHECK ((rank >= 0))
);

ALTER TABLE public.generation_describer ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_describer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_event (
    id bigint NOT NULL,
    kind character varying(20) NOT NULL,
    data jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    attempt_id uuid,
    task_id uuid NOT NULL,
    "position" bigint
);

ALTER TABLE public.generation_event ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE SEQUENCE public.generation_event_position
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.generation_event_position OWNED BY public.generation_event."position";

CREATE TABLE public.generation_finding (
    id uuid NOT NULL,
    "user" character varying(200) NOT NULL,
    "position" smallint,
    field character varying(200) NOT NULL,
    text text NOT NULL,
    source character varying(10) NOT NULL,
    service character varying(50) NOT NULL,
    labels jsonb NOT NULL,
    outcome character varying(10) NOT NULL,
    state character varying(10) DEFAULT 'open'::character varying NOT NULL,
    decided_at timestamp with time zone,
    reason character varying(500) NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    artifact_id uuid,
    decided_by_id bigint,
    platform_id uuid NOT NULL,
    task_id uuid,
    term_id bigint,
    CONSTRAINT finding_decided_by_somebody CHECK ((((state)::text = 'open'::text) OR ((decided_at IS NOT NULL) AND (decided_by_id IS NOT NULL)))),
    CONSTRAINT finding_refused_has_no_task CHECK (((((outcome)::text = 'refused'::text) AND (task_id IS NULL)) OR ((NOT ((outcome)::text = 'refused'::text)) AND (task_id IS NOT NULL)))),
    CONSTRAINT generation_finding_position_check CHECK (("position" >= 0))
);

CREATE TABLE public.generation_idempotencykey (
    id bigint NOT NULL,
    "user" character varying(200) NOT NULL,
    key character varying(255) NOT NULL,
    fingerprint character varying(64) NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    platform_id uuid NOT NULL,
    task_id uuid NOT NULL
);

ALTER TABLE public.generation_idempotencykey ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_idempotencykey_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_lateoutput (
    id bigint NOT NULL,
    "position" smallint NOT NULL,
    artifact_id uuid NOT NULL,
    attempt_id uuid NOT NULL,
    CONSTRAINT generation_lateoutput_position_check CHECK (("position" >= 0))
);

ALTER TABLE public.generation_lateoutput ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_lateoutput_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_localweights (
    offer_id bigint NOT NULL,
    folder character varying(500) NOT NULL,
    revision character varying(40) NOT NULL,
    weights jsonb NOT NULL,
    loras jsonb NOT NULL,
    CONSTRAINT model_weights_pinned CHECK (((NOT ((folder)::text ~ '^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$'::text)) OR (NOT ((revision)::text = ''::text)))),
    CONSTRAINT model_weights_revision CHECK (((revision)::text ~ '^([0-9a-f]{40})?$'::text))
);

CREATE TABLE public.generation_loopbeat (
    name character varying(50) NOT NULL,
    period_seconds double precision NOT NULL,
    beat_at timestamp with time zone NOT NULL,
    failing_since timestamp with time zone
);

CREATE TABLE public.generation_moderator (
    id bigint NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    resting_until timestamp with time zone,
    resting_why character varying(20) DEFAULT ''::character varying NOT NULL,
    last_error text DEFAULT ''::text NOT NULL,
    sealed text NOT NULL,
    hint character varying(4) NOT NULL,
    alias character varying(50) NOT NULL,
    adapter character varying(50) NOT NULL,
    is_enabled boolean NOT NULL,
    checks_prompts boolean NOT NULL,
    checks_pictures boolean NOT NULL,
    rank smallint NOT NULL,
    base_url character varying(500) NOT NULL,
    options jsonb NOT NULL,
    is_in_house boolean NOT NULL,
    connect_seconds double precision NOT NULL,
    answer_seconds double precision NOT NULL,
    last_error_at timestamp with time zone,
    CONSTRAINT generation_moderator_failures_check CHECK ((failures >= 0)),
    CONSTRAINT generation_moderator_rank_check CHECK ((rank >= 0))
);

ALTER TABLE public.generation_moderator ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_moderator_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_othername (
    id bigint NOT NULL,
    name character varying(100) NOT NULL,
    model character varying(100) DEFAULT ''::character varying NOT NULL,
    is_enabled boolean DEFAULT true NOT NULL
);

ALTER TABLE public.generation_othername ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_othername_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_output (
    id bigint NOT NULL,
    "position" smallint NOT NULL,
    seed bigint,
    error_code character varying(50) NOT NULL,
    artifact_id uuid,
    task_id uuid NOT NULL,
    error_params jsonb DEFAULT '{}'::jsonb NOT NULL,
    revised_prompt text DEFAULT ''::text NOT NULL,
    is_gift boolean DEFAULT false NOT NULL,
    step smallint DEFAULT 0 NOT NULL,
    refunded bigint DEFAULT 0 NOT NULL,
    CONSTRAINT generation_output_position_check CHECK (("position" >= 0)),
    CONSTRAINT generation_output_step_check CHECK ((step >= 0)),
    CONSTRAINT output_delivered_or_refused CHECK ((((artifact_id IS NOT NULL) AND ((error_code)::text = ''::text)) OR ((artifact_id IS NULL) AND (NOT ((error_code)::text = ''::text)))))
);

ALTER TABLE public.generation_output ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_output_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_pace (
    id bigint NOT NULL,
    model character varying(100) NOT NULL,
    size smallint NOT NULL,
    steps smallint NOT NULL,
    seconds double precision NOT NULL,
    busy_seconds double precision NOT NULL,
    weight double precision NOT NULL,
    updated_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    provider_id bigint NOT NULL,
    CONSTRAINT generation_pace_size_check CHECK ((size >= 0)),
    CONSTRAINT generation_pace_steps_check CHECK ((steps >= 0)),
    CONSTRAINT pace_is_a_mean CHECK (((busy_seconds >= (0.0)::double precision) AND (seconds >= (0.0)::double precision) AND (weight > (0.0)::double precision)))
);

ALTER TABLE public.generation_pace ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_pace_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_platformbacklog (
    id bigint NOT NULL,
    part smallint NOT NULL,
    pictures bigint DEFAULT 0 NOT NULL,
    platform_id uuid NOT NULL,
    CONSTRAINT generation_platformbacklog_part_check CHECK ((part >= 0)),
    CONSTRAINT platform_backlog_not_negative CHECK ((pictures >= 0))
);

ALTER TABLE public.generation_platformbacklog ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_platformbacklog_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_preferences (
    id bigint NOT NULL,
    "user" character varying(200) NOT NULL,
    words jsonb NOT NULL,
    updated_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    platform_id uuid NOT NULL
);

ALTER TABLE public.generation_preferences ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_preferences_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_provider (
    id bigint NOT NULL,
    alias character varying(50) NOT NULL,
    adapter character varying(50) NOT NULL,
    queue character varying(20) NOT NULL,
    is_enabled boolean NOT NULL,
    weight smallint NOT NULL,
    cards jsonb DEFAULT '{}'::jsonb NOT NULL,
    answer_seconds double precision DEFAULT 300.0 NOT NULL,
    base_url character varying(500) DEFAULT ''::character varying NOT NULL,
    concurrency integer,
    connect_seconds double precision DEFAULT 5.0 NOT NULL,
    daily_limit_usd numeric(12,2),
    failures integer DEFAULT 0 NOT NULL,
    is_in_house boolean DEFAULT false NOT NULL,
    last_error text DEFAULT ''::text NOT NULL,
    last_error_at timestamp with time zone,
    next_slot_at timestamp with time zone,
    options jsonb DEFAULT '{}'::jsonb NOT NULL,
    requests_per_minute integer,
    resting_until timestamp with time zone,
    resting_why character varying(20) DEFAULT ''::character varying NOT NULL,
    standby_rank smallint DEFAULT 0 NOT NULL,
    polls_per_minute integer,
    next_poll_at timestamp with time zone,
    CONSTRAINT generation_provider_concurrency_check CHECK ((concurrency >= 0)),
    CONSTRAINT generation_provider_failures_check CHECK ((failures >= 0)),
    CONSTRAINT generation_provider_polls_per_minute_check CHECK ((polls_per_minute >= 0)),
    CONSTRAINT generation_provider_requests_per_minute_check CHECK ((requests_per_minute >= 0)),
    CONSTRAINT generation_provider_standby_rank_check CHECK ((standby_rank >= 0)),
    CONSTRAINT generation_provider_weight_check CHECK ((weight >= 0))
);

ALTER TABLE public.generation_provider ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_provider_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_providermodel (
    id bigint NOT NULL,
    alias character varying(100) NOT NULL,
    is_enabled boolean NOT NULL,
    media_types jsonb NOT NULL,
    folder character varying(500) DEFAULT ''::character varying NOT NULL,
    revision character varying(40) DEFAULT ''::character varying NOT NULL,
    weights jsonb DEFAULT '[]'::jsonb NOT NULL,
    loras jsonb DEFAULT '[]'::jsonb NOT NULL,
    default_width integer NOT NULL,
    default_height integer NOT NULL,
    smallest_side integer NOT NULL,
    largest_side integer NOT NULL,
    sizes jsonb NOT NULL,
    default_steps integer NOT NULL,
    largest_steps integer NOT NULL,
    default_cfg_scale double precision NOT NULL,
    largest_cfg_scale double precision NOT NULL,
    fast_steps integer,
    fast_cfg_scale double precision,
    fast_width integer,
    fast_height integer,
    fine_steps integer,
    fine_cfg_scale double precision,
    fine_width integer,
    fine_height integer,
    default_negative_prompt text NOT NULL,
    longest_prompt integer NOT NULL,
    usd_per_picture numeric(12,6),
    seeded jsonb NOT NULL,
    provider_id bigint NOT NULL,
    vendor_model character varying(200) DEFAULT ''::character varying NOT NULL,
    unsupported jsonb DEFAULT '[]'::jsonb NOT NULL,
    options jsonb DEFAULT '{}'::jsonb NOT NULL,
    prices jsonb DEFAULT '[]'::jsonb NOT NULL,
    durations jsonb DEFAULT '[]'::jsonb NOT NULL,
    default_seconds smallint DEFAULT 5 NOT NULL,
    frame_rates jsonb DEFAULT '[24]'::jsonb NOT NULL,
    broken_at timestamp with time zone,
    most_references smallint DEFAULT 0 NOT NULL,
    CONSTRAINT generation_providermodel_default_height_check CHECK ((default_height >= 0)),
    CONSTRAINT generation_providermodel_default_seconds_check CHECK ((default_seconds >= 0)),
    CONSTRAINT generation_providermodel_default_steps_check CHECK ((default_steps >= 0)),
    CONSTRAINT generation_providermodel_default_width_check CHECK ((default_width >= 0)),
    CONSTRAINT generation_providermodel_fast_height_check CHECK ((fast_height >= 0)),
    CONSTRAINT generation_providermodel_fast_steps_check CHECK ((fast_steps >= 0)),
    CONSTRAINT generation_providermodel_fast_width_check CHECK ((fast_width >= 0)),
    CONSTRAINT generation_providermodel_fine_height_check CHECK ((fine_height >= 0)),
    CONSTRAINT generation_providermodel_fine_steps_check CHECK ((fine_steps >= 0)),
    CONSTRAINT generation_providermodel_fine_width_check CHECK ((fine_width >= 0)),
    CONSTRAINT generation_providermodel_largest_side_check CHECK ((largest_side >= 0)),
    CONSTRAINT generation_providermodel_largest_steps_check CHECK ((largest_steps >= 0)),
    CONSTRAINT generation_providermodel_longest_prompt_check CHECK ((longest_prompt >= 0)),
    CONSTRAINT generation_providermodel_most_references_check CHECK ((most_references >= 0)),
    CONSTRAINT generation_providermodel_smallest_side_check CHECK ((smallest_side >= 0)),
    CONSTRAINT model_cost CHECK (((usd_per_picture IS NULL) OR ((usd_per_picture >= (0)::numeric) AND (usd_per_picture <= (10000)::numeric)))),
    CONSTRAINT model_fast_cfg_scale CHECK (((fast_cfg_scale IS NULL) OR ((fast_cfg_scale >= (0.0)::double precision) AND (fast_cfg_scale <= largest_cfg_scale)))),
    CONSTRAINT model_fast_size CHECK ((((fast_height IS NULL) AND (fast_width IS NULL)) OR ((fast_height IS NOT NULL) AND (fast_width IS NOT NULL) AND ((fast_height >= smallest_side) AND (fast_height <= largest_side)) AND ((fast_width >= smallest_side) AND (fast_width <= largest_side))))),
    CONSTRAINT model_fast_steps CHECK (((fast_steps IS NULL) OR ((fast_steps >= 1) AND (fast_steps <= largest_steps)))),
    CONSTRAINT model_fine_cfg_scale CHECK (((fine_cfg_scale IS NULL) OR ((fine_cfg_scale >= (0.0)::double precision) AND (fine_cfg_scale <= largest_cfg_scale)))),
    CONSTRAINT model_fine_size CHECK ((((fine_height IS NULL) AND (fine_width IS NULL)) OR ((fine_height IS NOT NULL) AND (fine_width IS NOT NULL) AND ((fine_height >= smallest_side) AND (fine_height <= largest_side)) AND ((fine_width >= smallest_side) AND (fine_width <= largest_side))))),
    CONSTRAINT model_fine_steps CHECK (((fine_steps IS NULL) OR ((fine_steps >= 1) AND (fine_steps <= largest_steps)))),
    CONSTRAINT model_guidance CHECK (((default_cfg_scale >= (0.0)::double precision) AND (default_cfg_scale <= largest_cfg_scale))),
    CONSTRAINT model_height_in_blocks CHECK (((default_height % 16) = 0)),
    CONSTRAINT model_most_guidance CHECK ((largest_cfg_scale <= (100.0)::double precision)),
    CONSTRAINT model_options CHECK ((unsupported <@ '["negative_prompt", "steps", "cfg_scale", "seed", "image", "mask", "strength", "last_image", "audio"]'::jsonb)),
    CONSTRAINT model_pinned CHECK (((NOT ((folder)::text ~ '^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$'::text)) OR (NOT ((revision)::text = ''::text)))),
    CONSTRAINT model_prompt CHECK (((longest_prompt >= 1) AND (longest_prompt <= 20000))),
    CONSTRAINT model_references CHECK ((most_references <= 16)),
    CONSTRAINT model_revision CHECK (((revision)::text ~ '^([0-9a-f]{40})?$'::text)),
    CONSTRAINT model_side_limits CHECK (((largest_side <= 16384) AND (smallest_side >= 16))),
    CONSTRAINT model_sides CHECK ((((default_height >= smallest_side) AND (default_height <= largest_side)) AND ((default_width >= smallest_side) AND (default_width <= largest_side)))),
    CONSTRAINT model_steps CHECK ((((default_steps >= 1) AND (default_steps <= largest_steps)) AND (largest_steps <= 1000))),
    CONSTRAINT model_width_in_blocks CHECK (((default_width % 16) = 0))
);

ALTER TABLE public.generation_providermodel ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_providermodel_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_queue (
    name character varying(20) NOT NULL,
    state character varying(10) NOT NULL,
    drained_at timestamp with time zone
);

CREATE TABLE public.generation_queuechange (
    id bigint NOT NULL,
    queue character varying(20) NOT NULL,
    provider character varying(50) NOT NULL,
    deed character varying(10) NOT NULL,
    actor character varying(150) NOT NULL,
    reason character varying(500) NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL
);

ALTER TABLE public.generation_queuechange ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_queuechange_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_refundbatch (
    id uuid NOT NULL,
    reason character varying(500) NOT NULL,
    conditions character varying(2000) NOT NULL,
    count integer NOT NULL,
    total bigint NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    requested_by_id bigint NOT NULL,
    CONSTRAINT generation_refundbatch_count_check CHECK ((count >= 0))
);

CREATE TABLE public.generation_refundrequest (
    id uuid NOT NULL,
    amount bigint NOT NULL,
    reason character varying(500) NOT NULL,
    state character varying(10) NOT NULL,
    error_code character varying(50) NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    decided_at timestamp with time zone,
    decision character varying(500) NOT NULL,
    batch_id uuid,
    decided_by_id bigint,
    requested_by_id bigint NOT NULL,
    task_id uuid NOT NULL,
    positions jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT refund_request_four_eyes CHECK (((decided_by_id IS NULL) OR (NOT ((decided_by_id = requested_by_id) AND (decided_by_id IS NOT NULL))))),
    CONSTRAINT refund_request_positive CHECK ((amount > 0))
);

CREATE TABLE public.generation_share (
    id bigint NOT NULL,
    queue character varying(20) NOT NULL,
    priority smallint NOT NULL,
    "user" character varying(200) NOT NULL,
    waiting integer DEFAULT 0 NOT NULL,
    running integer DEFAULT 0 NOT NULL,
    cap integer,
    virtual_start bigint DEFAULT 0 NOT NULL,
    platform_id uuid NOT NULL,
    waiting_pictures bigint DEFAULT 0 NOT NULL,
    CONSTRAINT generation_share_cap_check CHECK ((cap >= 0)),
    CONSTRAINT generation_share_priority_check CHECK ((priority >= 0)),
    CONSTRAINT share_counts_not_negative CHECK (((running >= 0) AND (waiting >= 0)))
);

ALTER TABLE public.generation_share ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_share_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_subject (
    id uuid NOT NULL,
    "user" character varying(200) NOT NULL,
    name character varying(200) NOT NULL,
    seed bigint NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    used_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    platform_id uuid NOT NULL
);

CREATE TABLE public.generation_taskcount (
    id bigint NOT NULL,
    "user" character varying(200) NOT NULL,
    total bigint DEFAULT 0 NOT NULL,
    platform_id uuid NOT NULL
);

ALTER TABLE public.generation_taskcount ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_taskcount_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_tasktext (
    task_id uuid NOT NULL,
    text text NOT NULL,
    request_id character varying(128) DEFAULT ''::character varying NOT NULL
);

CREATE TABLE public.generation_term (
    id bigint NOT NULL,
    language character varying(10) NOT NULL,
    text character varying(200) NOT NULL,
    kind character varying(10) NOT NULL,
    category character varying(20) NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL
);

ALTER TABLE public.generation_term ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_term_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_termschange (
    id smallint NOT NULL,
    number bigint NOT NULL,
    CONSTRAINT generation_termschange_id_check CHECK ((id >= 0))
);

CREATE TABLE public.generation_trainingjob (
    id uuid NOT NULL,
    steps integer NOT NULL,
    rank integer NOT NULL,
    rate double precision NOT NULL,
    batch integer NOT NULL,
    resolution integer NOT NULL,
    seed integer NOT NULL,
    pictures jsonb NOT NULL,
    state character varying(10) NOT NULL,
    prepared integer NOT NULL,
    step integer NOT NULL,
    loss double precision,
    losses jsonb NOT NULL,
    checkpoint character varying(200) NOT NULL,
    checkpoint_step integer NOT NULL,
    file character varying(500) NOT NULL,
    samples jsonb NOT NULL,
    offered_as character varying(100) NOT NULL,
    error_code character varying(50) NOT NULL,
    error_detail text NOT NULL,
    deaths smallint NOT NULL,
    lease_token integer NOT NULL,
    lease_expires_at timestamp with time zone,
    worker character varying(200) NOT NULL,
    asked_by character varying(150) NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    moved_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    set_id bigint NOT NULL,
    CONSTRAINT generation_trainingjob_batch_check CHECK ((batch >= 0)),
    CONSTRAINT generation_trainingjob_checkpoint_step_check CHECK ((checkpoint_step >= 0)),
    CONSTRAINT generation_trainingjob_deaths_check CHECK ((deaths >= 0)),
    CONSTRAINT generation_trainingjob_lease_token_check CHECK ((lease_token >= 0)),
    CONSTRAINT generation_trainingjob_prepared_check CHECK ((prepared >= 0)),
    CONSTRAINT generation_trainingjob_rank_check CHECK ((rank >= 0)),
    CONSTRAINT generation_trainingjob_resolution_check CHECK ((resolution >= 0)),
    CONSTRAINT generation_trainingjob_seed_check CHECK ((seed >= 0)),
    CONSTRAINT generation_trainingjob_step_check CHECK ((step >= 0)),
    CONSTRAINT generation_trainingjob_steps_check CHECK ((steps >= 0)),
    CONSTRAINT training_resolution CHECK (((resolution >= 16) AND (resolution <= 16384))),
    CONSTRAINT training_steps CHECK ((step <= steps))
);

CREATE TABLE public.generation_trainingpicture (
    id bigint NOT NULL,
    caption character varying(2000) NOT NULL,
    artifact_id uuid NOT NULL,
    set_id bigint NOT NULL
);

ALTER TABLE public.generation_trainingpicture ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_trainingpicture_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_trainingset (
    id bigint NOT NULL,
    name character varying(100) NOT NULL,
    trigger character varying(50) NOT NULL,
    made_by character varying(150) NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    offer_id bigint NOT NULL,
    platform_id uuid
);

ALTER TABLE public.generation_trainingset ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_trainingset_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_undescribed (
    artifact_id uuid NOT NULL,
    language character varying(10) NOT NULL,
    tries smallint DEFAULT 0 NOT NULL,
    due_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    CONSTRAINT generation_undescribed_tries_check CHECK ((tries >= 0))
);

CREATE TABLE public.generation_userbacklog (
    id bigint NOT NULL,
    "user" character varying(200) NOT NULL,
    pictures bigint DEFAULT 0 NOT NULL,
    platform_id uuid NOT NULL,
    CONSTRAINT user_backlog_not_negative CHECK ((pictures >= 0))
);

ALTER TABLE public.generation_userbacklog ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_userbacklog_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.generation_worker (
    name character varying(200) NOT NULL,
    queues character varying(20)[] NOT NULL,
    beat_at timestamp with time zone NOT NULL,
    facts jsonb NOT NULL,
    threads smallint DEFAULT 1 NOT NULL,
    CONSTRAINT generation_worker_threads_check CHECK ((threads >= 0))
);

CREATE TABLE public.generation_workerdeath (
    id bigint NOT NULL,
    model character varying(100) NOT NULL,
    process character varying(200) NOT NULL,
    died_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    provider_id bigint NOT NULL
);

ALTER TABLE public.generation_workerdeath ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.generation_workerdeath_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.platforms_apikey (
    id uuid NOT NULL,
    name character varying(100) NOT NULL,
    "user" character varying(200) NOT NULL,
    scopes character varying(30)[] NOT NULL,
    prefix character varying(11) NOT NULL,
    hashed_key character varying(150) NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    platform_id uuid NOT NULL,
    local_only boolean DEFAULT false NOT NULL,
    networks character varying(50)[] DEFAULT '{}'::character varying(50)[] NOT NULL,
    previous_hashed_key character varying(150) DEFAULT ''::character varying NOT NULL,
    previous_prefix character varying(11),
    previous_until timestamp with time zone,
    reads_per_minute integer,
    writes_per_minute integer,
    CONSTRAINT platforms_apikey_reads_per_minute_check CHECK ((reads_per_minute >= 0)),
    CONSTRAINT platforms_apikey_writes_per_minute_check CHECK ((writes_per_minute >= 0))
);

CREATE TABLE public.platforms_browsertoken (
    id uuid NOT NULL,
    "user" character varying(200) NOT NULL,
    origins character varying(300)[] NOT NULL,
    scopes character varying(30)[] NOT NULL,
    max_credits bigint NOT NULL,
    prefix character varying(16) NOT NULL,
    hashed_secret character varying(150) NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    key_id uuid NOT NULL,
    platform_id uuid NOT NULL,
    CONSTRAINT browser_token_most_not_negative CHECK ((max_credits >= 0))
);

CREATE TABLE public.platforms_idempotencykey (
    id bigint NOT NULL,
    "user" character varying(200) NOT NULL,
    scope character varying(10) NOT NULL,
    key character varying(255) NOT NULL,
    fingerprint character varying(64) NOT NULL,
    made_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    platform_id uuid NOT NULL
);

ALTER TABLE public.platforms_idempotencykey ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.platforms_idempotencykey_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.platforms_plan (
    id bigint NOT NULL,
    code character varying(50) NOT NULL,
    name character varying(100) NOT NULL,
    discount_percent numeric(5,2) NOT NULL,
    mode character varying(10) NOT NULL,
    highest_priority character varying(10) NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    reads_per_minute integer,
    writes_per_minute integer,
    CONSTRAINT plan_discount_within_price CHECK (((discount_percent >= (0)::numeric) AND (discount_percent <= (100)::numeric))),
    CONSTRAINT platforms_plan_reads_per_minute_check CHECK ((reads_per_minute >= 0)),
    CONSTRAINT platforms_plan_writes_per_minute_check CHECK ((writes_per_minute >= 0))
);

ALTER TABLE public.platforms_plan ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.platforms_plan_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.platforms_platform (
    id uuid NOT NULL,
    code character varying(50) NOT NULL,
    name character varying(100) NOT NULL,
    time_zone character varying(64) NOT NULL,
    language character varying(10) NOT NULL,
    default_model character varying(100) NOT NULL,
    is_active boolean NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    plan_id bigint,
    most_under_way integer,
    local_only boolean DEFAULT false NOT NULL,
    usd_per_credit numeric(12,6),
    low_credits bigint,
    shares_results boolean DEFAULT false NOT NULL,
    moderation character varying(10) DEFAULT 'block'::character varying NOT NULL,
    unjudged character varying(10) DEFAULT 'block'::character varying NOT NULL,
    embeds_parameters boolean DEFAULT false NOT NULL,
    label_producer character varying(100) DEFAULT ''::character varying NOT NULL,
    visible_label character varying(20) DEFAULT ''::character varying NOT NULL,
    storage_quota_mib integer,
    asks_approval boolean DEFAULT false NOT NULL,
    is_house boolean DEFAULT false NOT NULL,
    styles jsonb DEFAULT '[]'::jsonb NOT NULL,
    usual_style character varying(50) DEFAULT ''::character varying NOT NULL,
    CONSTRAINT platforms_platform_low_credits_check CHECK ((low_credits >= 0)),
    CONSTRAINT platforms_platform_most_under_way_check CHECK ((most_under_way >= 0)),
    CONSTRAINT platforms_platform_storage_quota_mib_check CHECK ((storage_quota_mib >= 0))
);

CREATE TABLE public.platforms_tokenorigin (
    id bigint NOT NULL,
    origin character varying(300) NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    token_id uuid NOT NULL
);

ALTER TABLE public.platforms_tokenorigin ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.platforms_tokenorigin_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.retention_erasure (
    id uuid NOT NULL,
    "user" character varying(200) NOT NULL,
    user_sha256 character varying(64) NOT NULL,
    asked_by character varying(200) NOT NULL,
    reason character varying(500) NOT NULL,
    state character varying(10) DEFAULT 'asked'::character varying NOT NULL,
    deleted jsonb NOT NULL,
    asked_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    turn_at timestamp with time zone,
    failing_since timestamp with time zone,
    done_at timestamp with time zone,
    platform_id uuid NOT NULL,
    CONSTRAINT erasure_done_has_its_time CHECK ((((done_at IS NOT NULL) AND ((state)::text = 'done'::text)) OR ((NOT ((state)::text = 'done'::text)) AND (done_at IS NULL))))
);

CREATE TABLE public.retention_keeping (
    platform_id uuid NOT NULL,
    outputs integer,
    edits integer,
    uploads integer,
    unused_uploads integer,
    withheld integer,
    prompts integer,
    refused_prompts integer,
    CONSTRAINT retention_keeping_edits_check CHECK ((edits >= 0)),
    CONSTRAINT retention_keeping_outputs_check CHECK ((outputs >= 0)),
    CONSTRAINT retention_keeping_prompts_check CHECK ((prompts >= 0)),
    CONSTRAINT retention_keeping_refused_prompts_check CHECK ((refused_prompts >= 0)),
    CONSTRAINT retention_keeping_unused_uploads_check CHECK ((unused_uploads >= 0)),
    CONSTRAINT retention_keeping_uploads_check CHECK ((uploads >= 0)),
    CONSTRAINT retention_keeping_withheld_check CHECK ((withheld >= 0))
);

CREATE TABLE public.retention_legalhold (
    id uuid NOT NULL,
    "user" character varying(200) NOT NULL,
    reason character varying(500) NOT NULL,
    laid_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    lifted_at timestamp with time zone,
    lifted_why character varying(500) NOT NULL,
    laid_by_id bigint NOT NULL,
    lifted_by_id bigint,
    platform_id uuid NOT NULL,
    CONSTRAINT legal_hold_lifted_with_reason CHECK ((((lifted_at IS NULL) AND (lifted_by_id IS NULL) AND ((lifted_why)::text = ''::text)) OR ((lifted_at IS NOT NULL) AND (lifted_by_id IS NOT NULL) AND (NOT ((lifted_why)::text = ''::text)))))
);

CREATE TABLE public.retention_rulereport (
    rule character varying(50) NOT NULL,
    turn_at timestamp with time zone NOT NULL,
    failing_since timestamp with time zone,
    deleted_at timestamp with time zone,
    last_rows bigint NOT NULL,
    last_files bigint NOT NULL,
    last_bytes bigint NOT NULL,
    all_rows bigint NOT NULL,
    all_files bigint NOT NULL,
    all_bytes bigint NOT NULL,
    oldest_at timestamp with time zone
);

CREATE TABLE public.storage_artifact (
    id uuid NOT NULL,
    "user" character varying(200) NOT NULL,
    key character varying(300) NOT NULL,
    thumbnail_key character varying(300) NOT NULL,
    sha256 character varying(64) NOT NULL,
    content_type character varying(100) NOT NULL,
    size_bytes bigint NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    platform_id uuid NOT NULL,
    used_at timestamp with time zone,
    has_thumbnail boolean DEFAULT true NOT NULL,
    withheld_at timestamp with time zone,
    seconds double precision,
    fps double precision,
    codec character varying(20) DEFAULT ''::character varying NOT NULL,
    has_audio boolean,
    poster_key character varying(300) DEFAULT ''::character varying NOT NULL,
    preview_key character varying(300) DEFAULT ''::character varying NOT NULL,
    gone_at timestamp with time zone,
    review character varying(10) DEFAULT ''::character varying NOT NULL,
    review_reason character varying(500) DEFAULT ''::character varying NOT NULL,
    favourite_at timestamp with time zone,
    alt character varying(125) DEFAULT ''::character varying NOT NULL,
    taken_down_at timestamp with time zone,
    CONSTRAINT storage_artifact_height_check CHECK ((height >= 0)),
    CONSTRAINT storage_artifact_width_check CHECK ((width >= 0))
);

CREATE TABLE public.storage_directupload (
    id uuid NOT NULL,
    "user" character varying(200) NOT NULL,
    content_type character varying(100) NOT NULL,
    size_bytes bigint NOT NULL,
    sha256 character varying(64) NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    artifact_id uuid,
    platform_id uuid NOT NULL
);

CREATE TABLE public.storage_edit (
    artifact_id uuid NOT NULL,
    operations jsonb NOT NULL,
    is_generated boolean NOT NULL,
    price bigint NOT NULL,
    parent_id uuid
);

CREATE TABLE public.storage_edit_logos (
    id bigint NOT NULL,
    edit_id uuid NOT NULL,
    artifact_id uuid NOT NULL
);

ALTER TABLE public.storage_edit_logos ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.storage_edit_logos_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.storage_orphanreport (
    id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    days integer NOT NULL,
    deletes boolean NOT NULL,
    seconds double precision NOT NULL,
    files bigint NOT NULL,
    size_bytes bigint NOT NULL,
    rows bigint NOT NULL,
    unnamed_files bigint NOT NULL,
    unnamed_bytes bigint NOT NULL,
    held_files bigint NOT NULL,
    deleted_files bigint NOT NULL,
    missing_rows bigint NOT NULL,
    examples jsonb NOT NULL,
    CONSTRAINT storage_orphanreport_days_check CHECK ((days >= 0))
);

CREATE TABLE public.storage_review (
    id uuid NOT NULL,
    state character varying(10) NOT NULL,
    reason character varying(500) NOT NULL,
    decided_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    artifact_id uuid NOT NULL,
    decided_by_id bigint NOT NULL,
    CONSTRAINT review_is_a_decision CHECK ((NOT ((state)::text = 'waiting'::text))),
    CONSTRAINT review_rejects_with_reason CHECK ((((state)::text = 'approved'::text) OR (NOT ((reason)::text = ''::text))))
);

CREATE TABLE public.storage_sharelink (
    id uuid NOT NULL,
    name character varying(200) NOT NULL,
    is_download boolean NOT NULL,
    most_uses integer,
    uses integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    artifact_id uuid NOT NULL,
    CONSTRAINT share_link_within_uses CHECK (((most_uses IS NULL) OR (uses <= most_uses))),
    CONSTRAINT storage_sharelink_most_uses_check CHECK ((most_uses >= 0)),
    CONSTRAINT storage_sharelink_uses_check CHECK ((uses >= 0))
);

CREATE TABLE public.storage_storageuse (
    id bigint NOT NULL,
    kind character varying(20) NOT NULL,
    files bigint NOT NULL,
    size_bytes bigint NOT NULL,
    platform_id uuid NOT NULL
);

ALTER TABLE public.storage_storageuse ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.storage_storageuse_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.storage_storageusestep (
    id bigint NOT NULL,
    kind character varying(20) NOT NULL,
    files bigint NOT NULL,
    size_bytes bigint NOT NULL,
    platform_id uuid NOT NULL
);

ALTER TABLE public.storage_storageusestep ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.storage_storageusestep_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.storage_takedown (
    id uuid NOT NULL,
    reason character varying(500) NOT NULL,
    taken_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    artifact_id uuid NOT NULL,
    taken_by_id bigint NOT NULL
);

CREATE TABLE public.storage_uploadfolder (
    id bigint NOT NULL,
    folder character varying(200) NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    noted_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    platform_id uuid,
    "user" character varying(200) DEFAULT ''::character varying NOT NULL
);

ALTER TABLE public.storage_uploadfolder ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.storage_uploadfolder_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.storage_uploadkey (
    id bigint NOT NULL,
    "user" character varying(200) NOT NULL,
    key character varying(255) NOT NULL,
    fingerprint character varying(64) NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    artifact_id uuid NOT NULL,
    platform_id uuid NOT NULL
);

ALTER TABLE public.storage_uploadkey ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.storage_uploadkey_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.templates_phrase (
    id bigint NOT NULL,
    purpose character varying(20) NOT NULL,
    text_en character varying(200) NOT NULL,
    text_zh character varying(200) NOT NULL,
    "position" smallint NOT NULL,
    is_active boolean NOT NULL,
    CONSTRAINT templates_phrase_position_check CHECK (("position" >= 0))
);

ALTER TABLE public.templates_phrase ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.templates_phrase_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.templates_style (
    id bigint NOT NULL,
    code character varying(50) NOT NULL,
    name_en character varying(100) NOT NULL,
    name_zh character varying(100) NOT NULL,
    suffix_en text NOT NULL,
    suffix_zh text NOT NULL,
    negative_prompt text NOT NULL,
    settings jsonb NOT NULL,
    "position" smallint NOT NULL,
    is_active boolean NOT NULL,
    sheet jsonb DEFAULT '{}'::jsonb NOT NULL,
    "references" jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT templates_style_position_check CHECK (("position" >= 0))
);

ALTER TABLE public.templates_style ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.templates_style_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.templates_template (
    id uuid NOT NULL,
    code character varying(100) NOT NULL,
    is_active boolean NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    published_id uuid,
    local_only boolean DEFAULT false NOT NULL
);

CREATE TABLE public.templates_templateversion (
    id uuid NOT NULL,
    number integer NOT NULL,
    name character varying(200) NOT NULL,
    category character varying(100) NOT NULL,
    media_type character varying(10) NOT NULL,
    prompt text NOT NULL,
    negative_prompt text NOT NULL,
    parameters jsonb NOT NULL,
    required jsonb NOT NULL,
    settings jsonb NOT NULL,
    price integer,
    published_at timestamp with time zone,
    published_by character varying(150) NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    template_id uuid NOT NULL,
    caches boolean DEFAULT false NOT NULL,
    operations jsonb DEFAULT '[]'::jsonb NOT NULL,
    chain jsonb DEFAULT '[]'::jsonb NOT NULL,
    note character varying(300) DEFAULT ''::character varying NOT NULL,
    moderation character varying(10) DEFAULT ''::character varying NOT NULL,
    platforms jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT templates_templateversion_number_check CHECK ((number >= 0)),
    CONSTRAINT templates_templateversion_price_check CHECK ((price >= 0))
);

CREATE TABLE public.templates_versionpicture (
    version_id uuid NOT NULL,
    jpeg bytea NOT NULL
);

CREATE TABLE public.users_identity (
    id bigint NOT NULL,
    issuer character varying(500) NOT NULL,
    subject character varying(255) NOT NULL,
    user_id bigint NOT NULL
);

ALTER TABLE public.users_identity ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.users_identity_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.users_recoverycode (
    id bigint NOT NULL,
    digest character varying(64) NOT NULL,
    step_id bigint NOT NULL
);

ALTER TABLE public.users_recoverycode ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.users_recoverycode_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.users_secondstep (
    id bigint NOT NULL,
    sealed text NOT NULL,
    last_taken bigint DEFAULT '-1'::integer NOT NULL,
    set_up_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    user_id bigint NOT NULL
);

ALTER TABLE public.users_secondstep ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.users_secondstep_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.users_shippedright (
    id bigint NOT NULL,
    group_id integer,
    permission_id integer NOT NULL
);

ALTER TABLE public.users_shippedright ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.users_shippedright_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.users_staffsession (
    id bigint NOT NULL,
    session_key character varying(40) NOT NULL,
    begun_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    address character varying(100) NOT NULL,
    browser character varying(300) NOT NULL,
    user_id bigint NOT NULL
);

ALTER TABLE public.users_staffsession ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.users_staffsession_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.users_user (
    id bigint NOT NULL,
    password character varying(128) NOT NULL,
    last_login timestamp with time zone,
    is_superuser boolean NOT NULL,
    username character varying(150) NOT NULL,
    first_name character varying(150) NOT NULL,
    last_name character varying(150) NOT NULL,
    email character varying(254) NOT NULL,
    is_staff boolean NOT NULL,
    is_active boolean NOT NULL,
    date_joined timestamp with time zone NOT NULL,
    time_zone character varying(64) DEFAULT ''::character varying NOT NULL
);

CREATE TABLE public.users_user_groups (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    group_id integer NOT NULL
);

ALTER TABLE public.users_user_groups ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.users_user_groups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.users_user ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.users_user_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.users_user_user_permissions (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    permission_id integer NOT NULL
);

ALTER TABLE public.users_user_user_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.users_user_user_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.webhooks_delivery (
    id uuid NOT NULL,
    url character varying(2048) NOT NULL,
    receiver character varying(300) NOT NULL,
    state character varying(10) NOT NULL,
    tries smallint NOT NULL,
    token integer NOT NULL,
    due_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    delivered_at timestamp with time zone,
    answers jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    endpoint_id uuid NOT NULL,
    message_id uuid NOT NULL,
    CONSTRAINT webhooks_delivery_token_check CHECK ((token >= 0)),
    CONSTRAINT webhooks_delivery_tries_check CHECK ((tries >= 0))
);

CREATE TABLE public.webhooks_endpoint (
    id uuid NOT NULL,
    url character varying(2048) NOT NULL,
    description character varying(200) NOT NULL,
    events character varying(30)[] NOT NULL,
    is_enabled boolean NOT NULL,
    disabled_why character varying(10) NOT NULL,
    disabled_at timestamp with time zone,
    secret text NOT NULL,
    previous_secret text NOT NULL,
    previous_until timestamp with time zone,
    failures integer NOT NULL,
    failing_since timestamp with time zone,
    asks_since timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    removed_at timestamp with time zone,
    platform_id uuid NOT NULL,
    CONSTRAINT endpoint_off_says_why CHECK ((((disabled_at IS NULL) AND ((disabled_why)::text = ''::text) AND is_enabled) OR ((disabled_at IS NOT NULL) AND (NOT is_enabled) AND (NOT ((disabled_why)::text = ''::text))))),
    CONSTRAINT webhooks_endpoint_failures_check CHECK ((failures >= 0))
);

CREATE TABLE public.webhooks_message (
    id uuid NOT NULL,
    type character varying(30) NOT NULL,
    about uuid,
    payload text NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    platform_id uuid NOT NULL,
    traceparent character varying(55) DEFAULT ''::character varying NOT NULL
);

ALTER TABLE ONLY public.alerts_alert
    ADD CONSTRAINT alerts_alert_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.alerts_notice
    ADD CONSTRAINT alerts_notice_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_attempt
    ADD CONSTRAINT attempt_number UNIQUE (task_id, number);

ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_name_key UNIQUE (name);

ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_permission_id_0cd325b0_uniq UNIQUE (group_id, permission_id);

ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_codename_01ab375a_uniq UNIQUE (content_type_id, codename);

ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_platformbacklog
    ADD CONSTRAINT backlog_of_platform UNIQUE (platform_id, part);

ALTER TABLE ONLY public.generation_userbacklog
    ADD CONSTRAINT backlog_of_user UNIQUE (platform_id, "user");

ALTER TABLE ONLY public.credits_budget
    ADD CONSTRAINT budget_of_key UNIQUE (api_key_id, period);

ALTER TABLE ONLY public.credits_budget
    ADD CONSTRAINT budget_of_purse UNIQUE (purse_id, period);

ALTER TABLE ONLY public.credits_budgetuse
    ADD CONSTRAINT budget_use_once UNIQUE (hold_id, count_id);

ALTER TABLE ONLY public.generation_closedday
    ADD CONSTRAINT closed_day_once UNIQUE (zone, day);

ALTER TABLE ONLY public.credits_count
    ADD CONSTRAINT count_window UNIQUE (limit_id, subject_id, starts_at);

ALTER TABLE ONLY public.credits_auditrun
    ADD CONSTRAINT credits_auditrun_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.credits_budget
    ADD CONSTRAINT credits_budget_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.credits_budgetuse
    ADD CONSTRAINT credits_budgetuse_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.credits_count
    ADD CONSTRAINT credits_count_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.credits_defaultbudget
    ADD CONSTRAINT credits_defaultbudget_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.credits_freeuse
    ADD CONSTRAINT credits_freeuse_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.credits_freeze
    ADD CONSTRAINT credits_freeze_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.credits_grantrequest
    ADD CONSTRAINT credits_grantrequest_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.credits_grantrequest
    ADD CONSTRAINT credits_grantrequest_transfer_id_key UNIQUE (transfer_id);

ALTER TABLE ONLY public.credits_grantrule
    ADD CONSTRAINT credits_grantrule_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.credits_hold
    ADD CONSTRAINT credits_hold_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.credits_hold
    ADD CONSTRAINT credits_hold_reference_key UNIQUE (reference);

ALTER TABLE ONLY public.credits_lot
    ADD CONSTRAINT credits_lot_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.credits_lotuse
    ADD CONSTRAINT credits_lotuse_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.credits_pricerule
    ADD CONSTRAINT credits_pricerule_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.credits_purse
    ADD CONSTRAINT credits_purse_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.credits_stop
    ADD CONSTRAINT credits_stop_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.credits_transfer
    ADD CONSTRAINT credits_transfer_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_daycost
    ADD CONSTRAINT day_cost_once UNIQUE (closed_day_id, account_id, platform_id, model);

ALTER TABLE ONLY public.generation_daycount
    ADD CONSTRAINT day_count_once UNIQUE (closed_day_id, way, name);

ALTER TABLE ONLY public.generation_daytime
    ADD CONSTRAINT day_time_once UNIQUE (closed_day_id, model, step);

ALTER TABLE ONLY public.credits_defaultbudget
    ADD CONSTRAINT default_budget_of_platform UNIQUE (platform_id, period);

ALTER TABLE ONLY public.webhooks_delivery
    ADD CONSTRAINT delivery_once_an_endpoint UNIQUE (message_id, endpoint_id);

ALTER TABLE ONLY public.django_admin_log
    ADD CONSTRAINT django_admin_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.django_content_type
    ADD CONSTRAINT django_content_type_app_label_model_76bd3d3b_uniq UNIQUE (app_label, model);

ALTER TABLE ONLY public.django_content_type
    ADD CONSTRAINT django_content_type_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.django_migrations
    ADD CONSTRAINT django_migrations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.django_session
    ADD CONSTRAINT django_session_pkey PRIMARY KEY (session_key);

ALTER TABLE ONLY public.credits_freeuse
    ADD CONSTRAINT free_use_once UNIQUE (reference, count_id);

ALTER TABLE ONLY public.generation_accountkey
    ADD CONSTRAINT generation_accountkey_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_appeal
    ADD CONSTRAINT generation_appeal_pkey PRIMARY KEY (task_id);

ALTER TABLE ONLY public.generation_attempt
    ADD CONSTRAINT generation_attempt_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_batch
    ADD CONSTRAINT generation_batch_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_bulkcancel
    ADD CONSTRAINT generation_bulkcancel_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_closedday
    ADD CONSTRAINT generation_closedday_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_daycost
    ADD CONSTRAINT generation_daycost_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_daycount
    ADD CONSTRAINT generation_daycount_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_daytime
    ADD CONSTRAINT generation_daytime_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_describer
    ADD CONSTRAINT generation_describer_alias_key UNIQUE (alias);

ALTER TABLE ONLY public.generation_describer
    ADD CONSTRAINT generation_describer_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_event
    ADD CONSTRAINT generation_event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_finding
    ADD CONSTRAINT generation_finding_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_idempotencykey
    ADD CONSTRAINT generation_idempotencykey_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_lateoutput
    ADD CONSTRAINT generation_lateoutput_artifact_id_key UNIQUE (artifact_id);

ALTER TABLE ONLY public.generation_lateoutput
    ADD CONSTRAINT generation_lateoutput_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_localweights
    ADD CONSTRAINT generation_localweights_pkey PRIMARY KEY (offer_id);

ALTER TABLE ONLY public.generation_loopbeat
    ADD CONSTRAINT generation_loopbeat_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.generation_moderator
    ADD CONSTRAINT generation_moderator_alias_key UNIQUE (alias);

ALTER TABLE ONLY public.generation_moderator
    ADD CONSTRAINT generation_moderator_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_othername
    ADD CONSTRAINT generation_othername_name_key UNIQUE (name);

ALTER TABLE ONLY public.generation_othername
    ADD CONSTRAINT generation_othername_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_output
    ADD CONSTRAINT generation_output_artifact_id_key UNIQUE (artifact_id);

ALTER TABLE ONLY public.generation_output
    ADD CONSTRAINT generation_output_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_pace
    ADD CONSTRAINT generation_pace_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_platformbacklog
    ADD CONSTRAINT generation_platformbacklog_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_preferences
    ADD CONSTRAINT generation_preferences_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_provider
    ADD CONSTRAINT generation_provider_alias_key UNIQUE (alias);

ALTER TABLE ONLY public.generation_provider
    ADD CONSTRAINT generation_provider_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_providermodel
    ADD CONSTRAINT generation_providermodel_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_queue
    ADD CONSTRAINT generation_queue_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.generation_queuechange
    ADD CONSTRAINT generation_queuechange_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_refundbatch
    ADD CONSTRAINT generation_refundbatch_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_refundrequest
    ADD CONSTRAINT generation_refundrequest_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_share
    ADD CONSTRAINT generation_share_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_subject
    ADD CONSTRAINT generation_subject_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_task
    ADD CONSTRAINT generation_task_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_taskcount
    ADD CONSTRAINT generation_taskcount_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_tasktext
    ADD CONSTRAINT generation_tasktext_pkey PRIMARY KEY (task_id);

ALTER TABLE ONLY public.generation_term
    ADD CONSTRAINT generation_term_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_termschange
    ADD CONSTRAINT generation_termschange_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_trainingjob
    ADD CONSTRAINT generation_trainingjob_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_trainingpicture
    ADD CONSTRAINT generation_trainingpicture_artifact_id_key UNIQUE (artifact_id);

ALTER TABLE ONLY public.generation_trainingpicture
    ADD CONSTRAINT generation_trainingpicture_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_trainingset
    ADD CONSTRAINT generation_trainingset_name_key UNIQUE (name);

ALTER TABLE ONLY public.generation_trainingset
    ADD CONSTRAINT generation_trainingset_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_undescribed
    ADD CONSTRAINT generation_undescribed_pkey PRIMARY KEY (artifact_id);

ALTER TABLE ONLY public.generation_userbacklog
    ADD CONSTRAINT generation_userbacklog_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_worker
    ADD CONSTRAINT generation_worker_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.generation_workerdeath
    ADD CONSTRAINT generation_workerdeath_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.credits_grantrule
    ADD CONSTRAINT grant_rule_of_platform UNIQUE (platform_id, kind);

ALTER TABLE ONLY public.generation_idempotencykey
    ADD CONSTRAINT idempotency_key UNIQUE (platform_id, "user", key);

ALTER TABLE ONLY public.users_identity
    ADD CONSTRAINT identity_once UNIQUE (issuer, subject);

ALTER TABLE ONLY public.generation_lateoutput
    ADD CONSTRAINT late_output_position UNIQUE (attempt_id, "position");

ALTER TABLE ONLY public.credits_lotuse
    ADD CONSTRAINT lot_use_once UNIQUE (hold_id, lot_id);

ALTER TABLE ONLY public.webhooks_message
    ADD CONSTRAINT message_once_for_each_event UNIQUE (about, type);

ALTER TABLE ONLY public.generation_providermodel
    ADD CONSTRAINT model_of_provider UNIQUE (provider_id, alias);

ALTER TABLE ONLY public.alerts_notice
    ADD CONSTRAINT notice_once UNIQUE (alert_id, what, channel);

ALTER TABLE ONLY public.platforms_idempotencykey
    ADD CONSTRAINT one_key_one_create UNIQUE (platform_id, "user", scope, key);

ALTER TABLE ONLY public.templates_phrase
    ADD CONSTRAINT one_phrase_once UNIQUE (purpose, text_en);

ALTER TABLE ONLY public.generation_subject
    ADD CONSTRAINT one_seed_a_subject UNIQUE (platform_id, "user", name);

ALTER TABLE ONLY public.generation_term
    ADD CONSTRAINT one_term_once UNIQUE (text, kind);

ALTER TABLE ONLY public.generation_output
    ADD CONSTRAINT output_position UNIQUE (task_id, "position");

ALTER TABLE ONLY public.generation_pace
    ADD CONSTRAINT pace_of_kind UNIQUE (provider_id, model, size, steps);

ALTER TABLE ONLY public.platforms_apikey
    ADD CONSTRAINT platforms_apikey_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.platforms_apikey
    ADD CONSTRAINT platforms_apikey_prefix_key UNIQUE (prefix);

ALTER TABLE ONLY public.platforms_apikey
    ADD CONSTRAINT platforms_apikey_previous_prefix_key UNIQUE (previous_prefix);

ALTER TABLE ONLY public.platforms_browsertoken
    ADD CONSTRAINT platforms_browsertoken_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.platforms_browsertoken
    ADD CONSTRAINT platforms_browsertoken_prefix_key UNIQUE (prefix);

ALTER TABLE ONLY public.platforms_idempotencykey
    ADD CONSTRAINT platforms_idempotencykey_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.platforms_plan
    ADD CONSTRAINT platforms_plan_code_key UNIQUE (code);

ALTER TABLE ONLY public.platforms_plan
    ADD CONSTRAINT platforms_plan_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.platforms_platform
    ADD CONSTRAINT platforms_platform_code_key UNIQUE (code);

ALTER TABLE ONLY public.platforms_platform
    ADD CONSTRAINT platforms_platform_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.platforms_tokenorigin
    ADD CONSTRAINT platforms_tokenorigin_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.generation_preferences
    ADD CONSTRAINT preferences_of_user UNIQUE (platform_id, "user");

ALTER TABLE ONLY public.credits_purse
    ADD CONSTRAINT purse_owner UNIQUE (platform_id, "user");

ALTER TABLE ONLY public.users_recoverycode
    ADD CONSTRAINT recovery_code_once UNIQUE (step_id, digest);

ALTER TABLE ONLY public.retention_erasure
    ADD CONSTRAINT retention_erasure_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.retention_keeping
    ADD CONSTRAINT retention_keeping_pkey PRIMARY KEY (platform_id);

ALTER TABLE ONLY public.retention_legalhold
    ADD CONSTRAINT retention_legalhold_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.retention_rulereport
    ADD CONSTRAINT retention_rulereport_pkey PRIMARY KEY (rule);

ALTER TABLE ONLY public.generation_share
    ADD CONSTRAINT share_of_user UNIQUE (queue, priority, platform_id, "user");

ALTER TABLE ONLY public.users_shippedright
    ADD CONSTRAINT shipped_right_once UNIQUE (group_id, permission_id);

ALTER TABLE ONLY public.storage_artifact
    ADD CONSTRAINT storage_artifact_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.storage_directupload
    ADD CONSTRAINT storage_directupload_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.storage_edit_logos
    ADD CONSTRAINT storage_edit_logos_edit_id_artifact_id_b7315f10_uniq UNIQUE (edit_id, artifact_id);

ALTER TABLE ONLY public.storage_edit_logos
    ADD CONSTRAINT storage_edit_logos_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.storage_edit
    ADD CONSTRAINT storage_edit_pkey PRIMARY KEY (artifact_id);

ALTER TABLE ONLY public.storage_orphanreport
    ADD CONSTRAINT storage_orphanreport_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.storage_review
    ADD CONSTRAINT storage_review_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.storage_sharelink
    ADD CONSTRAINT storage_sharelink_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.storage_storageuse
    ADD CONSTRAINT storage_storageuse_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.storage_storageusestep
    ADD CONSTRAINT storage_storageusestep_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.storage_takedown
    ADD CONSTRAINT storage_takedown_artifact_id_key UNIQUE (artifact_id);

ALTER TABLE ONLY public.storage_takedown
    ADD CONSTRAINT storage_takedown_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.storage_uploadfolder
    ADD CONSTRAINT storage_uploadfolder_folder_key UNIQUE (folder);

ALTER TABLE ONLY public.storage_uploadfolder
    ADD CONSTRAINT storage_uploadfolder_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.storage_uploadkey
    ADD CONSTRAINT storage_uploadkey_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.storage_storageuse
    ADD CONSTRAINT storage_use_of_kind UNIQUE (platform_id, kind);

ALTER TABLE ONLY public.generation_taskcount
    ADD CONSTRAINT task_count_of_user UNIQUE (platform_id, "user");

ALTER TABLE ONLY public.templates_templateversion
    ADD CONSTRAINT template_version_number UNIQUE (template_id, number);

ALTER TABLE ONLY public.templates_phrase
    ADD CONSTRAINT templates_phrase_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.templates_style
    ADD CONSTRAINT templates_style_code_key UNIQUE (code);

ALTER TABLE ONLY public.templates_style
    ADD CONSTRAINT templates_style_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.templates_template
    ADD CONSTRAINT templates_template_code_key UNIQUE (code);

ALTER TABLE ONLY public.templates_template
    ADD CONSTRAINT templates_template_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.templates_templateversion
    ADD CONSTRAINT templates_templateversion_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.templates_versionpicture
    ADD CONSTRAINT templates_versionpicture_pkey PRIMARY KEY (version_id);

ALTER TABLE ONLY public.credits_transfer
    ADD CONSTRAINT transfer_key UNIQUE (key);

ALTER TABLE ONLY public.credits_transfer
    ADD CONSTRAINT transfer_one_per_purse_version UNIQUE (purse_id, purse_version);

ALTER TABLE ONLY public.storage_uploadkey
    ADD CONSTRAINT upload_key UNIQUE (platform_id, "user", key);

ALTER TABLE ONLY public.users_identity
    ADD CONSTRAINT users_identity_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users_identity
    ADD CONSTRAINT users_identity_user_id_key UNIQUE (user_id);

ALTER TABLE ONLY public.users_recoverycode
    ADD CONSTRAINT users_recoverycode_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users_secondstep
    ADD CONSTRAINT users_secondstep_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users_secondstep
    ADD CONSTRAINT users_secondstep_user_id_key UNIQUE (user_id);

ALTER TABLE ONLY public.users_shippedright
    ADD CONSTRAINT users_shippedright_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users_staffsession
    ADD CONSTRAINT users_staffsession_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users_staffsession
    ADD CONSTRAINT users_staffsession_session_key_key UNIQUE (session_key);

ALTER TABLE ONLY public.users_user_groups
    ADD CONSTRAINT users_user_groups_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users_user_groups
    ADD CONSTRAINT users_user_groups_user_id_group_id_b88eab82_uniq UNIQUE (user_id, group_id);

ALTER TABLE ONLY public.users_user
    ADD CONSTRAINT users_user_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users_user_user_permissions
    ADD CONSTRAINT users_user_user_permissions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users_user_user_permissions
    ADD CONSTRAINT users_user_user_permissions_user_id_permission_id_43338c45_uniq UNIQUE (user_id, permission_id);

ALTER TABLE ONLY public.users_user
    ADD CONSTRAINT users_user_username_key UNIQUE (username);

ALTER TABLE ONLY public.webhooks_delivery
    ADD CONSTRAINT webhooks_delivery_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.webhooks_endpoint
    ADD CONSTRAINT webhooks_endpoint_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.webhooks_message
    ADD CONSTRAINT webhooks_message_pkey PRIMARY KEY (id);

CREATE INDEX alert_ended ON public.alerts_alert USING btree (ended_at, id);

CREATE UNIQUE INDEX alert_open_once ON public.alerts_alert USING btree (kind, about) WHERE (ended_at IS NULL);

CREATE INDEX alerts_notice_alert_id_c3b3c21b ON public.alerts_notice USING btree (alert_id);

CREATE INDEX attempt_at_work ON public.generation_attempt USING btree (provider_id) WHERE ((state)::text = ANY ((ARRAY['running'::character varying, 'waiting'::character varying])::text[]));

CREATE INDEX attempt_by_end ON public.generation_attempt USING btree (ended_at) WHERE (ended_at IS NOT NULL);

CREATE INDEX attempt_by_lease ON public.generation_attempt USING btree (lease_expires_at) WHERE ((state)::text = 'running'::text);

CREATE INDEX attempt_by_run_until ON public.generation_attempt USING btree (run_until) WHERE ((state)::text = ANY ((ARRAY['running'::character varying, 'waiting'::character varying])::text[]));

CREATE INDEX attempt_late ON public.generation_attempt USING btree (late_at) WHERE (late_at IS NOT NULL);

CREATE UNIQUE INDEX attempt_one_live ON public.generation_attempt USING btree (task_id) WHERE ((state)::text = ANY ((ARRAY['queued'::character varying, 'running'::character varying, 'waiting'::character varying, 'unknown'::character varying])::text[]));

CREATE INDEX attempt_spending ON public.generation_attempt USING btree (provider_id) INCLUDE (dearest_usd) WHERE ((ended_at IS NULL) AND (sending_at IS NOT NULL));

CREATE INDEX attempt_spent ON public.generation_attempt USING btree (provider_id, ended_at) INCLUDE (cost_usd) WHERE (cost_usd > (0)::numeric);

CREATE INDEX attempt_to_cancel ON public.generation_attempt USING btree (run_at) WHERE needs_cancel;

CREATE INDEX attempt_to_claim ON public.generation_attempt USING btree (share_id, run_at, id) WHERE ((state)::text = 'queued'::text);

CREATE INDEX attempt_to_look_for ON public.generation_attempt USING btree (look_at) WHERE ((state)::text = 'unknown'::text);

CREATE INDEX attempt_to_poll ON public.generation_attempt USING btree (run_at) WHERE ((state)::text = 'waiting'::text);

CREATE INDEX attempt_to_sweep ON public.generation_attempt USING btree (ended_at) WHERE needs_sweep;

CREATE INDEX attempt_unknown ON public.generation_attempt USING btree (task_id) WHERE ((state)::text = 'unknown'::text);

CREATE INDEX attempt_waiting ON public.generation_attempt USING btree (run_at, id) WHERE ((state)::text = 'queued'::text);

CREATE INDEX audit_by_age ON public.credits_auditrun USING btree (started_at);

CREATE INDEX auth_group_name_a6ea08ec_like ON public.auth_group USING btree (name varchar_pattern_ops);

CREATE INDEX auth_group_permissions_group_id_b120cbf9 ON public.auth_group_permissions USING btree (group_id);

CREATE INDEX auth_group_permissions_permission_id_84c5c92e ON public.auth_group_permissions USING btree (permission_id);

CREATE INDEX auth_permission_content_type_id_2f476e4b ON public.auth_permission USING btree (content_type_id);

CREATE INDEX batch_by_state ON public.generation_batch USING btree (platform_id, state, id DESC);

CREATE INDEX batch_of_platform ON public.generation_batch USING btree (platform_id, id DESC);

CREATE INDEX batch_of_user ON public.generation_batch USING btree (platform_id, "user", id DESC);

CREATE INDEX browser_token_by_age ON public.platforms_browsertoken USING btree (expires_at);

CREATE INDEX browser_token_of_platform ON public.platforms_browsertoken USING btree (platform_id, id DESC);

CREATE INDEX bulk_cancel_under_way ON public.generation_bulkcancel USING btree (id) WHERE (ended_at IS NULL);

CREATE INDEX closed_day_by_time ON public.generation_closedday USING btree (begins_at);

CREATE INDEX credits_auditrun_since_id_50306434 ON public.credits_auditrun USING btree (since_id);

CREATE INDEX credits_budget_api_key_id_c0c7c0f3 ON public.credits_budget USING btree (api_key_id);

CREATE INDEX credits_budget_purse_id_34e91e38 ON public.credits_budget USING btree (purse_id);

CREATE INDEX credits_budgetuse_count_id_6ff8c2b3 ON public.credits_budgetuse USING btree (count_id);

CREATE INDEX credits_defaultbudget_platform_id_48a36bb2 ON public.credits_defaultbudget USING btree (platform_id);

CREATE INDEX credits_freeuse_count_id_86e58936 ON public.credits_freeuse USING btree (count_id);

CREATE INDEX credits_freeze_purse_id_7fb86869 ON public.credits_freeze USING btree (purse_id);

CREATE INDEX credits_grantrequest_decided_by_id_803ac781 ON public.credits_grantrequest USING btree (decided_by_id);

CREATE INDEX credits_grantrequest_purse_id_d9369f85 ON public.credits_grantrequest USING btree (purse_id);

CREATE INDEX credits_grantrequest_requested_by_id_ee3f2df8 ON public.credits_grantrequest USING btree (requested_by_id);

CREATE INDEX credits_grantrule_kind_354078e0 ON public.credits_grantrule USING btree (kind);

CREATE INDEX credits_grantrule_kind_354078e0_like ON public.credits_grantrule USING btree (kind varchar_pattern_ops);

CREATE INDEX credits_grantrule_platform_id_a6abc3de ON public.credits_grantrule USING btree (platform_id);

CREATE INDEX credits_hold_purse_id_06c82e37 ON public.credits_hold USING btree (purse_id);

CREATE INDEX credits_lot_restores_id_e244c28b ON public.credits_lot USING btree (restores_id);

CREATE INDEX credits_lotuse_lot_id_8d8f812b ON public.credits_lotuse USING btree (lot_id);

CREATE INDEX credits_pricerule_platform_id_e259c353 ON public.credits_pricerule USING btree (platform_id);

CREATE INDEX credits_purse_platform_id_9406c396 ON public.credits_purse USING btree (platform_id);

CREATE INDEX credits_stop_allowed_by_id_16898f45 ON public.credits_stop USING btree (allowed_by_id);

CREATE INDEX credits_stop_purse_id_c828c608 ON public.credits_stop USING btree (purse_id);

CREATE INDEX credits_stop_stopped_by_id_a3d24b8d ON public.credits_stop USING btree (stopped_by_id);

CREATE INDEX credits_transfer_hold_id_66bc3d25 ON public.credits_transfer USING btree (hold_id);

CREATE INDEX delivery_due ON public.webhooks_delivery USING btree (due_at) WHERE ((state)::text = 'waiting'::text);

CREATE INDEX delivery_of_endpoint ON public.webhooks_delivery USING btree (endpoint_id, id DESC);

CREATE INDEX delivery_waiting ON public.webhooks_delivery USING btree (receiver, due_at) WHERE ((state)::text = 'waiting'::text);

CREATE INDEX direct_upload_by_age ON public.storage_directupload USING btree (expires_at) WHERE (artifact_id IS NULL);

CREATE INDEX direct_upload_by_owner ON public.storage_directupload USING btree (platform_id, "user", sha256);

CREATE INDEX django_admin_log_content_type_id_c4bce8eb ON public.django_admin_log USING btree (content_type_id);

CREATE INDEX django_admin_log_user_id_c564eba6 ON public.django_admin_log USING btree (user_id);

CREATE INDEX django_session_expire_date_a5c62663 ON public.django_session USING btree (expire_date);

CREATE INDEX django_session_session_key_c0390e0f_like ON public.django_session USING btree (session_key varchar_pattern_ops);

CREATE INDEX edit_file_by_age ON public.storage_artifact USING btree (platform_id, created_at) WHERE ((gone_at IS NULL) AND (withheld_at IS NULL) AND ((key)::text ~~ 'edits/%'::text));

CREATE UNIQUE INDEX endpoint_of_orders_once ON public.webhooks_endpoint USING btree (platform_id) WHERE ((removed_at IS NULL) AND ((url)::text = ''::text));

CREATE INDEX endpoint_of_platform ON public.webhooks_endpoint USING btree (platform_id, id DESC);

CREATE UNIQUE INDEX erasure_once_at_a_time ON public.retention_erasure USING btree (platform_id, "user") WHERE (NOT ((state)::text = 'done'::text));

CREATE INDEX event_by_age ON public.generation_event USING btree (created_at);

CREATE INDEX event_by_position ON public.generation_event USING btree ("position");

CREATE INDEX event_exposed ON public.generation_event USING btree (created_at) WHERE ((data ? 'exposure_usd'::text) AND ((kind)::text = 'failed'::text));

CREATE INDEX favourite_of_user ON public.storage_artifact USING btree (platform_id, "user", id DESC) WHERE (favourite_at IS NOT NULL);

CREATE INDEX finding_of_picture ON public.generation_finding USING btree (artifact_id) WHERE (artifact_id IS NOT NULL);

CREATE INDEX finding_refused_by_age ON public.generation_finding USING btree (created_at) WHERE (task_id IS NULL);

CREATE INDEX finding_to_decide ON public.generation_finding USING btree (id) WHERE (((state)::text = 'open'::text) AND (task_id IS NOT NULL));

CREATE UNIQUE INDEX freeze_once_at_a_time ON public.credits_freeze USING btree (purse_id) WHERE (lifted_at IS NULL);

CREATE INDEX generation_accountkey_account_id_110e451f ON public.generation_accountkey USING btree (account_id);

CREATE INDEX generation_attempt_key_id_16f1f506 ON public.generation_attempt USING btree (key_id);

CREATE INDEX generation_attempt_provider_id_dae30a2b ON public.generation_attempt USING btree (provider_id);

CREATE INDEX generation_attempt_share_id_13497541 ON public.generation_attempt USING btree (share_id);

CREATE INDEX generation_attempt_task_id_a3b4ec8c ON public.generation_attempt USING btree (task_id);

CREATE INDEX generation_batch_platform_id_32cdba80 ON public.generation_batch USING btree (platform_id);

CREATE INDEX generation_bulkcancel_requested_by_id_2f5460b5 ON public.generation_bulkcancel USING btree (requested_by_id);

CREATE INDEX generation_describer_alias_e101eb37_like ON public.generation_describer USING btree (alias varchar_pattern_ops);

CREATE INDEX generation_event_attempt_id_1f0566ed ON public.generation_event USING btree (attempt_id);

CREATE INDEX generation_event_task_id_71e7da41 ON public.generation_event USING btree (task_id);

CREATE INDEX generation_finding_artifact_id_8ae639d0 ON public.generation_finding USING btree (artifact_id);

CREATE INDEX generation_finding_decided_by_id_4bc1c347 ON public.generation_finding USING btree (decided_by_id);

CREATE INDEX generation_finding_platform_id_3c98ffe4 ON public.generation_finding USING btree (platform_id);

CREATE INDEX generation_finding_task_id_225b5a71 ON public.generation_finding USING btree (task_id);

CREATE INDEX generation_finding_term_id_b7a2016f ON public.generation_finding USING btree (term_id);

CREATE INDEX generation_idempotencykey_platform_id_4b73db82 ON public.generation_idempotencykey USING btree (platform_id);

CREATE INDEX generation_idempotencykey_task_id_156c99cf ON public.generation_idempotencykey USING btree (task_id);

CREATE INDEX generation_lateoutput_attempt_id_95f5f857 ON public.generation_lateoutput USING btree (attempt_id);

CREATE INDEX generation_loopbeat_name_76c13d3e_like ON public.generation_loopbeat USING btree (name varchar_pattern_ops);

CREATE INDEX generation_moderator_alias_93e64e3e_like ON public.generation_moderator USING btree (alias varchar_pattern_ops);

CREATE INDEX generation_othername_name_a39f6f48_like ON public.generation_othername USING btree (name varchar_pattern_ops);

CREATE INDEX generation_output_task_id_efbc3bd6 ON public.generation_output USING btree (task_id);

CREATE INDEX generation_pace_provider_id_6a98678c ON public.generation_pace USING btree (provider_id);

CREATE INDEX generation_platformbacklog_platform_id_adc43372 ON public.generation_platformbacklog USING btree (platform_id);

CREATE INDEX generation_preferences_platform_id_5ea42e76 ON public.generation_preferences USING btree (platform_id);

CREATE INDEX generation_provider_alias_fd46cb2c_like ON public.generation_provider USING btree (alias varchar_pattern_ops);

CREATE INDEX generation_providermodel_provider_id_f403407e ON public.generation_providermodel USING btree (provider_id);

CREATE INDEX generation_queue_name_65239808_like ON public.generation_queue USING btree (name varchar_pattern_ops);

CREATE INDEX generation_refundbatch_requested_by_id_9c4cd6ae ON public.generation_refundbatch USING btree (requested_by_id);

CREATE INDEX generation_refundrequest_batch_id_463cc9a7 ON public.generation_refundrequest USING btree (batch_id);

CREATE INDEX generation_refundrequest_decided_by_id_c7a2f382 ON public.generation_refundrequest USING btree (decided_by_id);

CREATE INDEX generation_refundrequest_requested_by_id_e64a9403 ON public.generation_refundrequest USING btree (requested_by_id);

CREATE INDEX generation_refundrequest_task_id_6a762312 ON public.generation_refundrequest USING btree (task_id);

CREATE INDEX generation_share_platform_id_3c7ada95 ON public.generation_share USING btree (platform_id);

CREATE INDEX generation_subject_platform_id_b825c62f ON public.generation_subject USING btree (platform_id);

CREATE INDEX generation_task_platform_id_4717376f ON public.generation_task USING btree (platform_id);

CREATE INDEX generation_task_template_version_id_929ad90c ON public.generation_task USING btree (template_version_id);

CREATE INDEX generation_taskcount_platform_id_60674b98 ON public.generation_taskcount USING btree (platform_id);

CREATE INDEX generation_trainingjob_set_id_f227a73e ON public.generation_trainingjob USING btree (set_id);

CREATE INDEX generation_trainingpicture_set_id_3611d265 ON public.generation_trainingpicture USING btree (set_id);

CREATE INDEX generation_trainingset_name_dd2790cd_like ON public.generation_trainingset USING btree (name varchar_pattern_ops);

CREATE INDEX generation_trainingset_offer_id_f6052fff ON public.generation_trainingset USING btree (offer_id);

CREATE INDEX generation_trainingset_platform_id_99992c5e ON public.generation_trainingset USING btree (platform_id);

CREATE INDEX generation_userbacklog_platform_id_f86deef7 ON public.generation_userbacklog USING btree (platform_id);

CREATE INDEX generation_worker_name_0f198645_like ON public.generation_worker USING btree (name varchar_pattern_ops);

CREATE INDEX generation_workerdeath_provider_id_42838de7 ON public.generation_workerdeath USING btree (provider_id);

CREATE INDEX grant_request_alone ON public.credits_grantrequest USING btree (requested_by_id, created_at) WHERE ((decided_by_id IS NULL) AND ((state)::text = 'done'::text));

CREATE INDEX grant_request_pending ON public.credits_grantrequest USING btree (id) WHERE ((state)::text = 'pending'::text);

CREATE INDEX hold_open_by_expiry ON public.credits_hold USING btree (expires_at) WHERE (settled_at IS NULL);

CREATE INDEX idempotency_key_by_age ON public.platforms_idempotencykey USING btree (scope, created_at);

CREATE INDEX key_to_use ON public.generation_accountkey USING btree (account_id, last_used_at) WHERE is_enabled;

CREATE INDEX legal_hold_lying ON public.retention_legalhold USING btree (platform_id, "user") WHERE (lifted_at IS NULL);

CREATE INDEX lot_of_purse ON public.credits_lot USING btree (purse_id, expires_at, id);

CREATE INDEX lot_with_credits ON public.credits_lot USING btree (expires_at) WHERE (remaining > 0);

CREATE INDEX message_by_age ON public.webhooks_message USING btree (created_at);

CREATE INDEX notice_due ON public.alerts_notice USING btree (due_at) WHERE ((state)::text = 'waiting'::text);

CREATE UNIQUE INDEX one_house ON public.platforms_platform USING btree (is_house) WHERE is_house;

CREATE INDEX output_file_by_age ON public.storage_artifact USING btree (platform_id, created_at) WHERE ((gone_at IS NULL) AND (withheld_at IS NULL) AND ((key)::text ~~ 'outputs/%'::text));

CREATE INDEX picture_reviewed ON public.storage_artifact USING btree (id) WHERE ((gone_at IS NULL) AND (withheld_at IS NULL) AND (NOT ((review)::text = ''::text)));

CREATE INDEX picture_to_approve ON public.storage_artifact USING btree (id) WHERE ((gone_at IS NULL) AND (withheld_at IS NULL) AND ((review)::text = 'waiting'::text));

CREATE INDEX platforms_apikey_platform_id_71e1b2d9 ON public.platforms_apikey USING btree (platform_id);

CREATE INDEX platforms_apikey_prefix_227a9ce3_like ON public.platforms_apikey USING btree (prefix varchar_pattern_ops);

CREATE INDEX platforms_apikey_previous_prefix_3e469924_like ON public.platforms_apikey USING btree (previous_prefix varchar_pattern_ops);

CREATE INDEX platforms_browsertoken_key_id_0f20d73d ON public.platforms_browsertoken USING btree (key_id);

CREATE INDEX platforms_browsertoken_platform_id_105edd50 ON public.platforms_browsertoken USING btree (platform_id);

CREATE INDEX platforms_browsertoken_prefix_b195e684_like ON public.platforms_browsertoken USING btree (prefix varchar_pattern_ops);

CREATE INDEX platforms_idempotencykey_made_id_b8834695 ON public.platforms_idempotencykey USING btree (made_id);

CREATE INDEX platforms_idempotencykey_platform_id_bdf5c524 ON public.platforms_idempotencykey USING btree (platform_id);

CREATE INDEX platforms_plan_code_704a34b5_like ON public.platforms_plan USING btree (code varchar_pattern_ops);

CREATE INDEX platforms_platform_code_03fd9ee1_like ON public.platforms_platform USING btree (code varchar_pattern_ops);

CREATE INDEX platforms_platform_plan_id_5874afb7 ON public.platforms_platform USING btree (plan_id);

CREATE INDEX platforms_tokenorigin_token_id_8b8d933e ON public.platforms_tokenorigin USING btree (token_id);

CREATE INDEX queue_change_newest ON public.generation_queuechange USING btree (queue, id DESC);

CREATE INDEX refund_request_alone ON public.generation_refundrequest USING btree (requested_by_id, created_at) WHERE (decided_by_id IS NULL);

CREATE INDEX refund_request_approved ON public.generation_refundrequest USING btree (batch_id, id) WHERE ((state)::text = 'approved'::text);

CREATE INDEX refund_request_pending ON public.generation_refundrequest USING btree (batch_id, id) WHERE ((state)::text = 'pending'::text);

CREATE INDEX retention_erasure_platform_id_4a90251e ON public.retention_erasure USING btree (platform_id);

CREATE INDEX retention_legalhold_laid_by_id_0f159af5 ON public.retention_legalhold USING btree (laid_by_id);

CREATE INDEX retention_legalhold_lifted_by_id_e826d53f ON public.retention_legalhold USING btree (lifted_by_id);

CREATE INDEX retention_legalhold_platform_id_ed49e32c ON public.retention_legalhold USING btree (platform_id);

CREATE INDEX retention_rulereport_rule_c57afdc8_like ON public.retention_rulereport USING btree (rule varchar_pattern_ops);

CREATE INDEX share_by_start ON public.generation_share USING btree (queue, priority, virtual_start DESC);

CREATE INDEX share_link_by_age ON public.storage_sharelink USING btree (expires_at);

CREATE INDEX share_to_serve ON public.generation_share USING btree (queue, priority, virtual_start, id) WHERE (waiting > 0);

CREATE INDEX staff_session_by_age ON public.users_staffsession USING btree (begun_at);

CREATE UNIQUE INDEX stop_once_at_a_time ON public.credits_stop USING btree (purse_id) WHERE (allowed_at IS NULL);

CREATE INDEX storage_artifact_key_781e6773 ON public.storage_artifact USING btree (key);

CREATE INDEX storage_artifact_key_781e6773_like ON public.storage_artifact USING btree (key varchar_pattern_ops);

CREATE INDEX storage_artifact_platform_id_b4280292 ON public.storage_artifact USING btree (platform_id);

CREATE INDEX storage_directupload_artifact_id_eceb98ca ON public.storage_directupload USING btree (artifact_id);

CREATE INDEX storage_directupload_platform_id_60f7a137 ON public.storage_directupload USING btree (platform_id);

CREATE INDEX storage_edit_logos_artifact_id_c1f08658 ON public.storage_edit_logos USING btree (artifact_id);

CREATE INDEX storage_edit_logos_edit_id_fd1ac846 ON public.storage_edit_logos USING btree (edit_id);

CREATE INDEX storage_edit_parent_id_804d7929 ON public.storage_edit USING btree (parent_id);

CREATE INDEX storage_review_artifact_id_e84fe251 ON public.storage_review USING btree (artifact_id);

CREATE INDEX storage_review_decided_by_id_76845cf8 ON public.storage_review USING btree (decided_by_id);

CREATE INDEX storage_sharelink_artifact_id_d8a23ffb ON public.storage_sharelink USING btree (artifact_id);

CREATE INDEX storage_storageuse_platform_id_5a15c404 ON public.storage_storageuse USING btree (platform_id);

CREATE INDEX storage_takedown_taken_by_id_b3036fee ON public.storage_takedown USING btree (taken_by_id);

CREATE INDEX storage_uploadfolder_folder_be7456f1_like ON public.storage_uploadfolder USING btree (folder varchar_pattern_ops);

CREATE INDEX storage_uploadfolder_platform_id_d9007c34 ON public.storage_uploadfolder USING btree (platform_id);

CREATE INDEX storage_uploadkey_artifact_id_61730ebd ON public.storage_uploadkey USING btree (artifact_id);

CREATE INDEX storage_uploadkey_platform_id_57bf87e8 ON public.storage_uploadkey USING btree (platform_id);

CREATE INDEX subject_by_age ON public.generation_subject USING btree (used_at);

CREATE INDEX subject_of_user ON public.generation_subject USING btree (platform_id, "user", id DESC);

CREATE INDEX task_by_failure ON public.generation_task USING btree (error_code, id DESC) WHERE ((error_code)::text > ''::text);

CREATE INDEX task_by_request ON public.generation_tasktext USING btree (request_id);

CREATE INDEX task_drawn_by_key ON public.generation_task USING btree (cache_key, id DESC) WHERE (((cache_key)::text > ''::text) AND (cached_from_id IS NULL) AND ((state)::text = 'completed'::text));

CREATE UNIQUE INDEX task_leads_alone ON public.generation_task USING btree (leads) WHERE (((leads)::text > ''::text) AND ((state)::text = ANY ((ARRAY['pending'::character varying, 'processing'::character varying])::text[])));

CREATE INDEX task_live_by_deadline ON public.generation_task USING btree (deadline_at) WHERE ((state)::text = ANY ((ARRAY['pending'::character varying, 'processing'::character varying])::text[]));

CREATE INDEX task_live_by_key ON public.generation_task USING btree (cache_key) WHERE (((cache_key)::text > ''::text) AND ((state)::text = ANY ((ARRAY['pending'::character varying, 'processing'::character varying])::text[])));

CREATE INDEX task_of_batch ON public.generation_task USING btree (batch_id, id DESC) WHERE (batch_id IS NOT NULL);

CREATE INDEX task_of_platform ON public.generation_task USING btree (platform_id, id DESC);

CREATE INDEX task_of_user ON public.generation_task USING btree (platform_id, "user", id DESC);

CREATE INDEX task_of_version ON public.generation_task USING btree (template_version_id, id DESC) WHERE (template_version_id IS NOT NULL);

CREATE INDEX task_text ON public.generation_tasktext USING gin (text public.gin_trgm_ops);

CREATE INDEX task_texts_by_age ON public.generation_task USING btree (platform_id, created_at) WHERE (((state)::text = ANY ((ARRAY['canceled'::character varying, 'completed'::character varying, 'failed'::character varying])::text[])) AND (texts_gone_at IS NULL));

CREATE UNIQUE INDEX template_one_draft ON public.templates_templateversion USING btree (template_id) WHERE (published_at IS NULL);

CREATE INDEX templates_style_code_4efdf09b_like ON public.templates_style USING btree (code varchar_pattern_ops);

CREATE INDEX templates_template_code_34a1648a_like ON public.templates_template USING btree (code varchar_pattern_ops);

CREATE INDEX templates_template_published_id_426e58aa ON public.templates_template USING btree (published_id);

CREATE INDEX templates_templateversion_template_id_006bbfdb ON public.templates_templateversion USING btree (template_id);

CREATE INDEX token_origin_newest ON public.platforms_tokenorigin USING btree (origin, expires_at DESC);

CREATE INDEX training_live ON public.generation_trainingjob USING btree (created_at) WHERE ((state)::text = ANY ((ARRAY['waiting'::character varying, 'running'::character varying])::text[]));

CREATE INDEX transfer_by_time ON public.credits_transfer USING btree (created_at);

CREATE INDEX undescribed_by_time ON public.generation_undescribed USING btree (due_at);

CREATE INDEX upload_file_by_age ON public.storage_artifact USING btree (platform_id, created_at) WHERE ((gone_at IS NULL) AND (withheld_at IS NULL) AND ((key)::text ~~ 'uploads/%'::text) AND (used_at IS NOT NULL));

CREATE INDEX upload_folder_by_age ON public.storage_uploadfolder USING btree (created_at);

CREATE INDEX upload_unused_by_age ON public.storage_artifact USING btree (created_at) WHERE (((key)::text ~~ 'uploads/%'::text) AND (used_at IS NULL));

CREATE INDEX users_recoverycode_step_id_99bbb834 ON public.users_recoverycode USING btree (step_id);

CREATE INDEX users_shippedright_group_id_4d6e9f87 ON public.users_shippedright USING btree (group_id);

CREATE INDEX users_shippedright_permission_id_95ac98c2 ON public.users_shippedright USING btree (permission_id);

CREATE INDEX users_staffsession_session_key_1e7c02d9_like ON public.users_staffsession USING btree (session_key varchar_pattern_ops);

CREATE INDEX users_staffsession_user_id_05f7c652 ON public.users_staffsession USING btree (user_id);

CREATE INDEX users_user_groups_group_id_9afc8d0e ON public.users_user_groups USING btree (group_id);

CREATE INDEX users_user_groups_user_id_5f6f5a90 ON public.users_user_groups USING btree (user_id);

CREATE INDEX users_user_user_permissions_permission_id_0b93982e ON public.users_user_user_permissions USING btree (permission_id);

CREATE INDEX users_user_user_permissions_user_id_20aca447 ON public.users_user_user_permissions USING btree (user_id);

CREATE INDEX users_user_username_06e46fe6_like ON public.users_user USING btree (username varchar_pattern_ops);

CREATE INDEX webhooks_delivery_endpoint_id_6cbee67d ON public.webhooks_delivery USING btree (endpoint_id);

CREATE INDEX webhooks_delivery_message_id_a0da0826 ON public.webhooks_delivery USING btree (message_id);

CREATE INDEX webhooks_endpoint_platform_id_c5e73054 ON public.webhooks_endpoint USING btree (platform_id);

CREATE INDEX webhooks_message_platform_id_76652f72 ON public.webhooks_message USING btree (platform_id);

CREATE INDEX withheld_file_by_age ON public.storage_artifact USING btree (platform_id, withheld_at) WHERE ((gone_at IS NULL) AND (withheld_at IS NOT NULL));

CREATE INDEX worker_death_by_age ON public.generation_workerdeath USING btree (died_at);

CREATE TRIGGER artifact_use_added AFTER INSERT ON public.storage_artifact REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.storage_note_added();

CREATE TRIGGER artifact_use_gone AFTER UPDATE OF gone_at ON public.storage_artifact FOR EACH ROW WHEN (((old.gone_at IS NULL) <> (new.gone_at IS NULL))) EXECUTE FUNCTION public.storage_note_gone();

CREATE TRIGGER artifact_use_removed AFTER DELETE ON public.storage_artifact REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION public.storage_note_removed();

CREATE TRIGGER attempt_stays_ended BEFORE UPDATE OF state ON public.generation_attempt FOR EACH ROW EXECUTE FUNCTION public.generation_guard_end('succeeded', 'failed', 'canceled', 'abandoned');

CREATE TRIGGER audit_ends_once BEFORE UPDATE ON public.credits_auditrun FOR EACH ROW EXECUTE FUNCTION public.credits_guard_audit();

CREATE TRIGGER audit_is_never_truncated BEFORE TRUNCATE ON public.credits_auditrun FOR EACH STATEMENT EXECUTE FUNCTION public.credits_refuse();

CREATE TRIGGER audit_stays_while_it_counts BEFORE DELETE ON public.credits_auditrun FOR EACH ROW EXECUTE FUNCTION public.credits_guard_audit_end();

CREATE CONSTRAINT TRIGGER batch_counts_its_tasks AFTER UPDATE OF state ON public.generation_task DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((new.batch_id IS NOT NULL) AND ((new.state)::text IS DISTINCT FROM (old.state)::text))) EXECUTE FUNCTION public.generation_count_batch();

CREATE TRIGGER event_is_told AFTER INSERT ON public.generation_event FOR EACH ROW EXECUTE FUNCTION public.generation_tell_event();

CREATE TRIGGER freeze_is_lifted_once BEFORE UPDATE ON public.credits_freeze FOR EACH ROW EXECUTE FUNCTION public.credits_guard_freeze();

CREATE TRIGGER freeze_is_never_deleted BEFORE DELETE ON public.credits_freeze FOR EACH ROW EXECUTE FUNCTION public.credits_refuse();

CREATE TRIGGER freeze_is_never_truncated BEFORE TRUNCATE ON public.credits_freeze FOR EACH STATEMENT EXECUTE FUNCTION public.credits_refuse();

CREATE TRIGGER hold_is_never_deleted BEFORE DELETE ON public.credits_hold FOR EACH ROW EXECUTE FUNCTION public.credits_refuse();

CREATE TRIGGER hold_is_never_truncated BEFORE TRUNCATE ON public.credits_hold FOR EACH STATEMENT EXECUTE FUNCTION public.credits_refuse();

CREATE TRIGGER hold_moves_forward BEFORE UPDATE ON public.credits_hold FOR EACH ROW EXECUTE FUNCTION public.credits_guard_hold();

CREATE TRIGGER lot_is_never_deleted BEFORE DELETE ON public.credits_lot FOR EACH ROW EXECUTE FUNCTION public.credits_refuse();

CREATE TRIGGER lot_is_never_truncated BEFORE TRUNCATE ON public.credits_lot FOR EACH STATEMENT EXECUTE FUNCTION public.credits_refuse();

CREATE TRIGGER lot_never_grows BEFORE UPDATE ON public.credits_lot FOR EACH ROW EXECUTE FUNCTION public.credits_guard_lot();

CREATE TRIGGER lotuse_is_never_deleted BEFORE DELETE ON public.credits_lotuse FOR EACH ROW EXECUTE FUNCTION public.credits_refuse();

CREATE TRIGGER lotuse_is_never_truncated BEFORE TRUNCATE ON public.credits_lotuse FOR EACH STATEMENT EXECUTE FUNCTION public.credits_refuse();

CREATE TRIGGER progress_is_told AFTER UPDATE OF progress, preview ON public.generation_attempt FOR EACH ROW WHEN (((new.ended_at IS NULL) AND ((new.progress IS DISTINCT FROM old.progress) OR (new.preview IS DISTINCT FROM old.preview)))) EXECUTE FUNCTION public.generation_tell_progress();

CREATE TRIGGER purse_is_never_deleted BEFORE DELETE ON public.credits_purse FOR EACH ROW EXECUTE FUNCTION public.credits_refuse();

CREATE TRIGGER purse_is_never_truncated BEFORE TRUNCATE ON public.credits_purse FOR EACH STATEMENT EXECUTE FUNCTION public.credits_refuse();

CREATE TRIGGER share_counts AFTER INSERT OR UPDATE OF state ON public.generation_attempt FOR EACH ROW EXECUTE FUNCTION public.generation_count_share();

CREATE TRIGGER task_is_searchable AFTER INSERT ON public.generation_task FOR EACH ROW EXECUTE FUNCTION public.generation_write_text();

CREATE TRIGGER task_stays_ended BEFORE UPDATE OF state ON public.generation_task FOR EACH ROW EXECUTE FUNCTION public.generation_guard_end('completed', 'failed', 'canceled');

CREATE TRIGGER tasks_are_counted AFTER INSERT ON public.generation_task FOR EACH ROW EXECUTE FUNCTION public.generation_count_task();

CREATE TRIGGER terms_tell_of_changes AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.generation_term FOR EACH STATEMENT EXECUTE FUNCTION public.generation_terms_changed();

CREATE TRIGGER transfer_is_append_only BEFORE DELETE OR UPDATE ON public.credits_transfer FOR EACH ROW EXECUTE FUNCTION public.credits_refuse();

CREATE TRIGGER transfer_is_never_truncated BEFORE TRUNCATE ON public.credits_transfer FOR EACH STATEMENT EXECUTE FUNCTION public.credits_refuse();

CREATE TRIGGER under_way_counts AFTER INSERT OR UPDATE OF state ON public.generation_attempt FOR EACH ROW EXECUTE FUNCTION public.generation_count_backlog();

CREATE TRIGGER version_is_immutable BEFORE DELETE OR UPDATE ON public.templates_templateversion FOR EACH ROW EXECUTE FUNCTION public.templates_guard_version();

CREATE TRIGGER version_is_never_truncated BEFORE TRUNCATE ON public.templates_templateversion FOR EACH STATEMENT EXECUTE FUNCTION public.templates_refuse();

CREATE TRIGGER weigh_day_anew AFTER UPDATE OF captured, refunded ON public.credits_hold FOR EACH ROW WHEN ((((old.settled_at IS NOT NULL) OR (old.created_at < (clock_timestamp() - '00:10:00'::interval))) AND ((old.captured IS DISTINCT FROM new.captured) OR (old.refunded IS DISTINCT FROM new.refunded)))) EXECUTE FUNCTION public.generation_reopen_days_of_hold();

CREATE TRIGGER weigh_day_anew AFTER UPDATE OF state, provider_id, cost, cost_usd, usage, ended_at ON public.generation_attempt FOR EACH ROW WHEN (((LEAST(old.ended_at, new.ended_at) < (clock_timestamp() - '00:10:00'::interval)) AND (((((((old.state)::text IS DISTINCT FROM (new.state)::text) OR (old.provider_id IS DISTINCT FROM new.provider_id)) OR (old.cost IS DISTINCT FROM new.cost)) OR (old.cost_usd IS DISTINCT FROM new.cost_usd)) OR (old.usage IS DISTINCT FROM new.usage)) OR (old.ended_at IS DISTINCT FROM new.ended_at)))) EXECUTE FUNCTION public.generation_reopen_days_of_attempt();

CREATE TRIGGER weigh_day_anew AFTER UPDATE OF state, model, step, platform_id, template_version_id, error_code, cost_usd, created_at, started_at, completed_at, cached_from_id ON public.generation_task FOR EACH ROW WHEN (((old.created_at < (clock_timestamp() - '00:10:00'::interval)) AND ((((((((((((old.state)::text IS DISTINCT FROM (new.state)::text) OR ((old.model)::text IS DISTINCT FROM (new.model)::text)) OR (old.step IS DISTINCT FROM new.step)) OR (old.platform_id IS DISTINCT FROM new.platform_id)) OR (old.template_version_id IS DISTINCT FROM new.template_version_id)) OR ((old.error_code)::text IS DISTINCT FROM (new.error_code)::text)) OR (old.cost_usd IS DISTINCT FROM new.cost_usd)) OR (old.created_at IS DISTINCT FROM new.created_at)) OR (old.started_at IS DISTINCT FROM new.started_at)) OR (old.completed_at IS DISTINCT FROM new.completed_at)) OR (old.cached_from_id IS DISTINCT FROM new.cached_from_id)))) EXECUTE FUNCTION public.generation_reopen_days_of_task();

ALTER TABLE ONLY public.alerts_notice
    ADD CONSTRAINT alerts_notice_alert_id_c3b3c21b_fk_alerts_alert_id FOREIGN KEY (alert_id) REFERENCES public.alerts_alert(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissio_permission_id_84c5c92e_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_b120cbf9_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_2f476e4b_fk_django_co FOREIGN KEY (content_type_id) REFERENCES public.django_content_type(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_auditrun
    ADD CONSTRAINT credits_auditrun_since_id_50306434_fk_credits_auditrun_id FOREIGN KEY (since_id) REFERENCES public.credits_auditrun(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_budget
    ADD CONSTRAINT credits_budget_api_key_id_c0c7c0f3_fk_platforms_apikey_id FOREIGN KEY (api_key_id) REFERENCES public.platforms_apikey(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_budget
    ADD CONSTRAINT credits_budget_purse_id_34e91e38_fk_credits_purse_id FOREIGN KEY (purse_id) REFERENCES public.credits_purse(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_budgetuse
    ADD CONSTRAINT credits_budgetuse_count_id_6ff8c2b3_fk_credits_count_id FOREIGN KEY (count_id) REFERENCES public.credits_count(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_budgetuse
    ADD CONSTRAINT credits_budgetuse_hold_id_45c16d62_fk_credits_hold_id FOREIGN KEY (hold_id) REFERENCES public.credits_hold(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_defaultbudget
    ADD CONSTRAINT credits_defaultbudge_platform_id_48a36bb2_fk_platforms FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_freeuse
    ADD CONSTRAINT credits_freeuse_count_id_86e58936_fk_credits_count_id FOREIGN KEY (count_id) REFERENCES public.credits_count(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_freeze
    ADD CONSTRAINT credits_freeze_purse_id_7fb86869_fk_credits_purse_id FOREIGN KEY (purse_id) REFERENCES public.credits_purse(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_grantrequest
    ADD CONSTRAINT credits_grantrequest_decided_by_id_803ac781_fk_users_user_id FOREIGN KEY (decided_by_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_grantrequest
    ADD CONSTRAINT credits_grantrequest_purse_id_d9369f85_fk_credits_purse_id FOREIGN KEY (purse_id) REFERENCES public.credits_purse(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_grantrequest
    ADD CONSTRAINT credits_grantrequest_requested_by_id_ee3f2df8_fk_users_user_id FOREIGN KEY (requested_by_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_grantrequest
    ADD CONSTRAINT credits_grantrequest_transfer_id_09a7fbae_fk_credits_t FOREIGN KEY (transfer_id) REFERENCES public.credits_transfer(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_grantrule
    ADD CONSTRAINT credits_grantrule_platform_id_a6abc3de_fk_platforms_platform_id FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_hold
    ADD CONSTRAINT credits_hold_purse_id_06c82e37_fk_credits_purse_id FOREIGN KEY (purse_id) REFERENCES public.credits_purse(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_lot
    ADD CONSTRAINT credits_lot_purse_id_c73cb54e_fk_credits_purse_id FOREIGN KEY (purse_id) REFERENCES public.credits_purse(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_lot
    ADD CONSTRAINT credits_lot_restores_id_e244c28b_fk_credits_lot_id FOREIGN KEY (restores_id) REFERENCES public.credits_lot(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_lotuse
    ADD CONSTRAINT credits_lotuse_hold_id_9d971692_fk_credits_hold_id FOREIGN KEY (hold_id) REFERENCES public.credits_hold(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_lotuse
    ADD CONSTRAINT credits_lotuse_lot_id_8d8f812b_fk_credits_lot_id FOREIGN KEY (lot_id) REFERENCES public.credits_lot(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_pricerule
    ADD CONSTRAINT credits_pricerule_platform_id_e259c353_fk_platforms_platform_id FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_purse
    ADD CONSTRAINT credits_purse_platform_id_9406c396_fk_platforms_platform_id FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_stop
    ADD CONSTRAINT credits_stop_allowed_by_id_16898f45_fk_users_user_id FOREIGN KEY (allowed_by_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_stop
    ADD CONSTRAINT credits_stop_purse_id_c828c608_fk_credits_purse_id FOREIGN KEY (purse_id) REFERENCES public.credits_purse(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_stop
    ADD CONSTRAINT credits_stop_stopped_by_id_a3d24b8d_fk_users_user_id FOREIGN KEY (stopped_by_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.credits_transfer
    ADD CONSTRAINT credits_transfer_hold_id_66bc3d25_fk_credits_hold_id FOREIGN KEY (hold_id) REFERENCES public.credits_hold(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.django_admin_log
    ADD CONSTRAINT django_admin_log_content_type_id_c4bce8eb_fk_django_co FOREIGN KEY (content_type_id) REFERENCES public.django_content_type(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.django_admin_log
    ADD CONSTRAINT django_admin_log_user_id_c564eba6_fk_users_user_id FOREIGN KEY (user_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_accountkey
    ADD CONSTRAINT generation_accountke_account_id_110e451f_fk_generatio FOREIGN KEY (account_id) REFERENCES public.generation_provider(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_appeal
    ADD CONSTRAINT generation_appeal_task_id_938fa081_fk_generation_task_id FOREIGN KEY (task_id) REFERENCES public.generation_task(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_attempt
    ADD CONSTRAINT generation_attempt_key_id_16f1f506_fk_generation_accountkey_id FOREIGN KEY (key_id) REFERENCES public.generation_accountkey(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_attempt
    ADD CONSTRAINT generation_attempt_provider_id_dae30a2b_fk_generatio FOREIGN KEY (provider_id) REFERENCES public.generation_provider(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_attempt
    ADD CONSTRAINT generation_attempt_share_id_13497541_fk_generation_share_id FOREIGN KEY (share_id) REFERENCES public.generation_share(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_attempt
    ADD CONSTRAINT generation_attempt_task_id_a3b4ec8c_fk_generation_task_id FOREIGN KEY (task_id) REFERENCES public.generation_task(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_batch
    ADD CONSTRAINT generation_batch_platform_id_32cdba80_fk_platforms_platform_id FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_bulkcancel
    ADD CONSTRAINT generation_bulkcancel_requested_by_id_2f5460b5_fk_users_user_id FOREIGN KEY (requested_by_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_daycost
    ADD CONSTRAINT generation_daycost_account_id_c211c2ed_fk_generatio FOREIGN KEY (account_id) REFERENCES public.generation_provider(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_daycost
    ADD CONSTRAINT generation_daycost_closed_day_id_217f0b6d_fk_generatio FOREIGN KEY (closed_day_id) REFERENCES public.generation_closedday(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_daycost
    ADD CONSTRAINT generation_daycost_platform_id_a6fa3c0c_fk_platforms FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_daycount
    ADD CONSTRAINT generation_daycount_closed_day_id_6423636b_fk_generatio FOREIGN KEY (closed_day_id) REFERENCES public.generation_closedday(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_daytime
    ADD CONSTRAINT generation_daytime_closed_day_id_d02ed9b4_fk_generatio FOREIGN KEY (closed_day_id) REFERENCES public.generation_closedday(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_event
    ADD CONSTRAINT generation_event_attempt_id_1f0566ed_fk_generation_attempt_id FOREIGN KEY (attempt_id) REFERENCES public.generation_attempt(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_event
    ADD CONSTRAINT generation_event_task_id_71e7da41_fk_generation_task_id FOREIGN KEY (task_id) REFERENCES public.generation_task(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_finding
    ADD CONSTRAINT generation_finding_artifact_id_8ae639d0_fk_storage_artifact_id FOREIGN KEY (artifact_id) REFERENCES public.storage_artifact(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_finding
    ADD CONSTRAINT generation_finding_decided_by_id_4bc1c347_fk_users_user_id FOREIGN KEY (decided_by_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_finding
    ADD CONSTRAINT generation_finding_platform_id_3c98ffe4_fk_platforms FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_finding
    ADD CONSTRAINT generation_finding_task_id_225b5a71_fk_generation_task_id FOREIGN KEY (task_id) REFERENCES public.generation_task(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_finding
    ADD CONSTRAINT generation_finding_term_id_b7a2016f_fk_generation_term_id FOREIGN KEY (term_id) REFERENCES public.generation_term(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_lateoutput
    ADD CONSTRAINT generation_lateoutpu_artifact_id_5e5d8d0a_fk_storage_a FOREIGN KEY (artifact_id) REFERENCES public.storage_artifact(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_lateoutput
    ADD CONSTRAINT generation_lateoutpu_attempt_id_95f5f857_fk_generatio FOREIGN KEY (attempt_id) REFERENCES public.generation_attempt(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_localweights
    ADD CONSTRAINT generation_localweig_offer_id_a597cc7e_fk_generatio FOREIGN KEY (offer_id) REFERENCES public.generation_providermodel(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_output
    ADD CONSTRAINT generation_output_artifact_id_988d5ca8_fk_storage_artifact_id FOREIGN KEY (artifact_id) REFERENCES public.storage_artifact(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_output
    ADD CONSTRAINT generation_output_task_id_efbc3bd6_fk_generation_task_id FOREIGN KEY (task_id) REFERENCES public.generation_task(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_pace
    ADD CONSTRAINT generation_pace_provider_id_6a98678c_fk_generation_provider_id FOREIGN KEY (provider_id) REFERENCES public.generation_provider(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_platformbacklog
    ADD CONSTRAINT generation_platformb_platform_id_adc43372_fk_platforms FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_preferences
    ADD CONSTRAINT generation_preferenc_platform_id_5ea42e76_fk_platforms FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_providermodel
    ADD CONSTRAINT generation_providerm_provider_id_f403407e_fk_generatio FOREIGN KEY (provider_id) REFERENCES public.generation_provider(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_refundbatch
    ADD CONSTRAINT generation_refundbat_requested_by_id_9c4cd6ae_fk_users_use FOREIGN KEY (requested_by_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_refundrequest
    ADD CONSTRAINT generation_refundreq_batch_id_463cc9a7_fk_generatio FOREIGN KEY (batch_id) REFERENCES public.generation_refundbatch(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_refundrequest
    ADD CONSTRAINT generation_refundreq_decided_by_id_c7a2f382_fk_users_use FOREIGN KEY (decided_by_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_refundrequest
    ADD CONSTRAINT generation_refundreq_requested_by_id_e64a9403_fk_users_use FOREIGN KEY (requested_by_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_refundrequest
    ADD CONSTRAINT generation_refundrequest_task_id_6a762312_fk_generation_task_id FOREIGN KEY (task_id) REFERENCES public.generation_task(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_share
    ADD CONSTRAINT generation_share_platform_id_3c7ada95_fk_platforms_platform_id FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_subject
    ADD CONSTRAINT generation_subject_platform_id_b825c62f_fk_platforms FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_task
    ADD CONSTRAINT generation_task_batch_id_30a0ee00_fk_generation_batch_id FOREIGN KEY (batch_id) REFERENCES public.generation_batch(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_task
    ADD CONSTRAINT generation_task_cached_from_id_0995e86f_fk_generation_task_id FOREIGN KEY (cached_from_id) REFERENCES public.generation_task(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_task
    ADD CONSTRAINT generation_task_follows_id_1990dfab_fk_generation_attempt_id FOREIGN KEY (follows_id) REFERENCES public.generation_attempt(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_task
    ADD CONSTRAINT generation_task_platform_id_4717376f_fk_platforms_platform_id FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_task
    ADD CONSTRAINT generation_task_template_version_id_929ad90c_fk_templates FOREIGN KEY (template_version_id) REFERENCES public.templates_templateversion(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_taskcount
    ADD CONSTRAINT generation_taskcount_platform_id_60674b98_fk_platforms FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_tasktext
    ADD CONSTRAINT generation_tasktext_task_id_99cc4829_fk_generation_task_id FOREIGN KEY (task_id) REFERENCES public.generation_task(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_trainingjob
    ADD CONSTRAINT generation_trainingj_set_id_f227a73e_fk_generatio FOREIGN KEY (set_id) REFERENCES public.generation_trainingset(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_trainingpicture
    ADD CONSTRAINT generation_trainingp_artifact_id_f4706a0d_fk_storage_a FOREIGN KEY (artifact_id) REFERENCES public.storage_artifact(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_trainingpicture
    ADD CONSTRAINT generation_trainingp_set_id_3611d265_fk_generatio FOREIGN KEY (set_id) REFERENCES public.generation_trainingset(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_trainingset
    ADD CONSTRAINT generation_trainings_offer_id_f6052fff_fk_generatio FOREIGN KEY (offer_id) REFERENCES public.generation_providermodel(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_trainingset
    ADD CONSTRAINT generation_trainings_platform_id_99992c5e_fk_platforms FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_undescribed
    ADD CONSTRAINT generation_undescrib_artifact_id_f54e8d31_fk_storage_a FOREIGN KEY (artifact_id) REFERENCES public.storage_artifact(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_userbacklog
    ADD CONSTRAINT generation_userbackl_platform_id_f86deef7_fk_platforms FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.generation_workerdeath
    ADD CONSTRAINT generation_workerdea_provider_id_42838de7_fk_generatio FOREIGN KEY (provider_id) REFERENCES public.generation_provider(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.platforms_apikey
    ADD CONSTRAINT platforms_apikey_platform_id_71e1b2d9_fk_platforms_platform_id FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.platforms_browsertoken
    ADD CONSTRAINT platforms_browsertok_platform_id_105edd50_fk_platforms FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.platforms_browsertoken
    ADD CONSTRAINT platforms_browsertoken_key_id_0f20d73d_fk_platforms_apikey_id FOREIGN KEY (key_id) REFERENCES public.platforms_apikey(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.platforms_idempotencykey
    ADD CONSTRAINT platforms_idempotenc_platform_id_bdf5c524_fk_platforms FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.platforms_platform
    ADD CONSTRAINT platforms_platform_plan_id_5874afb7_fk_platforms_plan_id FOREIGN KEY (plan_id) REFERENCES public.platforms_plan(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.platforms_tokenorigin
    ADD CONSTRAINT platforms_tokenorigi_token_id_8b8d933e_fk_platforms FOREIGN KEY (token_id) REFERENCES public.platforms_browsertoken(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.retention_erasure
    ADD CONSTRAINT retention_erasure_platform_id_4a90251e_fk_platforms_platform_id FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.retention_keeping
    ADD CONSTRAINT retention_keeping_platform_id_9246737c_fk_platforms_platform_id FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.retention_legalhold
    ADD CONSTRAINT retention_legalhold_laid_by_id_0f159af5_fk_users_user_id FOREIGN KEY (laid_by_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.retention_legalhold
    ADD CONSTRAINT retention_legalhold_lifted_by_id_e826d53f_fk_users_user_id FOREIGN KEY (lifted_by_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.retention_legalhold
    ADD CONSTRAINT retention_legalhold_platform_id_ed49e32c_fk_platforms FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.storage_artifact
    ADD CONSTRAINT storage_artifact_platform_id_b4280292_fk_platforms_platform_id FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.storage_directupload
    ADD CONSTRAINT storage_directupload_artifact_id_eceb98ca_fk_storage_a FOREIGN KEY (artifact_id) REFERENCES public.storage_artifact(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.storage_directupload
    ADD CONSTRAINT storage_directupload_platform_id_60f7a137_fk_platforms FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.storage_edit
    ADD CONSTRAINT storage_edit_artifact_id_d20fdfbf_fk_storage_artifact_id FOREIGN KEY (artifact_id) REFERENCES public.storage_artifact(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.storage_edit_logos
    ADD CONSTRAINT storage_edit_logos_artifact_id_c1f08658_fk_storage_artifact_id FOREIGN KEY (artifact_id) REFERENCES public.storage_artifact(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.storage_edit_logos
    ADD CONSTRAINT storage_edit_logos_edit_id_fd1ac846_fk_storage_edit_artifact_id FOREIGN KEY (edit_id) REFERENCES public.storage_edit(artifact_id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.storage_edit
    ADD CONSTRAINT storage_edit_parent_id_804d7929_fk_storage_artifact_id FOREIGN KEY (parent_id) REFERENCES public.storage_artifact(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.storage_review
    ADD CONSTRAINT storage_review_artifact_id_e84fe251_fk_storage_artifact_id FOREIGN KEY (artifact_id) REFERENCES public.storage_artifact(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.storage_review
    ADD CONSTRAINT storage_review_decided_by_id_76845cf8_fk_users_user_id FOREIGN KEY (decided_by_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.storage_sharelink
    ADD CONSTRAINT storage_sharelink_artifact_id_d8a23ffb_fk_storage_artifact_id FOREIGN KEY (artifact_id) REFERENCES public.storage_artifact(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.storage_storageuse
    ADD CONSTRAINT storage_storageuse_platform_id_5a15c404_fk_platforms FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.storage_storageusestep
    ADD CONSTRAINT storage_storageusest_platform_id_bc8a4ea5_fk_platforms FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.storage_takedown
    ADD CONSTRAINT storage_takedown_artifact_id_de73b221_fk_storage_artifact_id FOREIGN KEY (artifact_id) REFERENCES public.storage_artifact(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.storage_takedown
    ADD CONSTRAINT storage_takedown_taken_by_id_b3036fee_fk_users_user_id FOREIGN KEY (taken_by_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.storage_uploadfolder
    ADD CONSTRAINT storage_uploadfolder_platform_id_d9007c34_fk_platforms FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.templates_template
    ADD CONSTRAINT templates_template_published_id_426e58aa_fk_templates FOREIGN KEY (published_id) REFERENCES public.templates_templateversion(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.templates_templateversion
    ADD CONSTRAINT templates_templateve_template_id_006bbfdb_fk_templates FOREIGN KEY (template_id) REFERENCES public.templates_template(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.templates_versionpicture
    ADD CONSTRAINT templates_versionpic_version_id_3f17d6b9_fk_templates FOREIGN KEY (version_id) REFERENCES public.templates_templateversion(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.users_identity
    ADD CONSTRAINT users_identity_user_id_ebb4570b_fk_users_user_id FOREIGN KEY (user_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.users_recoverycode
    ADD CONSTRAINT users_recoverycode_step_id_99bbb834_fk_users_secondstep_id FOREIGN KEY (step_id) REFERENCES public.users_secondstep(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.users_secondstep
    ADD CONSTRAINT users_secondstep_user_id_9ee893a2_fk_users_user_id FOREIGN KEY (user_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.users_shippedright
    ADD CONSTRAINT users_shippedright_group_id_4d6e9f87_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.users_shippedright
    ADD CONSTRAINT users_shippedright_permission_id_95ac98c2_fk_auth_permission_id FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.users_staffsession
    ADD CONSTRAINT users_staffsession_user_id_05f7c652_fk_users_user_id FOREIGN KEY (user_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.users_user_groups
    ADD CONSTRAINT users_user_groups_group_id_9afc8d0e_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.users_user_groups
    ADD CONSTRAINT users_user_groups_user_id_5f6f5a90_fk_users_user_id FOREIGN KEY (user_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.users_user_user_permissions
    ADD CONSTRAINT users_user_user_perm_permission_id_0b93982e_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.users_user_user_permissions
    ADD CONSTRAINT users_user_user_permissions_user_id_20aca447_fk_users_user_id FOREIGN KEY (user_id) REFERENCES public.users_user(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.webhooks_delivery
    ADD CONSTRAINT webhooks_delivery_endpoint_id_6cbee67d_fk_webhooks_endpoint_id FOREIGN KEY (endpoint_id) REFERENCES public.webhooks_endpoint(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.webhooks_delivery
    ADD CONSTRAINT webhooks_delivery_message_id_a0da0826_fk_webhooks_message_id FOREIGN KEY (message_id) REFERENCES public.webhooks_message(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.webhooks_endpoint
    ADD CONSTRAINT webhooks_endpoint_platform_id_c5e73054_fk_platforms_platform_id FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.webhooks_message
    ADD CONSTRAINT webhooks_message_platform_id_76652f72_fk_platforms_platform_id FOREIGN KEY (platform_id) REFERENCES public.platforms_platform(id) DEFERRABLE INITIALLY DEFERRED;

INSERT INTO public.django_migrations (app, name, applied) VALUES
    ('contenttypes', '0001_initial', now()),
    ('contenttypes', '0002_remove_content_type_name', now()),
    ('auth', '0001_initial', now()),
    ('auth', '0002_alter_permission_name_max_length', now()),
    ('auth', '0003_alter_user_email_max_length', now()),
    ('auth', '0004_alter_user_username_opts', now()),
    ('auth', '0005_alter_user_last_login_null', now()),
    ('auth', '0006_require_contenttypes_0002', now()),
    ('auth', '0007_alter_validators_add_error_messages', now()),
    ('auth', '0008_alter_user_username_max_length', now()),
    ('auth', '0009_alter_user_last_name_max_length', now()),
    ('auth', '0010_alter_group_name_max_length', now()),
    ('auth', '0011_update_proxy_permissions', now()),
    ('auth', '0012_alter_user_first_name_max_length', now()),
    ('users', '0001_initial', now()),
    ('admin', '0001_initial', now()),
    ('admin', '0002_logentry_remove_auto_add', now()),
    ('admin', '0003_logentry_add_action_flag_choices', now()),
    ('alerts', '0001_initial', now()),
    ('alerts', '0002_worker_full', now()),
    ('platforms', '0001_initial', now()),
    ('platforms', '0002_plans', now()),
    ('platforms', '0003_most_under_way', now()),
    ('platforms', '0004_idempotency_keys', now()),
    ('platforms', '0005_local_only', now()),
    ('platforms', '0006_usd_per_credit', now()),
    ('platforms', '0007_webhooks', now()),
    ('platforms', '0008_key_limits', now()),
    ('platforms', '0009_browser_tokens', now()),
    ('platforms', '0010_cache', now()),
    ('platforms', '0011_grant_keys', now()),
    ('platforms', '0012_moderation', now()),
    ('platforms', '0013_labels', now()),
    ('platforms', '0014_keeping', now()),
    ('platforms', '0015_approval', now()),
    ('platforms', '0016_house', now()),
    ('platforms', '0017_brand', now()),
    ('credits', '0001_initial', now()),
    ('credits', '0002_guards', now()),
    ('credits', '0003_lots_limits_prices', now()),
    ('credits', '0004_more_guards', now()),
    ('credits', '0005_free_uses', now()),
    ('credits', '0006_audits_go', now()),
    ('credits', '0007_keeping', now()),
    ('credits', '0008_stops_and_default_budgets', now()),
    ('credits', '0009_grant_requests', now()),
    ('credits', '0010_platform_prices', now()),
    ('storage', '0001_initial', now()),
    ('storage', '0002_upload_keys', now()),
    ('storage', '0003_upload_folders', now()),
    ('storage', '0004_unused_uploads', now()),
    ('storage', '0005_thumbnails_later', now()),
    ('storage', '0006_cache', now()),
    ('storage', '0007_moderation', now()),
    ('storage', '0008_edits_links_uploads', now()),
    ('storage', '0009_clips', now()),
    ('storage', '0010_edit_logos', now()),
    ('storage', '0011_clip_stills', now()),
    ('storage', '0012_keeping', now()),
    ('storage', '0013_approval', now()),
    ('storage', '0014_favourites', now()),
    ('storage', '0015_alt', now()),
    ('storage', '0016_taken_down', now()),
    ('templates', '0001_initial', now()),
    ('templates', '0002_guards', now()),
    ('templates', '0003_local_only', now()),
    ('templates', '0004_cache', now()),
    ('templates', '0005_phrases', now()),
    ('templates', '0006_operations', now()),
    ('templates', '0007_chain', now()),
    ('generation', '0001_initial', now()),
    ('generation', '0002_guards', now()),
    ('generation', '0003_refunds_and_prices', now()),
    ('generation', '0004_models', now()),
    ('generation', '0005_had_company', now()),
    ('generation', '0006_loop_beats', now()),
    ('generation', '0007_task_search', now()),
    ('generation', '0008_backlog', now()),
    ('generation', '0009_backlog_counts', now()),
    ('generation', '0010_checks_of_tasks', now()),
    ('generation', '0011_output_params', now()),
    ('generation', '0012_accounts_and_offers', now()),
    ('generation', '0013_one_key_table', now()),
    ('generation', '0014_waiting', now()),
    ('generation', '0015_local_weights', now()),
    ('generation', '0016_vendors', now()),
    ('generation', '0017_base_url', now()),
    ('generation', '0018_costs', now()),
    ('generation', '0019_desk', now()),
    ('generation', '0020_follows', now()),
    ('generation', '0021_strength', now()),
    ('generation', '0022_event_positions', now()),
    ('generation', '0023_webhook', now()),
    ('generation', '0024_taste', now()),
    ('generation', '0025_queue', now()),
    ('generation', '0026_lists', now()),
    ('generation', '0027_batches', now()),
    ('generation', '0028_cache', now()),
    ('generation', '0029_other_names', now()),
    ('generation', '0030_requests_and_tastes', now()),
    ('generation', '0031_moderation', now()),
    ('generation', '0032_clips', now()),
    ('generation', '0033_keeping', now()),
    ('generation', '0034_chain', now()),
    ('generation', '0035_describer', now()),
    ('generation', '0036_staff_orders', now()),
    ('generation', '0037_refunds_by_picture', now()),
    ('generation', '0038_queues', now()),
    ('generation', '0039_task_of_version', now()),
    ('generation', '0040_trace', now()),
    ('generation', '0041_trainings', now()),
    ('generation', '0042_event_exposed', now()),
    ('generation', '0043_bulk_cancels', now()),
    ('generation', '0044_closed_days', now()),
    ('generation', '0045_task_by_failure', now()),
    ('generation', '0046_days_reopen', now()),
    ('generation', '0047_references', now()),
    ('retention', '0001_initial', now()),
    ('retention', '0002_keeping', now()),
    ('sessions', '0001_initial', now()),
    ('templates', '0008_pictures', now()),
    ('templates', '0009_note', now()),
    ('templates', '0010_orders_and_sheets', now()),
    ('templates', '0011_references', now()),
    ('users', '0002_time_zone', now()),
    ('users', '0003_signing_in', now()),
    ('users', '0004_shipped_rights', now()),
    ('webhooks', '0001_initial', now()),
    ('webhooks', '0002_credits_low', now()),
    ('webhooks', '0003_batch_completed', now()),
    ('webhooks', '0004_pictures', now()),
    ('webhooks', '0005_picture_taken_down', now()),
    ('webhooks', '0006_trace', now());
