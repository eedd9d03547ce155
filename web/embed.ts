// What the binary takes in of the built page (src/page): every file compressed, index.html as it is,
// and their list.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

import type { Plugin } from 'vite';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

// From the folder FROM into the folder TO: gz/… and page.inc.
function write(from: string, to: string) {
  const gz = join(to, 'gz');
  rmSync(gz, { recursive: true, force: true });
  const files = readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => relative(from, join(one.parentPath, one.name)))
    .sort();
  const lines = files.map((name, number) => {
    const type = types[extname(name)];
    if (!type) throw new Error(`web/embed.ts knows no type of ${name}`);
    const bytes = readFileSync(join(from, name));
    const kept = join(gz, name);
    mkdirSync(dirname(kept), { recursive: true });
    writeFileSync(kept, extname(name) === '.html' ? bytes : gzipSync(bytes, { level: 9 }));
    const tag = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    return `PAGE_FILE(${number}, "/${name}", "${type}", "${tag}", "gz/${name}")`;
  });
  writeFileSync(join(to, 'page.inc'), lines.join('\n') + '\n');
}

export function embed(): Plugin {
  let from = '';
  return {
    name: 'embed',
    apply: 'build',
    configResolved: (config) => {
      from = resolve(config.root, config.build.outDir);
    },
    closeBundle: () => write(from, dirname(from)),
  };
}
