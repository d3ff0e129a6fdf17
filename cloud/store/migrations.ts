import { FIRST_HASH } from './journal.ts';

/**
 * The schema, grown in numbered steps. A released migration is never edited: a database that has it would differ from
 * one that gets it tomorrow. To change the schema, append one.
 */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  {
    name: 'lanes, jobs, steps, messages, journal',
    sql: `
      create table lane (
        name text primary key,
        state text,
        wake_at_ms integer
      ) strict, without rowid;
      create index lane_wake on lane (wake_at_ms) where wake_at_ms is not null;

      create table shared (
        one integer primary key check (one = 1),
        state text not null
      ) strict;

      create table job (
        seq integer primary key autoincrement,
        id text not null unique,
        lane text not null,
        status text not null check (status in ('waiting', 'queued', 'running', 'succeeded', 'failed', 'refused',
          'superseded', 'expired', 'cancelled')),
        exclusive integer not null check (exclusive in (0, 1)),
        sender text not null,
        command_id text,
        data text not null,
        accepted_at_ms integer not null,
        started_at_ms integer,
        finished_at_ms integer,
        deadline_at_ms integer,
        interrupt text,
        owner text,
        token integer not null default 0,
        lease_until_ms integer,
        check ((finished_at_ms is null) = (status in ('waiting', 'queued', 'running'))),
        check (status <> 'running' or (deadline_at_ms is not null and lease_until_ms is not null))
      ) strict;
      -- The lock of a lane: a second exclusive job cannot be running, whoever tries.
      create unique index job_alone on job (lane) where status = 'running' and exclusive = 1;
      -- Read by every decision: its cost must not grow with the history of the lane.
      create index job_unfinished on job (lane, seq) where finished_at_ms is null;
      create index job_lease on job (lease_until_ms) where status = 'running';
      create index job_lane on job (lane, seq);
      create index job_status on job (status, seq);

      -- Which job a sender's id is: the job that it made, or the one that it joined.
      create table command (
        sender text not null,
        command_id text not null,
        job_id text not null references job (id) on delete cascade,
        primary key (sender, command_id)
      ) strict, without rowid;
      create index command_job on command (job_id);

      create table step (
        job_id text not null references job (id) on delete cascade,
        place integer not null,
        name text not null,
        status text not null,
        started_at_ms integer not null,
        finished_at_ms integer,
        text text not null,
        detail text not null,
        primary key (job_id, name)
      ) strict, without rowid;

      create table outgoing (
        id integer primary key autoincrement,
        receiver text not null,
        key text,
        body text not null,
        expires_at_ms integer,
        created_at_ms integer not null,
        due_at_ms integer not null,
        attempts integer not null default 0,
        reason text
      ) strict;
      create index outgoing_line on outgoing (receiver, id);
      create unique index outgoing_newest on outgoing (receiver, key) where key is not null;

      create table journal (
        seq integer primary key,
        at_ms integer not null,
        kind text not null,
        lane text,
        text text not null,
        detail text not null,
        hash text not null
      ) strict;
      create trigger journal_never_changes before update on journal
      begin
        select raise(abort, 'the journal is append-only');
      end;
      create trigger journal_never_forgets before delete on journal
      begin
        select raise(abort, 'the journal is append-only');
      end;

      create table endpoint_lease (
        name text primary key,
        owner text not null,
        until_ms integer not null
      ) strict, without rowid;
    `,
  },
  {
    name: 'a journal that begins at an anchor',
    sql: `
      -- The last row that was taken out after it had been exported: what the first row that is left follows.
      create table journal_anchor (
        one integer primary key check (one = 1),
        seq integer not null,
        hash text not null
      ) strict;
      insert into journal_anchor (one, seq, hash) values (1, 0, '${FIRST_HASH}');
      create trigger journal_anchor_is_a_row before update on journal_anchor
      when new.seq <= old.seq or not exists (select 1 from journal where seq = new.seq and hash = new.hash)
      begin
        select raise(abort, 'the journal can begin only after one of its rows');
      end;
      create trigger journal_anchor_stays before delete on journal_anchor
      begin
        select raise(abort, 'the journal can begin only after one of its rows');
      end;
      drop trigger journal_never_forgets;
      create trigger journal_never_forgets before delete on journal
      when old.seq > (select seq from journal_anchor)
      begin
        select raise(abort, 'the journal is append-only');
      end;
    `,
  },
];
