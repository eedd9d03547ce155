import { answered } from './client';

export interface Event {
  event: string;
  data: string;
}

// The events of a text/event-stream, cut out of text as it comes.
export function eventReader(): (text: string) => Event[] {
  let rest = '';
  return (text) => {
    rest += text.replaceAll('\r\n', '\n');
    const parts = rest.split('\n\n');
    rest = parts.pop() ?? '';
    return parts.flatMap((part) => {
      let event = 'message';
      const data: string[] = [];
      for (const line of part.split('\n')) {
        if (line.startsWith('event:')) event = line.slice(6).trim();
        else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
      }
      return data.length ? [{ event, data: data.join('\n') }] : [];
    });
  };
}

// Full lines, cut out of text as it comes.
export function lineReader(): (text: string) => string[] {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    return lines.filter((line) => line.trim());
  };
}

async function* read<T>(response: Response, cut: (text: string) => T[]): AsyncGenerator<T> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield* cut(value);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

// Server-sent events of a path, until its end or `signal`.
export async function* events(path: string, signal: AbortSignal): AsyncGenerator<Event> {
  const response = await answered(new Request(path, { headers: { Accept: 'text/event-stream' }, signal }));
  yield* read(response, eventReader());
}

// The lines of JSON that a POST answers as they come: progress first, the result last.
export async function* lines<T>(path: string, body: unknown, signal: AbortSignal): AsyncGenerator<T> {
  const response = await answered(
    new Request(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/x-ndjson' },
      body: JSON.stringify(body),
      signal,
    }),
  );
  for await (const line of read(response, lineReader())) yield JSON.parse(line) as T;
}
