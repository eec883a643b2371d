/**
 * Takes out of the way what makes single writes safe and bulk loads slow, and puts it back.
 *
 * Foreign keys, unique constraints and plain indexes are dropped and made again from their own definitions, so the
 * migrations stay the only place that says what they are; making them again checks all rows at once. Triggers rest.
 * Check constraints and primary keys stay on throughout. All of it happens inside the caller's transaction: if it
 * fails, nothing was ever gone.
 *
 * Who loads rows with resting triggers must write the derived columns himself, and write them right.
 */

import type postgres from 'postgres'

interface Dropped {
  readonly drop: string
  readonly create: string
}

async function constraintsOf(tx: postgres.TransactionSql, tables: readonly string[]): Promise<Dropped[]> {
  // Foreign keys first: they lean on the unique constraints. Also those of other tables, or these could not be emptied.
  return tx<Dropped[]>`
    select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop,
           format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as create
    from pg_constraint
    where contype in ('f', 'u') and conrelid = any(${tables}::text[]::regclass[])
       or contype = 'f' and confrelid = any(${tables}::text[]::regclass[])
    order by contype, conname`
}

async function indexesOf(tx: postgres.TransactionSql, tables: readonly string[]): Promise<Dropped[]> {
  return tx<Dropped[]>`
    select format('drop index %s', indexrelid::regclass) as drop, pg_get_indexdef(indexrelid) as create
    from pg_index
    where indrelid = any(${tables}::text[]::regclass[])
      and not exists (select from pg_constraint where conindid = indexrelid)
    order by indexrelid::regclass::text`
}

export async function bulk(
  tx: postgres.TransactionSql,
  tables: readonly string[],
  load: () => Promise<void>,
): Promise<void> {
  await tx`set local maintenance_work_mem = '256MB'`
  const constraints = await constraintsOf(tx, tables)
  const indexes = await indexesOf(tx, tables)
  for (const table of tables) await tx`alter table ${tx(table)} disable trigger user`
  for (const { drop } of [...constraints, ...indexes]) await tx.unsafe(drop)
  await load()
  for (const { create } of [...indexes, ...constraints.toReversed()]) await tx.unsafe(create)
  for (const table of tables) await tx`alter table ${tx(table)} enable trigger user`
}
