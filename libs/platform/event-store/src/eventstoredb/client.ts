import { EventStoreDBClient } from '@eventstore/db-client';

/** The options of a URL that are passed on. Others are refused: the client warns of them by printing the whole URL. */
const knownOptions = new Set(
  [
    'connectionName',
    'defaultDeadline',
    'discoveryInterval',
    'gossipTimeout',
    'keepAliveInterval',
    'keepAliveTimeout',
    'maxDiscoverAttempts',
    'nodePreference',
    'tls',
    'tlsCAFile',
    'userCertFile',
    'userKeyFile',
  ].map((name) => name.toLowerCase()),
);

const expected =
  'esdb://[user:password@]host:port[,host:port][?option=value&…], or esdb+discover://…';

/** Throws on a URL that cannot be used, without a word of it but an option's name. */
const checkedClient = (url: string): EventStoreDBClient => {
  const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';
  for (const [option] of new URLSearchParams(query)) {
    if (knownOptions.has(option.toLowerCase().replaceAll(/[_-]/g, ''))) continue;
    throw new Error(`the option ${option} of the EventStoreDB's URL is not known here`);
  }
  try {
    return EventStoreDBClient.connectionString(url);
  } catch {
    // The client's error quotes what it could not read, which may be a password.
    throw new Error(`not the URL of an EventStoreDB: expected ${expected}`);
  }
};

/**
 * A client of the server that the URL names. Connects when it is first used, and again whenever it has to.
 *
 * It is told that the server has no BatchAppend, so that each append is a call of its own: over BatchAppend, release 6.2.1
 * keeps one list of waiting callers for the whole process, so that one broken connection rejects the appends of every other client, and
 * the answer to one of those then ends the process (kurrent-io/KurrentDB-Client-NodeJS, pull requests 505 and 523).
 */
export const openClient = (url: string): EventStoreDBClient => {
  const client = checkedClient(url);
  Reflect.set(client, 'supports', () => Promise.resolve(false));
  return client;
};

/** Ends what is under way, and the connection, which the client leaves open by itself. */
export const closeClient = async (client: EventStoreDBClient): Promise<void> => {
  await client.dispose();
  const getChannel: unknown = Reflect.get(client, 'getChannel');
  if (typeof getChannel !== 'function') return;
  const opened: unknown = Reflect.apply(getChannel, client, []);
  const channel: unknown = await Promise.resolve(opened).catch(() => undefined);
  const close: unknown = channel instanceof Object ? Reflect.get(channel, 'close') : undefined;
  if (typeof close === 'function') Reflect.apply(close, channel, []);
};
