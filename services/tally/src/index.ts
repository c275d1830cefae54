export { exitCodes, type ExitCode } from './exit-codes.js';
export { parseMapping, type MappingProblem } from './mapping/load-mapping.js';
export type { Mapping } from './mapping/mapping.js';
export { noCounts, receiptsOf, type FileItem, type ReadCounts } from './reading/receipts.js';
export { openSource, unpack, type Source } from './reading/source.js';
export { UnreadableFile } from './reading/unreadable-file.js';
