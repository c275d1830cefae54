/** A file that cannot be opened, read to its end, or understood by its mapping. Its receipts are not all known then. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
}
