/**
 * `npm run asyncapi` makes docs/asyncapi.json from the table of topics, proto/ and docs/examples. `checkAsyncApi` (in `npm test`)
 * checks that it is what they make, that it is AsyncAPI 3, and that every message has an example that its schema takes.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Ajv } from 'ajv';
import { asyncApi } from './asyncapi/document.mjs';
import { root } from './run.mjs';

const file = path.join(root, 'docs/asyncapi.json');
const exampleFolder = path.join(root, 'docs/examples');
const receiptProto = 'tallystick/receipts/v1/receipts.proto';

const built = (name) =>
  import(pathToFileURL(path.join(root, 'libs/contracts/dist', `${name}.js`)).href);

const filesOfProto = () => {
  const buf = path.join(root, 'node_modules/.bin/buf');
  const image = execFileSync(buf, ['build', '--output', '-#format=json'], {
    cwd: path.join(root, 'proto'),
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    env: { ...process.env, PATH: `${path.dirname(buf)}${path.delimiter}${process.env.PATH}` },
  });
  return JSON.parse(image).file.filter(({ name }) => name.startsWith('tallystick/'));
};

const examples = () =>
  new Map(
    readdirSync(exampleFolder).map((name) => [
      name.replace(/\.json$/, ''),
      JSON.parse(readFileSync(path.join(exampleFolder, name), 'utf8')),
    ]),
  );

const make = async () => {
  const [{ z }, { topics, receiptV1 }, { eventsOfTopic }] = await Promise.all([
    import('zod'),
    built('index'),
    built('proto'),
  ]);
  return asyncApi({
    topics: Object.values(topics),
    files: filesOfProto(),
    fileOfTopic: Object.fromEntries(
      Object.entries(eventsOfTopic).map(([topic, { name }]) => [topic, `${name}.proto`]),
    ),
    receiptSchema: z.toJSONSchema(receiptV1, { io: 'input', target: 'draft-7' }),
    protobuf: readFileSync(path.join(root, 'proto', receiptProto), 'utf8'),
    examples: examples(),
  });
};

const textOf = (document) => `${JSON.stringify(document, null, 2)}\n`;

const ajvOf = () =>
  new Ajv({ strict: false, validateFormats: false, allErrors: true, logger: false });

const isAsyncApi = (document) => {
  const specification = createRequire(import.meta.url)(
    '@asyncapi/specs/schemas/3.0.0-without-$id.json',
  );
  const ajv = ajvOf();
  const validate = ajv.compile(specification);
  return validate(document) ? [] : [`it is not AsyncAPI 3: ${ajv.errorsText(validate.errors)}`];
};

const hasExamples = (document) => {
  const ajv = ajvOf();
  ajv.addSchema(document, 'document');
  return Object.entries(document.components.messages).flatMap(([name, message]) => {
    // The example in JSON says what the fields are; bytes are no example for people.
    if (message.contentType === 'application/protobuf') return [];
    const payload = message.examples?.[0]?.payload;
    if (payload === undefined) return [`${name} has no example in docs/examples`];
    const validate = ajv.compile({ $ref: `document#/components/messages/${name}/payload` });
    return validate(payload) ? [] : [`example of ${name}: ${ajv.errorsText(validate.errors)}`];
  });
};

export const checkAsyncApi = async () => {
  const document = await make();
  const same = readFileSync(file, 'utf8') === textOf(document);
  const problems = [
    ...(same ? [] : ["docs/asyncapi.json is not what the tables make: run 'npm run asyncapi'"]),
    ...isAsyncApi(document),
    ...hasExamples(document),
  ];
  problems.forEach((problem) => console.error(problem));
  return problems.length === 0;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (!process.argv.includes('--check')) writeFileSync(file, textOf(await make()));
  if (!(await checkAsyncApi())) process.exitCode = 1;
}
