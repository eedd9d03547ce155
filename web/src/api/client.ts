import createClient from 'openapi-fetch';

import { Problem, asProblem } from './problem';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];
export type Session = Schemas['Session'];

// Every write bears the session's token: other pages' browsers send the cookie, too.
let csrf = '';
export function bearCsrf(session: Session) {
  csrf = session.csrf_token ?? '';
}

function isWrite(method: string) {
  return method !== 'GET' && method !== 'HEAD';
}

// `fetch` for the client below and for streams. A token that is of an older session (somebody signed
// in anew in another tab) is asked for again, once.
export async function ask(request: Request): Promise<Response> {
  const again = isWrite(request.method) && csrf ? request.clone() : undefined;
  if (isWrite(request.method) && csrf) request.headers.set('X-CSRF-Token', csrf);
  const response = await fetch(request);
  if (response.status !== 403 || !again) return response;
  const told = await response.clone().json().catch(() => undefined);
  if (told?.code !== 'csrf_token_wrong') return response;
  const session = await fetch('/api/v1/session');
  if (!session.ok) return response;
  bearCsrf(await session.json());
  again.headers.set('X-CSRF-Token', csrf);
  return fetch(again);
}

export const api = createClient<paths>({ baseUrl: globalThis.location?.origin, fetch: ask });

export async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text().catch(() => '');
  try {
    return new Problem({ status: response.status, ...JSON.parse(text) });
  } catch {
    return new Problem({
      status: response.status,
      title: `The service answered ${response.status}`,
      detail: text.slice(0, 500),
      code: 'no_problem',
    });
  }
}

type Answer<T> = { data?: T; error?: unknown; response: Response };

// What an answer bears; a problem is thrown.
export async function take<T>(answer: Promise<Answer<T>>): Promise<T> {
  return (await takeWithTag(answer)).value;
}

export interface Tagged<T> {
  value: T;
  etag: string; // for If-Match
}

export async function takeWithTag<T>(answer: Promise<Answer<T>>): Promise<Tagged<T>> {
  let got: Answer<T>;
  try {
    got = await answer;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw asProblem(error);
  }
  if (got.response.ok) return { value: got.data as T, etag: got.response.headers.get('ETag') ?? '' };
  const told = got.error;
  if (told && typeof told === 'object') throw new Problem({ status: got.response.status, ...told });
  throw new Problem({
    status: got.response.status,
    title: `The service answered ${got.response.status}`,
    detail: typeof told === 'string' ? told.slice(0, 500) : '',
    code: 'no_problem',
  });
}

type Page<T> = { items: T[]; next_cursor: string | null };

// All pages of a list, one after another.
export async function takeAll<T>(page: (cursor?: string) => Promise<Answer<Page<T>>>): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  do {
    const got: Page<T> = await take(page(cursor));
    all.push(...got.items);
    cursor = got.next_cursor ?? undefined;
  } while (cursor);
  return all;
}
