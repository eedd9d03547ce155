// A page that lies in a folder, as the binary would serve it, in front of the service's API.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const types: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.png': 'image/png' };

export async function serveFolder(folder: string, service: () => string) {
  const server = createServer(async (asked, answer) => {
    const path = new URL(asked.url!, 'http://x').pathname;
    if (path.startsWith('/api/')) {
      const to = new URL(asked.url!, service());
      const on = request(to, { method: asked.method, headers: { ...asked.headers, host: to.host } }, (got) => {
        answer.writeHead(got.statusCode!, got.headers);
        got.pipe(answer);
      });
      on.on('error', () => answer.destroy());
      answer.on('close', () => on.destroy());
      asked.pipe(on);
      return;
    }
    const file = extname(path) ? await readFile(join(folder, normalize(path))).catch(() => undefined) : undefined;
    if (file) {
      answer.writeHead(200, { 'Content-Type': types[extname(path)] ?? 'application/octet-stream' }).end(file);
      return;
    }
    const nonce = randomBytes(16).toString('base64');
    const index = await readFile(join(folder, 'index.html'), 'utf8');
    answer.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `default-src 'none'; script-src 'self' 'nonce-${nonce}'; style-src 'self' 'nonce-${nonce}'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    });
    answer.end(index.replaceAll('ROLLCALL_NONCE', nonce));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
