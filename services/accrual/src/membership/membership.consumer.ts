import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { cardLinked, memberEnrolled, topics } from '@tallystick/contracts';
import {
  newEvent,
  type EventMetadata,
  type EventStore,
  type JsonObject,
} from '@tallystick/event-store';
import {
  accountId,
  cardToken,
  factId,
  instant,
  ledgerStream,
  memberId,
  programId,
  type Clock,
} from '@tallystick/kernel';
import { decideOpen, foldStored } from '@tallystick/ledger';
import type { Message, Verdict } from '@tallystick/message-bus';
import { cardStream, type CardEvent } from '@tallystick/receipts';
import {
  CLOCK,
  decodeRelayed,
  EVENT_STORE,
  messageContext,
  metadata,
  oneByOne,
} from '@tallystick/service-host';
import { Memory } from '../settle/memory.js';
import { Settler } from '../settle/settler.js';
import { Workspace } from '../settle/workspace.js';

const actor = 'service:accrual';
const unitWithoutProgram = 'points';

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
    await Promise.all(
      [...byKey.values()].map(async (messages) => {
        const answers = await oneByOne(messages, async (message) => {
          await this.apply(message);
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

  private async apply(message: Message): Promise<void> {
    const event = decodeRelayed(message);
    if (event.type === 'MemberEnrolled') await this.open(event.data, message);
    if (event.type === 'CardLinked') await this.attach(event.data, message);
  }

  private async open(data: JsonObject, message: Message): Promise<void> {
    const member = memberEnrolled.parse(data);
    const program = programId(member.program);
    const account = accountId(member.account);
    const unit =
      (await this.memory.catalog.read(program))?.versions[0]?.book.unit ?? unitWithoutProgram;
    const command = { program, account, member: memberId(member.member), unit };
    const stream = ledgerStream(program, account);
    for (;;) {
      const recorded = (await this.store.readStreams([stream])).get(stream) ?? [];
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

  private async attach(data: JsonObject, message: Message): Promise<void> {
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
    for (;;) {
      const workspace = new Workspace(this.memory);
      await workspace.load([cardStream(program, card)]);
      const { links } = workspace.card(program, card);
      const { account, from } = attached.data;
      if (links.some((known) => known.account === account && known.from === from)) break;
      workspace.recordCard(program, card, attached, factId('card', program, card), cause);
      const result = await this.store.append(workspace.writes());
      if (result.kind === 'conflict') continue;
      workspace.release(result.position);
      break;
    }
    await this.settler.claim(program, card, cause);
  }

  private metadataOf(message: Message, program: ReturnType<typeof programId>): EventMetadata {
    const occurredAt = instant(message.headers['ce_time'] ?? this.clock());
    const context = messageContext(message, actor);
    return metadata(context, { program, occurredAt, causationId: message.id }, this.clock);
  }
}
