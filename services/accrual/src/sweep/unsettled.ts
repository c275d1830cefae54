import type { Pool } from 'pg';
import type { FactId } from '@tallystick/kernel';

/** What happened to facts, in order: registered (they may be unfinished) or settled (they are not). */
export interface Sighting {
  readonly fact: FactId;
  readonly kind: 'registered' | 'settled';
}

/**
 * Facts that were registered and whose effect has not been heard of yet: accrual's own note, rebuilt from the bus.
 * A note too many costs one look; one is never missing, because it is made from the stored event.
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
    const last = new Map(sightings.map(({ fact, kind }) => [fact, kind]));
    const of = (kind: Sighting['kind']) =>
      [...last].filter(([, known]) => known === kind).map(([fact]) => fact);
    const [registered, settled] = [of('registered'), of('settled')];
    if (registered.length > 0) {
      await this.db.query(
        'insert into unsettled (fact) select unnest($1::text[]) on conflict (fact) do nothing',
        [registered],
      );
    }
    if (settled.length > 0) await this.forget(settled);
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
