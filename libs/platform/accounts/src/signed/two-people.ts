import { sameName } from '@tallystick/ledger';

/** What one person has asked for and another may approve. */
export interface Signed {
  readonly asked: {
    /** A token's subject, never a name. */
    readonly requestedBy: string;
    /** SHA-256 of the request: the same key with another request is refused. */
    readonly hash: string;
  };
  readonly status: string;
  readonly approvedBy: string | null;
  readonly rejected: { readonly by: string; readonly reason: string } | null;
}

/** It stands like this already: this very person has said so. */
export interface Done<Found> {
  readonly kind: 'done';
  readonly found: Found;
}
/** Others, or this person otherwise, have ended it. */
export interface Closed<Status> {
  readonly kind: 'closed';
  readonly status: Status;
}
/** Who asked for it cannot approve it. */
export interface SamePerson {
  readonly kind: 'same-person';
}

/** Whether one of these names is this person's: nobody signs twice, with whatever spaces or capitals. */
export const hasSigned = (names: readonly string[], by: string): boolean =>
  names.some((name) => sameName(name, by));

/** Whether this person may approve it, while it has one of the statuses `open`; null: yes. */
export const decideApproval = <Found extends Signed>(
  found: Found,
  by: string,
  open: readonly Found['status'][],
): Done<Found> | Closed<Found['status']> | SamePerson | null => {
  if (found.approvedBy === by) return { kind: 'done', found };
  if (!open.includes(found.status)) return { kind: 'closed', status: found.status };
  return hasSigned([found.asked.requestedBy], by) ? { kind: 'same-person' } : null;
};

/** Whether this person may end it, while it has one of the statuses `open`; null: yes. Who asked for it may take it back this way. */
export const decideRejection = <Found extends Signed>(
  found: Found,
  by: string,
  reason: string,
  open: readonly Found['status'][],
): Done<Found> | Closed<Found['status']> | null => {
  if (found.rejected?.by === by && found.rejected.reason === reason) return { kind: 'done', found };
  return open.includes(found.status) ? null : { kind: 'closed', status: found.status };
};
