import { SetMetadata, applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import type { Role } from './caller.js';

/** Who may call a handler. Every HTTP handler has exactly one; one without stops the start. */
export type AccessRule =
  { readonly kind: 'public' } | { readonly kind: 'roles'; readonly roles: readonly Role[] };

export const accessRuleKey = 'tallystick:access';

/** Callers whose token has at least one of these roles. Scopes (`mayProgram`, …) are the handler's to check. */
export const Allow = (first: Role, ...more: readonly Role[]) => {
  const allowed = [first, ...more];
  const rule: AccessRule = { kind: 'roles', roles: allowed };
  return applyDecorators(
    SetMetadata(accessRuleKey, rule),
    ApiBearerAuth('bearer'),
    ApiExtension('x-roles', allowed),
  );
};

/** Anyone, without a token. Whoever uses it says in the handler's description what is checked instead. */
export const Public = () => {
  const rule: AccessRule = { kind: 'public' };
  return applyDecorators(SetMetadata(accessRuleKey, rule), ApiExtension('x-roles', ['anyone']));
};
