import { z } from 'zod';
import { column, fileFormat, parseFlatMapping, zone } from '../mapping/flat-mapping.js';

/** How a file of segments is read. What is left out is as in a file with our own column names. */
export const segmentsMapping = z.strictObject({
  file: fileFormat,
  zone,
  /** Between the segments in one cell. */
  segmentsSeparator: z.string().min(1).default('|'),
  columns: z
    .strictObject({
      member: column.optional(),
      card: column.optional(),
      segments: column.default('segments'),
      since: column.optional(),
    })
    .prefault({}),
});
export type SegmentsMapping = z.output<typeof segmentsMapping>;

/** Throws `Failure` with everything that is wrong. */
export const parseSegmentsMapping = (path: string, text: string): SegmentsMapping =>
  parseFlatMapping(segmentsMapping, path, text);
