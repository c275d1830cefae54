import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { cardLinked, cardUnlinked, memberEnrolled, topics } from '@tallystick/contracts';
import {
  newEvent,
  type EventMetadata,
  type EventStore,
  type JsonObject,
  type RecordedEvent,
} from '@tallystick/event-store';
import {
  accountId,
  cardToken,
  factId,
  instant,
  ledgerStream,
  memberId,
  programId,
  type CardToken,
  type Clock,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';
import { decideOpen, foldStored } from '@tallystick/ledger';
import type { Message, Verdict } from '@tallystick/message-bus';
import { cardStream, type CardEvent, type CardState } from '@tallystick/receipts';
import {
  CLOCK,
  decodeRelayed,
  EVENT_STORE,
  messageContext,
  metadata,
  oneByOne,
} from '@tallystick/service-host';
import type { PublishedRulebook } from '../programs/catalog.js';
import { Memory } from '../settle/memory.js';
import { Settler } from '../settle/settler.js';
import { Workspace } from '../settle/workspace.js';

const actor = 'service:accrual';
const unitWithoutProgram = 'points';

/** What was read of a batch's accounts and cards. */
interface Ahead {
  /** An account that is not here is to be read. */
  readonly opened: ReadonlyMap<StreamName, readonly RecordedEvent[]>;
  /** null: the cards are to be read. */
  readonly cards: Workspace | null;
}

/** What enrollment tells: an account is opened on the ledger, a card is attached to it, and what waited for the card is settled. */
@Controller()
export class MembershipConsumer {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(Settler) private readonly settler: Settler,
    @Inject(Memory) private readonly memory: Memory,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @EventPattern<string>(topics.membership.name)
  async hear(@Payload() batch: readonly Message[]): Promise<Verdict[]> {
    // Members are independent of each other: side by side, so that they share commits; each one's own events in order.
    const byKey = Map.groupBy(batch, (message) => message.key);
    const verdicts = new Map<Message, Verdict>();
    const ahead = await this.readAhead(batch);
    await Promise.all(
      [...byKey.values()].map(async (messages) => {
        const answers = await oneByOne(messages, async (message) => {
          await this.apply(message, ahead);
          return undefined;
        });
        messages.forEach((message, index) => {
          verdicts.set(message, answers[index] ?? { kind: 'retry', reason: 'not answered' });
        });
      }),
    );
    return batch.map(
      (message) => verdicts.get(message) ?? { kind: 'retry', reason: 'not answered' },
    );
  }

  /**
   * The accounts to open and the cards to attach, all at once, as they were before the batch: whoever decides on what is
   * not so any more meets a conflict, and reads for itself. Nothing, where something is away or cannot be read: the message at fault says so.
   */
  private async readAhead(batch: readonly Message[]): Promise<Ahead> {
    try {
      const events = batch.map(decodeRelayed);
      const accounts = events
        .filter(({ type }) => type === 'MemberEnrolled')
        .map(({ data }) => memberEnrolled.parse(data))
        .map(({ program, account }) => ledgerStream(programId(program), accountId(account)));
      const cards = events
        .filter(({ type }) => type === 'CardLinked')
        .map(({ data }) => cardLinked.parse(data))
        .map(({ program, card }) => cardStream(programId(program), cardToken(card)));
      const workspace = new Workspace(this.memory);
      const [recorded] = await Promise.all([
        this.store.readStreams(accounts),
        workspace.load(cards),
      ]);
      const opened = new Map(accounts.map((stream) => [stream, recorded.get(stream) ?? []]));
      return { opened, cards: workspace };
    } catch {
      return { opened: new Map(), cards: null };
    }
  }

  private async apply(message: Message, ahead: Ahead): Promise<void> {
    const event = decodeRelayed(message);
    if (event.type === 'MemberEnrolled') await this.open(event.data, message, ahead);
    if (event.type === 'CardLinked') await this.attach(event.data, message, ahead);
    if (event.type === 'CardUnlinked') await this.detach(event.data, message);
  }

  private async open(data: JsonObject, message: Message, { opened }: Ahead): Promise<void> {
    const member = memberEnrolled.parse(data);
    // The first of those who share an account has it opened.
    if (member.shared === true) return;
    const program = programId(member.program);
    const account = accountId(member.account);
    const unit = (await this.firstVersion(program))?.book.unit ?? unitWithoutProgram;
    const command = { program, account, member: memberId(member.member), unit };
    const stream = ledgerStream(program, account);
    for (let read = opened.get(stream); ; read = undefined) {
      const recorded = read ?? (await this.store.readStreams([stream])).get(stream) ?? [];
      const decision = decideOpen(foldStored(recorded), command);
      if (decision.kind === 'known') return;
      if (decision.kind === 'conflict')
        throw new Error(`account ${account} was opened for another member`);
      const event = newEvent(
        factId('account', program, account),
        0,
        decision.event,
        this.metadataOf(message, program),
      );
      const result = await this.store.append([{ stream, expected: 'noStream', events: [event] }]);
      if (result.kind !== 'conflict') return;
    }
  }

  /** It stays as it is: known once, known for good. */
  private async firstVersion(program: ProgramId): Promise<PublishedRulebook | undefined> {
    const { catalog } = this.memory;
    return catalog.known(program)?.versions[0] ?? (await catalog.read(program))?.versions[0];
  }

  private async attach(data: JsonObject, message: Message, ahead: Ahead): Promise<void> {
    const link = cardLinked.parse(data);
    const program = programId(link.program);
    const card = cardToken(link.card);
    const attached: CardEvent = {
      type: 'CardAttached',
      data: {
        program,
        card,
        account: accountId(link.account),
        member: memberId(link.member),
        from: instant(link.from),
      },
    };
    const cause = this.metadataOf(message, program);
    const { account, from } = attached.data;
    const isKnown = ({ links }: CardState): boolean =>
      links.some((known) => known.account === account && known.from === from);
    const { waiting } = await this.record(program, card, attached, cause, isKnown, ahead.cards);
    if (waiting.size > 0) await this.settler.claim(program, card, cause);
  }

  /** What happened while the card led there goes there still, however late it comes. */
  private async detach(data: JsonObject, message: Message): Promise<void> {
    const link = cardUnlinked.parse(data);
    const program = programId(link.program);
    const card = cardToken(link.card);
    const [account, member] = [accountId(link.account), memberId(link.member)];
    const [from, until] = [instant(link.from), instant(link.until)];
    const detached: CardEvent = {
      type: 'CardDetached',
      data: { program, card, account, member, from, until },
    };
    const cause = this.metadataOf(message, program);
    await this.record(program, card, detached, cause, ({ links }) => {
      const ended = links.find((known) => known.account === account && known.from === from);
      if (ended === undefined)
        throw new Error(`a card leaves account ${account}, to which it did not lead since ${from}`);
      return ended.until !== null;
    });
  }

  /** Tells a card's stream what it does not know yet; what the card then is. */
  private async record(
    program: ProgramId,
    card: CardToken,
    event: CardEvent,
    cause: EventMetadata,
    isKnown: (card: CardState) => boolean,
    ahead: Workspace | null = null,
  ): Promise<CardState> {
    for (let read = ahead; ; read = null) {
      const workspace = read?.fork([]) ?? new Workspace(this.memory);
      await workspace.load([cardStream(program, card)]);
      if (isKnown(workspace.card(program, card))) return workspace.card(program, card);
      workspace.recordCard(program, card, event, factId('card', program, card), cause);
      const result = await this.store.append(workspace.writes());
      if (result.kind === 'conflict') continue;
      workspace.release(result.position);
      return workspace.card(program, card);
    }
  }

  private metadataOf(message: Message, program: ProgramId): EventMetadata {
    const occurredAt = instant(message.headers['ce_time'] ?? this.clock());
    const context = messageContext(message, actor);
    return metadata(context, { program, occurredAt, causationId: message.id }, this.clock);
  }
}
