import createClient from 'openapi-fetch';

import { Problem, asProblem } from './problem';
import type { components, paths } from './schema';
import { isAway, isThere, sessionEnded } from './standing';

export type Schemas = components['schemas'];
export type Session = Schemas['Session'];

// Every write bears the session's token: other pages' browsers send the cookie, too. Without one, nobody has
// signed in yet.
let csrf = '';
export function bearCsrf(session: Pick<Session, 'csrf_token'>) {
  csrf = session.csrf_token ?? '';
}
export const forgetSession = () => bearCsrf({});

function isWrite(method: string) {
  return method !== 'GET' && method !== 'HEAD';
}

async function send(request: Request): Promise<Response> {
  if (isWrite(request.method) && csrf) request.headers.set('X-CSRF-Token', csrf);
  try {
    const response = await fetch(request);
    // A proxy answers in place of a service that is gone.
    const gone = [502, 503, 504].includes(response.status) && !response.headers.get('Content-Type')?.includes('json');
    if (gone) isAway();
    else isThere();
    return response;
  } catch (error) {
    if (!request.signal.aborted) isAway();
    throw error;
  }
}

const codeOf = async (response: Response): Promise<unknown> =>
  (await response.clone().json().catch(() => undefined))?.code;

// `fetch` for the client below and for streams. A token that is of an older session (somebody signed in anew in
// another tab) is asked for again, once. When the session has ended, the request waits until somebody has signed in
// again in this page.
async function ask(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await send(request);
  if (!csrf) return response;
  if (response.status === 401 && (await codeOf(response)) === 'not_signed_in') {
    await sessionEnded(again.signal);
    return ask(again);
  }
  if (response.status !== 403 || !isWrite(request.method) || (await codeOf(response)) !== 'csrf_token_wrong')
    return response;
  const session = await fetch('/api/v1/session');
  if (!session.ok) return response;
  bearCsrf(await session.json());
  return send(again);
}

export const api = createClient<paths>({ baseUrl: globalThis.location?.origin, fetch: ask });

async function problemOf(response: Response): Promise<Problem> {
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

// The answer to what the client above does not speak: text, lines, files. A problem is thrown.
export async function answered(request: Request): Promise<Response> {
  let response: Response;
  try {
    response = await ask(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw asProblem(error);
  }
  if (!response.ok) throw await problemOf(response);
  return response;
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
