// What an Iterable destination is asked for, and the body that is sent.

export interface Destination {
  uid: string;
  name: string;
  id?: string;
  platform?: string;
  service?: string;
  region?: string;
  project_type?: string;
  base_url?: string;
  api_key?: string;
  settle?: string;
  proof?: { by?: string; max_age?: string };
  exclusions?: string[];
  defaults?: Defaults;
  [key: string]: unknown;
}
export interface Defaults {
  model?: string;
  match_key?: { type: 'email' | 'user_id'; field: string };
  attributes?: { field: string; to: string; type?: string; create?: boolean; merge?: boolean }[];
  on_null?: string;
  guard?: Record<string, unknown>;
  schedule?: unknown;
}

export const regions = [
  { value: 'us', label: 'United States', about: 'You sign in at app.iterable.com' },
  { value: 'eu', label: 'Europe', about: 'You sign in at app.eu.iterable.com' },
];
export const projectTypes = [
  { value: 'hybrid', label: 'Hybrid', about: 'People are known by user ID, e-mail, or both.' },
  { value: 'email', label: 'E-mail', about: 'The e-mail address tells people apart.' },
  { value: 'user_id', label: 'User ID', about: 'The user ID tells people apart; several may share an e-mail address.' },
];
export const services = [{ value: 'contact_lists', label: 'Export contact lists', about: 'Makes lists of contacts in Iterable, and keeps them up to date. Never creates a contact.' }];

export interface Connection {
  name: string;
  service: string;
  region: string;
  project_type: string;
  api_key: string | null; // null: the one that is stored
  base_url: string;
  settle: string;
  proof_by: string;
  proof_age: string;
}

export const blankConnection: Connection = {
  name: 'Iterable', service: 'contact_lists', region: 'us', project_type: 'hybrid', api_key: '', base_url: '', settle: '', proof_by: 'look_up', proof_age: '',
};

export function connectionOf(one: Destination): Connection {
  return {
    name: one.name,
    service: one.service ?? 'contact_lists',
    region: one.region ?? 'us',
    project_type: one.project_type ?? 'hybrid',
    api_key: one.api_key === undefined ? '' : null,
    base_url: one.base_url ?? '',
    settle: one.settle ?? '',
    proof_by: one.proof?.by ?? 'look_up',
    proof_age: one.proof?.max_age ?? '',
  };
}

/** `stored`: what this form does not ask for comes from there. */
export function bodyOf(form: Connection, stored?: Destination): Record<string, unknown> {
  const { base_url: _url, settle: _settle, proof: _proof, warnings: _warnings, ...rest } = stored ?? ({} as Destination);
  const proof = { ...(form.proof_by !== 'look_up' ? { by: form.proof_by } : {}), ...(form.proof_age.trim() ? { max_age: form.proof_age.trim() } : {}) };
  return {
    ...rest,
    name: form.name.trim(),
    platform: 'iterable',
    service: form.service,
    region: form.region,
    project_type: form.project_type,
    api_key: form.api_key === null ? 'stored' : form.api_key.trim(),
    ...(form.base_url.trim() ? { base_url: form.base_url.trim() } : {}),
    ...(form.settle.trim() ? { settle: form.settle.trim() } : {}),
    ...(Object.keys(proof).length > 0 ? { proof } : {}),
  };
}

/** What stands in the way of connecting. */
export function lacks(form: Connection): string | undefined {
  if (!form.name.trim()) return 'Give the destination a name.';
  if (form.api_key !== null && !form.api_key.trim()) return 'Paste the API key.';
  if (form.region === 'eu' && form.project_type === 'email') return 'Iterable’s data centre in Europe has no projects of type e-mail. Choose another region, or another type.';
  return undefined;
}

/** In words, for what one click does. */
export function defaultsInWords(defaults: Defaults | undefined, schedule: string): string[] {
  if (!defaults?.match_key) return [];
  const key = defaults.match_key.type === 'email' ? 'e-mail' : 'Iterable user ID';
  const some = defaults.attributes ?? [];
  return [
    `People of the model ${defaults.model ?? 'of the segment'} are found by ${key}, from the field ${defaults.match_key.field}.`,
    some.length === 0 ? 'No attributes are written.' : `Written for everybody on the list: ${some.map((one) => one.to).join(', ')}.`,
    `The list is brought up to date ${schedule}.`,
  ];
}
