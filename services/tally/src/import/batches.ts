import type { FileReceipt } from '../reading/assemble.js';
import type { FileItem } from '../reading/receipts.js';

/** Receipts sent at once. Below the service's own limit, so that progress is seen and a repeated batch is cheap. */
export const batchReceiptsMax = 500;
/** Characters of JSON sent at once; a single receipt may be longer. Far below the service's limit of 16 MiB. */
export const batchCharsMax = 4 * 1_048_576;

/** Receipts to send in one request, in the order of the file. */
export interface Batch {
  readonly receipts: readonly FileReceipt[];
  /** The request's JSON. */
  readonly body: string;
}

/** Rows that are not sent. */
export type Unsent = Exclude<FileItem, { readonly kind: 'receipt' }>;

/** Fills batches from what a file gives; rows that are not sent are handed on as they come. */
export async function* batchesOf(
  blocks: AsyncIterable<readonly FileItem[]>,
  unsent: (item: Unsent) => Promise<void>,
): AsyncGenerator<Batch> {
  let receipts: FileReceipt[] = [];
  let texts: string[] = [];
  let chars = 0;
  const filled = (): Batch => {
    const batch = { receipts, body: `{"receipts":[${texts.join(',')}]}` };
    receipts = [];
    texts = [];
    chars = 0;
    return batch;
  };
  for await (const block of blocks) {
    for (const item of block) {
      if (item.kind !== 'receipt') {
        await unsent(item);
        continue;
      }
      const text = JSON.stringify(item.receipt);
      if (receipts.length > 0 && chars + text.length > batchCharsMax) yield filled();
      receipts.push({ receipt: item.receipt, fileLines: item.fileLines });
      texts.push(text);
      chars += text.length;
      if (receipts.length === batchReceiptsMax) yield filled();
    }
  }
  if (receipts.length > 0) yield filled();
}
