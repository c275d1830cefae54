import type { Queryable } from '@tallystick/postgres';

/** What is derived and says how far it is, with the most that it may say. All in one statement: of one moment. */
const ahead = `
with head as (select coalesce(max(position), 0) as position from eventstore.events),
positions as (
  select 'relay' as what, max(position) as position from relay.positions
  union all select 'reporting.accounts', max(position) from reporting.accounts
  union all select 'reporting.members', max(position) from reporting.members
  union all select 'reporting.programs', max(position) from reporting.programs
  union all select 'reporting.receipts', max(position) from reporting.receipts
  union all select 'partners.events', max(position) from partners.events
  union all select 'enrollment.rebuilt_to', max(position) from enrollment.rebuilt_to
),
revisions as (
  select 'reporting.accounts ' || a.stream as what, a.revision,
         (select max(e.revision) from eventstore.events e where e.stream = a.stream) as newest
    from reporting.accounts a
)
select what || ' is at ' || p.position || ', the store at ' || head.position as said
  from positions p, head where p.position > head.position
union all
select what || ' is at ' || revision || ', its stream at ' || coalesce(newest, -1) from revisions where revision > coalesce(newest, -1)`;

/** Views that know more than the store: there must be none, whenever one looks. */
export const viewsAhead = async (db: Queryable): Promise<readonly string[]> => {
  const { rows } = await db.query<{ said: string }>(ahead);
  return rows.map(({ said }) => said);
};
