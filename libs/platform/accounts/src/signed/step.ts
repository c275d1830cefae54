/** What is said next in a stream. */
interface Event {
  readonly type: string;
}
/** What a caller is told. */
export interface Told {
  readonly kind: string;
}

/** What comes next: an event, or what the caller is told, or null: look again. */
export type Decision<Said, Answer> = Said | Answer | null | Promise<Said | Answer | null>;

/**
 * One step, decided on all that was said before.
 * `say` appends after what was read, where nobody else has spoken first; until it tells something, it is looked again.
 * Of two steps at once, the second sees what the first has said.
 */
export const step = async <State, Said extends Event, Answer extends Told>({
  read,
  decide,
  say,
}: {
  readonly read: () => Promise<State>;
  readonly decide: (state: State) => Decision<Said, Answer>;
  readonly say: (state: State, event: Said) => Promise<Answer | null>;
}): Promise<Answer> => {
  for (;;) {
    const state = await read();
    const decision = await decide(state);
    if (decision === null) continue;
    const answer = isEvent(decision) ? await say(state, decision) : decision;
    if (answer !== null) return answer;
  }
};

const isEvent = <Said extends Event>(decision: Said | Told): decision is Said => 'type' in decision;
