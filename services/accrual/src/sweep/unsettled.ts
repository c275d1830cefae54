import type { Pool } from 'pg';
import type { FactId } from '@tallystick/kernel';

/**
 * What happened to facts, in order: registered (they may be unfinished) or settled (they are not). `in-steps`: registered, and to hear of an
 * effect says little: it may go to several accounts, or the effect may be that of an earlier pin or revision.
 */
export interface Sighting {
  readonly fact: FactId;
  readonly kind: 'registered' | 'in-steps' | 'settled';
}

/**
 * Facts that were registered and whose effect has not been heard of yet: accrual's own note, rebuilt from the bus.
 * A note too many costs one look; one is never missing, because it is made from the stored event. What is settled in steps is always
 * looked at, whatever is heard.
 */
export class Unsettled {
  /** `atomic`: the store writes a fact with its effect or not at all, so that there is nothing to note. */
  constructor(
    private readonly db: Pool,
    private readonly store: { readonly atomic: boolean },
  ) {}

  /** False: what is noted is thrown away, and need not be told. */
  get notes(): boolean {
    return !this.store.atomic;
  }

  async note(sightings: readonly Sighting[]): Promise<void> {
    if (!this.notes) return;
    const last = new Map<FactId, Sighting['kind']>();
    for (const { fact, kind } of sightings) if (last.get(fact) !== 'in-steps') last.set(fact, kind);
    const of = (kind: Sighting['kind']) =>
      [...last].filter(([, known]) => known === kind).map(([fact]) => fact);
    const [registered, inSteps, settled] = [of('registered'), of('in-steps'), of('settled')];
    if (registered.length + inSteps.length > 0) {
      await this.db.query(
        `insert into unsettled as noted (fact, in_steps)
         select unnest($1::text[]), false union all select unnest($2::text[]), true
         on conflict (fact) do update set in_steps = true where excluded.in_steps and not noted.in_steps`,
        [registered, inSteps],
      );
    }
    if (settled.length > 0)
      await this.db.query('delete from unsettled where fact = any($1::text[]) and not in_steps', [
        settled,
      ]);
  }

  async forget(facts: readonly FactId[]): Promise<void> {
    await this.db.query('delete from unsettled where fact = any($1::text[])', [facts]);
  }

  /** The longest noted first. */
  async olderThan(ageMs: number, factsMax: number): Promise<FactId[]> {
    const { rows } = await this.db.query<{ fact: FactId }>(
      `select fact from unsettled where noted_at < now() - make_interval(secs => $1)
       order by noted_at, fact limit $2`,
      [ageMs / 1000, factsMax],
    );
    return rows.map(({ fact }) => fact);
  }
}
