// What the kinds of source are called, and the forms that their keys make. Which keys there are is the service's to
// say (`/meta`); here is how they are asked for. A key that is not known here is asked for all the same, under its own name.

export interface SourceKey {
  key: string;
  kind: 'text' | 'path' | 'url' | 'flag' | 'port' | 'lines' | 'sample' | 'span' | 'secret';
  required: boolean;
  words: string[];
}
export interface SourceKind {
  kind: string;
  keys: SourceKey[];
  of_files: boolean;
}

export type Section = 'main' | 'store' | 'more';
export interface Input extends SourceKey {
  label: string;
  hint?: string;
  placeholder?: string;
  section: Section;
}

export interface KindText {
  title: string;
  about: string;
  family: 'Databases' | 'Files' | 'Tables in folders';
}

const kinds: Record<string, KindText> = {
  postgres: { title: 'PostgreSQL', about: 'A PostgreSQL database. Rollcall only reads.', family: 'Databases' },
  mysql: { title: 'MySQL or MariaDB', about: 'A MySQL or MariaDB database. Rollcall only reads.', family: 'Databases' },
  trino: { title: 'Trino', about: 'A Trino server, and every catalog that it reaches.', family: 'Databases' },
  duckdb: { title: 'DuckDB', about: 'A DuckDB file on the server that runs Rollcall.', family: 'Databases' },
  sqlite: { title: 'SQLite', about: 'A SQLite file on the server that runs Rollcall.', family: 'Databases' },
  csv: { title: 'CSV files', about: 'Upload files here, or name a folder or an object store.', family: 'Files' },
  parquet: { title: 'Parquet files', about: 'Upload files here, or name a folder or an object store.', family: 'Files' },
  delta: { title: 'Delta Lake', about: 'Delta tables in a folder or an object store.', family: 'Tables in folders' },
  iceberg: { title: 'Iceberg', about: 'Iceberg tables in a folder or an object store.', family: 'Tables in folders' },
};
const order = ['postgres', 'mysql', 'trino', 'duckdb', 'sqlite', 'csv', 'parquet', 'delta', 'iceberg'];

export function kindText(kind: string): KindText {
  return kinds[kind] ?? { title: kind, about: '', family: 'Databases' };
}

/** In the order in which they are offered. */
export function inOrder(all: SourceKind[]): SourceKind[] {
  const place = (kind: string) => {
    const at = order.indexOf(kind);
    return at < 0 ? order.length : at;
  };
  return [...all].sort((a, b) => place(a.kind) - place(b.kind) || a.kind.localeCompare(b.kind));
}

interface KeyText {
  label: string;
  hint?: string;
  placeholder?: string;
  section?: Section;
}

const keyTexts: Record<string, KeyText> = {
  host: { label: 'Host', placeholder: 'db.example.com' },
  port: { label: 'Port' },
  database: { label: 'Database' },
  user: { label: 'User', hint: 'One that may only read is enough, and advised.' },
  password: { label: 'Password', hint: 'Kept encrypted, and never shown again.' },
  token: { label: 'Token', hint: 'Instead of a password. Kept encrypted, and never shown again.' },
  schema: { label: 'Schema', hint: 'Where tables are looked up that are named without one.' },
  catalog: { label: 'Catalog', hint: 'Where tables are looked up that are named without one.' },
  url: { label: 'Address' },
  sslmode: { label: 'Encryption', hint: 'Only verify-ca and verify-full know whom they talk to. Choose verify-full across a network.' },
  sslrootcert: { label: "File with the server's certificates", placeholder: '/etc/rollcall/ca.pem', section: 'more' },
  ssl_mode: { label: 'Encryption', hint: 'Only verify_ca and verify_identity know whom they talk to. Choose verify_identity across a network.' },
  ssl_ca: { label: "File with the server's certificates", placeholder: '/etc/rollcall/ca.pem', section: 'more' },
  ca_file: { label: "File with the server's certificates", placeholder: '/etc/rollcall/ca.pem', section: 'more' },
  path: { label: 'Folder or file', placeholder: '/data/shop or s3://company/shop', hint: 'On the server that runs Rollcall, or in an object store.' },
  files: { label: 'Folder that views may read', section: 'more', hint: 'For views over files. None when left empty.' },
  region: { label: 'Region', section: 'store', placeholder: 'eu-west-1' },
  endpoint: { label: 'Address of the store', section: 'store', placeholder: 'https://storage.googleapis.com', hint: "Only for a store that is not Amazon's." },
  access_key_id: { label: 'Access key id', section: 'store' },
  secret_access_key: { label: 'Secret access key', section: 'store', hint: 'Kept encrypted, and never shown again.' },
  session_token: { label: 'Session token', section: 'store', hint: 'Kept encrypted, and never shown again.' },
  union_by_name: { label: 'Files differ in their columns', section: 'more', hint: 'Columns are matched by name, and what a file lacks is left empty. Otherwise such files are refused.' },
  hive: { label: 'Folders named key=value are columns', section: 'more' },
  skip: { label: 'Lines before the header', section: 'more', hint: 'A title above the header, for example.' },
  comment: { label: 'Comments begin with', section: 'more', placeholder: '#' },
  null_padding: { label: 'Rows that are too short are filled', section: 'more', hint: 'Otherwise such files are refused.' },
  header: { label: 'The first row is a header', section: 'more', hint: 'Found out when not set.' },
  delimiter: { label: 'Delimiter', section: 'more', placeholder: ';', hint: 'Found out when left empty.' },
  quote: { label: 'Quotation mark', section: 'more', placeholder: '"' },
  escape: { label: 'Escape', section: 'more', placeholder: '"' },
  encoding: { label: 'Encoding', section: 'more', placeholder: 'utf-8', hint: 'utf-8, utf-16 or latin-1.' },
  date_format: { label: 'How dates are written', section: 'more', placeholder: '%d/%m/%Y', hint: 'Like 2026-01-31 when left empty.' },
  timestamp_format: { label: 'How times are written', section: 'more', placeholder: '%d/%m/%Y %H:%M' },
  decimal: { label: 'Point before decimals', section: 'more', placeholder: ',' },
  nulls: { label: 'Texts that stand for nothing', section: 'more', placeholder: 'NULL,n/a', hint: 'Separated by commas. Empty cells count as nothing anyway.' },
  types: { label: 'Types', section: 'more', hint: 'detect: found from all rows. text: every column as it is written.' },
  statement_timeout: { label: 'Longest time of a query', section: 'more', placeholder: '1h', hint: 'Such as 90s, 30m, 1h (when left empty) or 1d.' },
};

// Of one kind alone.
const special: Record<string, KeyText> = {
  'postgres.url': { label: 'Address', placeholder: 'postgresql://user@host/database', section: 'more', hint: 'Instead of host, database and user. Without a password.' },
  'postgres.port': { label: 'Port', placeholder: '5432' },
  'mysql.port': { label: 'Port', placeholder: '3306' },
  'trino.url': { label: 'Address', placeholder: 'https://trino.example.com' },
  'duckdb.path': { label: 'File', placeholder: '/data/shop.duckdb', hint: 'On the server that runs Rollcall.' },
  'duckdb.schema': { label: 'Schema', placeholder: 'main', section: 'more' },
  'sqlite.path': { label: 'File', placeholder: '/data/shop.sqlite', hint: 'On the server that runs Rollcall.' },
};

/** Keys that nobody should be asked for: they have no meaning any more. */
const silent = new Set(['sample']);

const inputOrder = [
  'url', 'host', 'port', 'database', 'user', 'password', 'token', 'catalog', 'schema', 'path', 'sslmode', 'ssl_mode', 'region', 'access_key_id', 'secret_access_key',
  'session_token', 'endpoint',
];

export function inputsOf(kind: SourceKind): Input[] {
  const place = (key: string) => {
    const at = inputOrder.indexOf(key);
    return at < 0 ? inputOrder.length : at;
  };
  return kind.keys
    .filter((one) => !silent.has(one.key))
    .map((one): Input => {
      const text = special[`${kind.kind}.${one.key}`] ?? keyTexts[one.key];
      return { ...one, label: text?.label ?? one.key, hint: text?.hint, placeholder: text?.placeholder, section: text?.section ?? (text ? 'main' : 'more') };
    })
    .map((one, i) => [one, i] as const)
    .sort(([a, i], [b, j]) => place(a.key) - place(b.key) || i - j)
    .map(([one]) => one);
}

/** Whether the inputs of an object store concern a path. */
export function isInStore(path: string): boolean {
  return /^s3:\/\//i.test(path.trim());
}

/** What somebody typed for each key: text, or a switch that is on, off or not set. A secret that is kept is `null`. */
export type Values = Record<string, string | boolean | null>;

/** From a stored source. */
export function valuesOf(inputs: Input[], source: Record<string, unknown>): Values {
  const out: Values = {};
  for (const { key, kind } of inputs) {
    const value = source[key];
    if (value === undefined || value === null) continue;
    if (kind === 'secret') out[key] = null;
    else if (kind === 'flag') out[key] = value === true;
    else out[key] = String(value);
  }
  return out;
}

/** The body of a request. What is left empty is left out; of a secret that is kept `stored` is said. */
export function bodyOf(kind: string, name: string, inputs: Input[], values: Values): Record<string, unknown> {
  const out: Record<string, unknown> = { name: name.trim(), kind };
  for (const { key, kind: form } of inputs) {
    const value = values[key];
    if (value === undefined) continue;
    if (value === null) {
      if (form === 'secret') out[key] = 'stored';
    } else if (typeof value === 'boolean') {
      out[key] = value;
    } else if (value !== '' && (form === 'secret' || value.trim() !== '')) {
      const text = form === 'secret' || (form === 'text' && value.trim() === '') ? value : value.trim();
      const isNumber = (form === 'port' || form === 'lines') && /^\d+$/.test(text);
      out[key] = isNumber ? Number(text) : text;
    }
  }
  return out;
}

/** Of a form that can be sent: the keys that are still missing, by their labels. */
export function missing(kind: string, inputs: Input[], values: Values): string[] {
  const has = (key: string) => {
    const value = values[key];
    return value !== undefined && value !== '' && !(typeof value === 'string' && value.trim() === '');
  };
  const labels = new Map(inputs.map((one) => [one.key, one.label]));
  let keys = inputs.filter((one) => one.required).map((one) => one.key);
  if (kind === 'postgres' && !has('url')) keys = [...keys, 'host', 'database', 'user'];
  return keys.filter((key) => labels.has(key) && !has(key)).map((key) => labels.get(key)!);
}

/**
 * Whether a text looks like a reference to the server's environment or files. Those are read in catalog files alone:
 * what comes through the page is taken letter by letter, so that nobody can read the server's secrets from afar.
 */
export function looksLikeReference(text: string): boolean {
  return /^\s*(\$\{[A-Za-z_][A-Za-z0-9_]*\}|file:.+)\s*$/.test(text);
}
