import type { components } from './schema';

type Told = components['schemas']['Problem'];

// Why a request was not done, as the service tells it (RFC 9457). Thrown by `take`, so that it is
// the error of every query and mutation; forms ask it for the place.
export class Problem extends Error {
  readonly title: string;
  readonly detail: string;
  readonly code: string;
  readonly remedy: string;
  readonly pointer: string;
  readonly status: number;
  readonly context: string[];
  readonly errors: NonNullable<Told['errors']>;

  constructor(told: Partial<Told>) {
    super(told.detail ?? told.title ?? 'The request was not done');
    this.title = told.title ?? 'That did not work';
    this.detail = told.detail ?? '';
    this.code = told.code ?? '';
    this.remedy = told.remedy ?? '';
    this.pointer = told.pointer ?? '';
    this.status = told.status ?? 0;
    this.context = told.context ?? [];
    this.errors = told.errors ?? [];
  }

  // What is wrong at this place of the body, or below it; nothing when all is well there.
  at(pointer: string): string | undefined {
    const holds = (one: string) => one === pointer || one.startsWith(`${pointer}/`);
    if (this.pointer && holds(this.pointer)) return this.detail || this.title;
    return this.errors.find((one) => holds(one.pointer))?.detail;
  }
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem({
    title: 'The service does not answer',
    detail: error instanceof Error ? error.message : String(error),
    code: 'no_answer',
    remedy: 'Is `rollcall serve` running, and the network there? This page goes on by itself once it answers.',
    status: 0,
  });
}

declare module '@tanstack/react-query' {
  interface Register {
    defaultError: Problem;
  }
}
