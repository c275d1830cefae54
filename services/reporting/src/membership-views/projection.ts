import { memberEnrolled, topics } from '@tallystick/contracts';
import type { Projection } from '../views/projection.js';
import { programAndId } from '../views/stream-parts.js';
import { members } from './tables.js';

export interface MemberState {
  readonly stream: string;
  readonly program: string;
  readonly member: string;
  account: string | null;
  cards: number;
}

/** One member's stream becomes its row. Events that change nothing shown here only move its revision. */
export const memberProjection: Projection<MemberState> = {
  category: 'member',
  topic: topics.membership.name,
  head: members,
  views: [members],
  begin: (stream) => {
    const [program, member] = programAndId(stream);
    return { stream, program, member, account: null, cards: 0 };
  },
  fold: (state, { type, data, revision, position }) => {
    if (type === 'MemberEnrolled') state.account = memberEnrolled.parse(JSON.parse(data)).account;
    if (type === 'CardLinked') state.cards += 1;
    if (type === 'CardUnlinked') state.cards -= 1;
    return [
      {
        view: members,
        key: [state.stream],
        row: { ...state, revision, position: position.toString() },
      },
    ];
  },
  weigh: () => 1,
};
