// Names of tables, as sources give them: "orders", "sales.orders", "orders.csv".

const isFile = (name: string) => name.includes('/') || /\.(csv|tsv|txt|parquet|gz|zst)$/i.test(name);

export function schemaOf(table: string): string {
  const at = table.lastIndexOf('.');
  return isFile(table) || at < 0 ? '' : table.slice(0, at);
}

export function shortName(table: string, schema: string): string {
  return schema ? table.slice(schema.length + 1) : table;
}

/** By schema, in the order in which they come. */
export function bySchema(tables: string[]): { schema: string; tables: string[] }[] {
  const out = new Map<string, string[]>();
  for (const table of tables) {
    const schema = schemaOf(table);
    out.set(schema, [...(out.get(schema) ?? []), table]);
  }
  return [...out].map(([schema, some]) => ({ schema, tables: some }));
}
