import type { EventStore } from '../port.js';
import { createPostgresEventStore } from './store.js';

/** For tests that open the store in a process of its own: the argument is the database's URL. */
export const open = async (argument: string): Promise<EventStore> =>
  createPostgresEventStore({ db: argument });
