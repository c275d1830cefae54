import { rulebookPublished, topics } from '@tallystick/contracts';
import type { Projection } from '../views/projection.js';
import { programs } from './tables.js';

export interface ProgramState {
  readonly stream: string;
  readonly program: string;
  rulebook: {
    readonly version: number;
    readonly hash: string;
    readonly effectiveFrom: string;
  } | null;
}

/** One programme's stream becomes its row. Events that change nothing shown here only move its revision. */
export const programProjection: Projection<ProgramState> = {
  category: 'program',
  topic: topics.programs.name,
  head: programs,
  views: [programs],
  begin: (stream) => ({
    stream,
    program: decodeURIComponent(stream.slice(stream.indexOf('-') + 1)),
    rulebook: null,
  }),
  fold: (state, { type, data, revision, position }) => {
    if (type === 'RulebookPublished') state.rulebook = rulebookPublished.parse(JSON.parse(data));
    const { stream, program, rulebook } = state;
    return [
      {
        view: programs,
        key: [stream],
        row: {
          stream,
          revision,
          position: position.toString(),
          program,
          rulebook: rulebook?.version ?? null,
          rulebook_hash: rulebook?.hash ?? null,
          effective_from: rulebook?.effectiveFrom ?? null,
        },
      },
    ];
  },
  weigh: () => 1,
};
