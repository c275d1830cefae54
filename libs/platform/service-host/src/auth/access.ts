import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension, ApiSecurity } from '@nestjs/swagger';
import { withRules } from '../http/route-rules.js';
import type { Role } from './caller.js';

/** The name of the security scheme in the API description. */
export const bearerScheme = 'bearer';

/** Callers whose token has at least one of these roles. Scopes (`mayProgram`, …) are the handler's to check. */
export const Allow = (first: Role, ...more: readonly Role[]): MethodDecorator => {
  const roles = [first, ...more];
  return applyDecorators(
    withRules({ access: { kind: 'roles', roles } }),
    ApiBearerAuth(bearerScheme),
    ApiExtension('x-roles', roles),
  );
};

/** Anyone, without a token. Whoever uses it says in the operation's description what is checked instead. */
export const Public = (): MethodDecorator =>
  applyDecorators(
    withRules({ access: { kind: 'public' } }),
    ApiSecurity({}),
    ApiExtension('x-roles', ['anyone']),
  );
