import { z } from 'zod';
import { localDate, type LocalDate } from '@tallystick/kernel';
import type { DataFolder } from '../../data/folder.js';
import { readJson, writeJson } from '../../data/whole-file.js';

const memory = z.object({
  /** The first day of the quarter that was generated: a later start goes on with the same one. */
  quarter: z.iso.date(),
  /** The sample partner's signing secret: partners shows it once. Only its owner can read the file. */
  partnerSecret: z.string().nullable(),
});

/** What the sample keeps between runs on one data folder. */
export interface SampleMemory {
  readonly quarter: LocalDate;
  readonly partnerSecret: string | null;
}

export const readMemory = async (folder: DataFolder): Promise<SampleMemory | null> => {
  const known = memory.safeParse(await readJson(folder.sample));
  return known.success ? { ...known.data, quarter: localDate(known.data.quarter) } : null;
};

export const writeMemory = async (folder: DataFolder, value: SampleMemory): Promise<void> =>
  await writeJson(folder.sample, value);
