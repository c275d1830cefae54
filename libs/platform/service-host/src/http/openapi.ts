import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { cleanupOpenApiDoc } from 'nestjs-zod';
import { bearerScheme } from '../auth/access.js';
import type { ServiceDefinition } from '../service.js';
import { dtoSchemas } from './openapi-schemas.js';
import { problemMediaType } from './problems.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Components = NonNullable<OpenAPIObject['components']>;

export const docsPath = (service: string): string => `/docs/${service}`;
export const openApiPath = (service: string): string => `/openapi/${service}.json`;

const problemSchema: NonNullable<Components['schemas']>[string] = {
  type: 'object',
  description: 'Problem details (RFC 9457). `type` is stable; more members may be there, by type.',
  required: ['type', 'title', 'status'],
  properties: {
    type: { type: 'string', example: 'urn:tallystick:problem:validation' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'message'],
        properties: {
          field: { type: 'string', description: 'Path within the body: `lines.0.quantity`' },
          message: { type: 'string' },
        },
      },
    },
  },
};

const problemAnswer = (description: string) => ({
  description,
  content: { [problemMediaType]: { schema: { $ref: '#/components/schemas/Problem' } } },
});

/** What every operation may answer besides its success. */
const responses: NonNullable<Components['responses']> = {
  Invalid: problemAnswer(
    'The request is malformed or not as the schema says; `errors` names the fields',
  ),
  Unauthorized: problemAnswer('No valid bearer token'),
  Forbidden: problemAnswer(
    'The token lacks the role, or does not cover this programme, chain, store …',
  ),
  Unavailable: problemAnswer('Not now: send the same request again after `Retry-After` seconds'),
  Problem: problemAnswer('Any other problem'),
};

const parameters: NonNullable<Components['parameters']> = {
  TallystickAfter: {
    name: 'Tallystick-After',
    in: 'header',
    required: false,
    description:
      'A position that a write answered with: the answer takes that write into account, or is 503',
    schema: { type: 'string', pattern: '^\\d{1,19}$' },
  },
  CorrelationId: {
    name: 'X-Correlation-Id',
    in: 'header',
    required: false,
    description: 'Goes into logs and events; made when missing, and answered with',
    schema: { type: 'string', maxLength: 128 },
  },
  Traceparent: {
    name: 'traceparent',
    in: 'header',
    required: false,
    description: 'W3C Trace Context',
    schema: { type: 'string' },
  },
};

const positionHeader = {
  'Tallystick-Position': {
    description: "Where this write ended in the store's order; to be sent as Tallystick-After",
    schema: { type: 'string' },
  },
};

const methods = ['get', 'put', 'post', 'delete', 'patch'] as const;

/** The service's API as OpenAPI 3.1.0, from the same schemas that validate. */
export const describeApi = (
  app: INestApplication,
  definition: ServiceDefinition,
): OpenAPIObject => {
  const base = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(`Tallystick ${definition.name}`)
    .setDescription(definition.summary)
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/')
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'An OIDC bearer token with the claim `roles`',
      },
      bearerScheme,
    )
    .build();
  const document = cleanupOpenApiDoc(
    SwaggerModule.createDocument(app, base, {
      operationIdFactory: (controller, method) =>
        `${controller.replace(/Controller$/, '')}.${method}`,
    }),
  );
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...dtoSchemas(app), Problem: problemSchema },
    responses,
    parameters,
  };
  for (const item of Object.values(document.paths)) {
    for (const method of methods) {
      const operation = item[method];
      if (operation !== undefined) complete(operation, method !== 'get');
    }
  }
  return document;
};

const ref = (kind: string, name: string) => ({ $ref: `#/components/${kind}/${name}` });

const rolesOf = (operation: Operation): string[] => {
  const roles: unknown = Object.entries(operation).find(([key]) => key === 'x-roles')?.[1];
  return Array.isArray(roles) ? roles.map(String) : [];
};

/** Adds what holds for every operation: who may, the common headers, the problems. */
const complete = (operation: Operation, writes: boolean): void => {
  const roles = rolesOf(operation);
  const open = roles.includes('anyone');
  const who = open ? 'Anyone may call it, without a token.' : `Roles: ${roles.join(', ')}.`;
  operation.description = [operation.description, who].filter(Boolean).join('\n\n');
  operation.parameters = [
    ...(operation.parameters ?? []),
    ...(open ? [] : [ref('parameters', 'TallystickAfter')]),
    ref('parameters', 'CorrelationId'),
    ref('parameters', 'Traceparent'),
  ];
  if (writes) {
    for (const [status, response] of Object.entries(operation.responses)) {
      if (status.startsWith('2') && response !== undefined && !('$ref' in response)) {
        response.headers = { ...positionHeader, ...response.headers };
      }
    }
  }
  for (const [status, response] of Object.entries(operation.responses)) {
    if (/^[45]/.test(status) && response !== undefined && !('$ref' in response)) {
      response.content ??= problemAnswer('').content;
    }
  }
  operation.responses = {
    '400': ref('responses', 'Invalid'),
    ...(open
      ? {}
      : { '401': ref('responses', 'Unauthorized'), '403': ref('responses', 'Forbidden') }),
    '503': ref('responses', 'Unavailable'),
    default: ref('responses', 'Problem'),
    ...operation.responses,
  };
};

/** Serves the description, and a page that shows it; everything on it comes from this process. */
export const serveApiPages = (app: INestApplication, definition: ServiceDefinition): void => {
  let document: OpenAPIObject | undefined;
  SwaggerModule.setup(
    docsPath(definition.name),
    app,
    () => (document ??= describeApi(app, definition)),
    {
      jsonDocumentUrl: openApiPath(definition.name),
      raw: ['json'],
      customSiteTitle: `Tallystick ${definition.name}`,
    },
  );
};
