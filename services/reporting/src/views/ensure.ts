import { transaction, type Database } from '@tallystick/postgres';
import { allViews } from './all.js';
import { createSql, indexSql } from './view.js';

/**
 * Creates the views of a new installation, once. Views that are missing later are not made again here: empty ones would
 * look right and be wrong. They come back by a replay.
 */
export const ensureViews = async (db: Database): Promise<void> => {
  await transaction(db, async (tx) => {
    await tx.query('lock table view_sets in exclusive mode');
    const { rowCount } = await tx.query('select 1 from view_sets');
    if (rowCount !== 0) return;
    for (const view of allViews) {
      await tx.query(createSql('live', view));
      for (const index of indexSql('live', view)) await tx.query(index);
    }
    await tx.query('insert into view_sets default values');
  });
};
