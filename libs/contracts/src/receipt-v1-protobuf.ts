import { fromBinary, fromJsonString, toBinary, toJson } from '@bufbuild/protobuf';
import { ReceiptSchema } from './generated/tallystick/receipts/v1/receipts_pb.js';
import type { ReceiptV1Input } from './receipt-v1.js';

const protobufTypes = /^application\/(x-|vnd\.google\.)?protobuf\s*(;.*)?$/i;

/** Whether a content type says protobuf. */
export const isProtobuf = (contentType: string | undefined): boolean =>
  contentType !== undefined && protobufTypes.test(contentType);

/**
 * A receipt as tills send it in protobuf (`tallystick.receipts.v1.Receipt`), in the form of its JSON: to be checked by
 * `receiptV1`, as any other. Throws on bytes that are no such message.
 */
export const receiptV1OfProtobuf = (bytes: Uint8Array): unknown =>
  toJson(ReceiptSchema, fromBinary(ReceiptSchema, bytes));

/** A receipt as protobuf. Throws on one that has fields which the message has not. */
export const receiptV1ToProtobuf = (receipt: ReceiptV1Input): Uint8Array =>
  toBinary(ReceiptSchema, fromJsonString(ReceiptSchema, JSON.stringify(receipt)));
