-- Who may do what in the catalog: three roles, none of which can log in.
--
--   psql "$OWNER_URL" -v ON_ERROR_STOP=1 -f roles.sql
--
-- Run it as the owner of the catalog's schema (who ran `registry init`), with the right to
-- make roles, after each `registry init`; it can be run again. It grants in the schema that
-- search_path finds first. Then give each account its role:
--
--   GRANT registry_reader   TO dashboards;
--   GRANT registry_trainer  TO training;       -- runs that store data, train and evaluate
--   GRANT registry_promoter TO promotion;      -- runs that move pointers
--
-- What is left to the owner alone: `init`, `keys rotate`, `policy activate`, `collect`, `import`,
-- `restore`, `rebuild`; so nobody else writes policies or registry_keys.
--
-- Nobody but the owner deletes a row that the ledger vouches for, or changes an event. What a
-- role could still do with its own rights, such as appending an event that lies, `registry
-- verify` finds.

SET client_min_messages = warning;

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['registry_reader', 'registry_trainer', 'registry_promoter'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), role);
        -- Anew: what an earlier release granted and this one does not is taken back.
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', current_schema(), role);
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', current_schema(), role);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM %I', current_schema(), role);
    END LOOP;
    FOREACH role IN ARRAY ARRAY['registry_trainer', 'registry_promoter'] LOOP
        EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO %I', current_schema(), role);
    END LOOP;
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema());
END
$$;

-- Every change: one event, and the index. The index is derived and can be made anew.
GRANT INSERT ON events TO registry_trainer, registry_promoter;
GRANT INSERT, UPDATE ON heads TO registry_trainer, registry_promoter;
GRANT INSERT, UPDATE, DELETE
    ON indexed_models, indexed_versions, indexed_evaluations, text_terms, number_terms, edges
    TO registry_trainer, registry_promoter;

-- What people say about models and versions.
GRANT INSERT, UPDATE (value, actor, set_at) ON tags TO registry_trainer, registry_promoter;
GRANT INSERT, UPDATE (text, actor, set_at) ON descriptions TO registry_trainer, registry_promoter;

-- A new model brings its pointer, which holds nothing; only a promotion lets it hold a version.
GRANT INSERT ON pointers TO registry_trainer;
ALTER TABLE pointers ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS registry_reads ON pointers;
CREATE POLICY registry_reads ON pointers FOR SELECT
    TO registry_reader, registry_trainer, registry_promoter USING (true);
DROP POLICY IF EXISTS registry_declares ON pointers;
CREATE POLICY registry_declares ON pointers FOR INSERT TO registry_trainer
    WITH CHECK (version IS NULL AND digest IS NULL AND moved_at IS NULL AND generation = 0);
DROP POLICY IF EXISTS registry_moves ON pointers;
CREATE POLICY registry_moves ON pointers FOR UPDATE TO registry_promoter USING (true);

-- Declare, reserve, commit, evaluate.
GRANT INSERT, UPDATE (description, task, owners, tags, suite, suite_digest, policy, policy_digest,
    next_version) ON registered_models TO registry_trainer;
GRANT INSERT ON snapshots, evaluations, verdicts TO registry_trainer;
GRANT INSERT, UPDATE (state, digest, metadata, failure, run_id, finished_at) ON versions
    TO registry_trainer;

-- Watch deployments. Whoever trains observes; whoever moves pointers resolves what was about the
-- version before; and either opens, acknowledges and tells of alerts.
GRANT INSERT ON observations, monitoring_results TO registry_trainer;
GRANT INSERT, UPDATE (definition, digest, actor, set_at) ON monitored TO registry_trainer;
GRANT INSERT, UPDATE (generation, severity, state, count, partition, why, body, last_at,
    acknowledged_by, acknowledged_at, acknowledged_why, resolved_at, resolved_why)
    ON alerts TO registry_trainer, registry_promoter;
GRANT INSERT, UPDATE (addressed_at) ON outbox TO registry_trainer, registry_promoter;
GRANT INSERT, UPDATE (state, attempts, next_at, error, updated_at) ON deliveries
    TO registry_trainer, registry_promoter;

-- Publish to other registries, and look at what stands there.
GRANT INSERT, UPDATE (definition, digest, actor, set_at) ON mirrors TO registry_trainer;
GRANT INSERT, UPDATE (version_digest, foreign_name, foreign_number, url, sent_digest, receipt,
    actor, run_id, published_at) ON mirror_receipts TO registry_trainer;
GRANT INSERT, UPDATE (state, differences, since, verified_at, pointers, pointed_at, failures,
    error, failed_at, next_at) ON mirror_states TO registry_trainer;

-- Bring in what other kinds of registry have, as history: no pointer can be moved to it.
GRANT INSERT, UPDATE (source, address, foreign_name, foreign_number, digest, files, said,
    said_digest, actor, run_id) ON imported_versions TO registry_trainer;
GRANT INSERT, UPDATE (foreign_number, actor, seen_at) ON imported_aliases TO registry_trainer;

-- Promote, roll back; archive, unarchive, reject.
GRANT UPDATE (version, digest, generation, moved_at) ON pointers TO registry_promoter;
GRANT INSERT ON promotions, attestations TO registry_promoter;
GRANT INSERT, UPDATE (state, reason, actor, set_at) ON pointer_holds TO registry_promoter;
GRANT INSERT, UPDATE (mark, reason, actor, marked_at) ON marks TO registry_promoter;

-- What people sign: the signature is theirs, whoever writes it down.
GRANT INSERT ON approvals TO registry_promoter;

-- Recall data, and lift that: the one holds versions, the other frees them.
GRANT INSERT, UPDATE (state, reason, actor, set_at) ON recalls TO registry_promoter;
