import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** 4.4.0 needs an artefact that Maven Central lacks. */
export const kafkaVersion = '4.3.1';
const javaMin = 17;
const mavenMaxMs = 600_000;

const project = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tallystick</groupId><artifactId>kafka-for-tests</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${kafkaVersion}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`;

const cacheFolder = (): string =>
  path.join(
    process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'),
    'tallystick',
    `kafka-${kafkaVersion}`,
  );
const cachedFile = (): string => path.join(cacheFolder(), 'class-path');

/** The class path of an earlier run, if all its files are still there. */
const cached = async (): Promise<string | undefined> => {
  const text = await readFile(cachedFile(), 'utf8').catch(() => undefined);
  return text?.split(path.delimiter).every((file) => existsSync(file)) === true ? text : undefined;
};

const majorOf = (version: string): number => Number(/version "(\d+)/.exec(version)?.[1] ?? 0);

/** Why Kafka cannot be run by Java here; undefined when it can. */
export const javaLacks = async (): Promise<string | undefined> => {
  const java = await run('java', ['-version']).catch(() => undefined);
  if (java === undefined) return 'there is no Java';
  if (majorOf(java.stderr) < javaMin) return `its Java is older than ${javaMin}`;
  if ((await cached()) !== undefined) return undefined;
  const maven = await run('mvn', ['-version']).catch(() => undefined);
  return maven === undefined ? 'there is no Maven to fetch Kafka with' : undefined;
};

/** Kafka's class path; fetched by Maven the first time, which takes some fifteen seconds. */
export const kafkaClassPath = async (): Promise<string> => {
  const known = await cached();
  if (known !== undefined) return known;
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(path.join(cacheFolder(), 'fetch-'));
  try {
    const file = path.join(work, 'class-path');
    await writeFile(path.join(work, 'pom.xml'), project);
    await run(
      'mvn',
      [
        '--batch-mode',
        '--quiet',
        'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath',
        `-Dmdep.outputFile=${file}`,
        '-Dmdep.includeScope=runtime',
      ],
      { cwd: work, timeout: mavenMaxMs },
    );
    // Several runs may do this at once: each writes the same, whole.
    await rename(file, cachedFile());
    return await readFile(cachedFile(), 'utf8');
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};
