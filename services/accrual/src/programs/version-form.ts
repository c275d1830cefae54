import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { printable, printableRule } from '@tallystick/contracts';
import { documentCharsMax } from '@tallystick/programmes';
import { answer, type Answer } from '@tallystick/service-host';
import type { VersionAnswer } from './change-version.js';
import { refused } from './problems.js';
import type { ApprovedVersion, OpenVersion } from './versions.js';

export class DraftBody extends createZodDto(
  z.strictObject({
    document: z.string().min(1).max(documentCharsMax).describe('The rulebook: YAML text'),
  }),
) {}

const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 digits from 0 to f, as the version was answered with')
  .describe('Of the content that is meant: SHA-256 of the canonical JSON (RFC 8785)');

/** What one person has read, so that nobody signs something else. */
export class MeantBody extends createZodDto(z.strictObject({ hash })) {}

export class WithdrawalBody extends createZodDto(
  z.strictObject({
    hash,
    reason: z
      .string()
      .trim()
      .min(1)
      .max(500)
      .regex(printable, printableRule)
      .describe('Kept for ever: why, and nothing personal'),
  }),
) {}

const subject = z.string().nullable();

export class VersionBody extends createZodDto(
  z.strictObject({
    program: z.string(),
    version: z.int(),
    hash: z.string().describe('SHA-256 of the canonical JSON (RFC 8785) of the document'),
    effectiveFrom: z.string(),
    status: z
      .enum(['draft', 'proposed', 'approved'])
      .describe('approved: in force from effectiveFrom'),
    draftedBy: subject.describe("A token's subject; null: an older release asked for no names"),
    proposedBy: subject,
    approvedBy: subject,
    approvedAt: z.string().nullable(),
    withdrawn: z
      .strictObject({ by: z.string(), reason: z.string() })
      .nullable()
      .describe('Of a draft: it was proposed, and why it is not any more'),
    position: z.string().optional(),
  }),
) {}

export class VersionList extends createZodDto(
  z.strictObject({ program: z.string(), versions: z.array(VersionBody.schema) }),
) {}

export const bodyOf = (found: ApprovedVersion | OpenVersion): Omit<VersionBody, 'position'> => {
  const { ref, book, draftedBy, proposedBy } = found;
  const approved = 'approvedAt' in found ? found : null;
  return {
    program: book.program,
    version: ref.version,
    hash: ref.hash,
    effectiveFrom: book.effectiveFrom,
    status: approved !== null ? 'approved' : proposedBy === null ? 'draft' : 'proposed',
    draftedBy,
    proposedBy,
    approvedBy: approved?.approvedBy ?? null,
    approvedAt: approved?.approvedAt ?? null,
    withdrawn: 'withdrawn' in found ? found.withdrawn : null,
  };
};

/** What a step came to, over HTTP: 201 where this call did it, 200 where it stood like that. `text`: of the document that came with it. */
export const said = (
  result: VersionAnswer,
  version: number,
  text: string | null = null,
): Answer<ReturnType<typeof bodyOf> & { readonly position: string }> => {
  if (result.kind !== 'done') throw refused(result, text);
  const { approved, open } = result.versions;
  const found = [...approved, ...(open === null ? [] : [open])].find(
    ({ ref }) => ref.version === version,
  );
  if (found === undefined) throw new Error(`version ${version} is done, and not there`);
  const position = String(result.position);
  return answer({ ...bodyOf(found), position }, { status: result.fresh ? 201 : 200, position });
};
