/**
 * What the double copies of a real EventStoreDB, and from where (its public sources, as of 23.10 and later, and what
 * `@eventstore/db-client` 6.2.1 expects):
 *
 * - expected revisions and idempotency, which compares ids and nothing else: `IndexWriter.CheckCommit`; a repetition of which
 *   only a part is there is a wrong expected version: `StorageWriterService.ActOnCommitCheckFailure`
 * - an append is one message with options and one for each event, is written whole or not at all, and is answered when it is
 *   durable, with the position of its last event: `Streams.Append`, `StorageChaser.ProcessPrepareRecord`
 * - the largest append (1 MiB unless configured) and what counts towards it: `Streams.Append`, `Event.SizeOnDisk`
 * - positions are places in the log, so they are large and have gaps; commit and prepare position are the same
 * - a position that no event has cannot be read from: `RpcExceptions.InvalidPositionException`
 * - `$all` also holds streams of the server's own, whose names begin with `$`
 * - a subscription begins after its position: confirmation, events, `CaughtUp` at the end, later events as they come, and
 *   checkpoints when it is filtered: `Enumerator.AllSubscriptionFiltered`
 * - how failures look: `RpcExceptions`
 *
 * What it leaves out: links, deleting and truncating streams, access rights, TLS, persistent subscriptions, projections, BatchAppend
 * (which our adapter does not use), and a cluster: it says of itself that it leads.
 */

/** As a real server without configuration: 1 MiB. */
export const maxAppendBytesDefault = 1_048_576;

/** A real one counts from 0. The double begins beyond what a JavaScript number holds exactly, so that nobody gets away with one. */
export const firstPosition = 9_007_199_254_740_993n;

/** After so many events of its users the server writes one of its own. */
export const ownEventEvery = 40;

/** What a record takes in the log besides its texts. */
export const recordBytes = 71;
