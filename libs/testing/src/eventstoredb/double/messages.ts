import sharedMessages from '@eventstore/db-client/generated/shared_pb.js';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import type { AppendReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { StreamIdentifier } from '@eventstore/db-client/generated/shared_pb.js';
import type { AppendOutcome } from './event-log.js';
import type { Expected, Logged, Proposed } from './log-state.js';

const { AppendResp, ReadResp } = messages;
const { Empty, StreamIdentifier: Identifier, UUID } = sharedMessages;

/** Messages of the protocol, from and to what the double keeps. */

export const streamOf = (identifier: StreamIdentifier | undefined): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');

const identifierOf = (stream: string): StreamIdentifier => {
  const identifier = new Identifier();
  identifier.setStreamName(Uint8Array.from(Buffer.from(stream)));
  return identifier;
};

/** Undefined for what the double does not know: `any`, `stream exists`. */
export const expectedOf = (options: AppendReq.Options): Expected | undefined => {
  if (options.hasNoStream()) return -1;
  return options.hasRevision() ? Number(options.getRevision()) : undefined;
};

export const proposedOf = (message: AppendReq.ProposedMessage): Proposed => ({
  id: message.getId()?.getString() ?? '',
  type: message.getMetadataMap().get('type') ?? '',
  contentType: message.getMetadataMap().get('content-type') ?? '',
  data: message.getData_asU8(),
  metadata: message.getCustomMetadata_asU8(),
});

export const appendAnswer = (outcome: AppendOutcome, expected: Expected) => {
  const answer = new AppendResp();
  if (outcome.kind === 'success') {
    const success = new AppendResp.Success();
    success.setCurrentRevision(String(outcome.last.revision));
    const position = new AppendResp.Position();
    position.setCommitPosition(String(outcome.last.position));
    position.setPreparePosition(String(outcome.last.position));
    success.setPosition(position);
    answer.setSuccess(success);
    return answer;
  }
  const wrong = new AppendResp.WrongExpectedVersion();
  if (outcome.current === -1) wrong.setCurrentNoStream(new Empty());
  else wrong.setCurrentRevision(String(outcome.current));
  if (expected === -1) wrong.setExpectedNoStream(new Empty());
  else wrong.setExpectedRevision(String(expected));
  answer.setWrongExpectedVersion(wrong);
  return answer;
};

const encoded = new WeakMap<Logged, Buffer>();

/** The bytes of the message that says an event; made once for each event. */
export const eventMessage = (event: Logged): Buffer => {
  const known = encoded.get(event);
  if (known !== undefined) return known;
  const recorded = new ReadResp.ReadEvent.RecordedEvent();
  const id = new UUID();
  id.setString(event.id);
  recorded.setId(id);
  recorded.setStreamIdentifier(identifierOf(event.stream));
  recorded.setStreamRevision(String(event.revision));
  recorded.setCommitPosition(String(event.position));
  recorded.setPreparePosition(String(event.position));
  recorded.getMetadataMap().set('type', event.type).set('content-type', event.contentType);
  recorded.getMetadataMap().set('created', '0');
  recorded.setCustomMetadata(event.metadata);
  recorded.setData(event.data);
  const read = new ReadResp.ReadEvent();
  read.setEvent(recorded);
  read.setCommitPosition(String(event.position));
  const message = new ReadResp();
  message.setEvent(read);
  const bytes = Buffer.from(message.serializeBinary());
  encoded.set(event, bytes);
  return bytes;
};

export const notFoundMessage = (stream: string): Buffer => {
  const notFound = new ReadResp.StreamNotFound();
  notFound.setStreamIdentifier(identifierOf(stream));
  const message = new ReadResp();
  message.setStreamNotFound(notFound);
  return Buffer.from(message.serializeBinary());
};

export const confirmationMessage = (subscription: string): Buffer => {
  const confirmation = new ReadResp.SubscriptionConfirmation();
  confirmation.setSubscriptionId(subscription);
  const message = new ReadResp();
  message.setConfirmation(confirmation);
  return Buffer.from(message.serializeBinary());
};

export const caughtUpMessage = (): Buffer => {
  const message = new ReadResp();
  message.setCaughtUp(new ReadResp.CaughtUp());
  return Buffer.from(message.serializeBinary());
};

export const checkpointMessage = (position: bigint): Buffer => {
  const checkpoint = new ReadResp.Checkpoint();
  checkpoint.setCommitPosition(String(position));
  checkpoint.setPreparePosition(String(position));
  const message = new ReadResp();
  message.setCheckpoint(checkpoint);
  return Buffer.from(message.serializeBinary());
};
