import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

import { embed } from './embed.ts';

// For development: `npm run dev` beside a `rollcall serve` at this address.
const service = process.env.ROLLCALL_URL ?? 'http://127.0.0.1:8090';

export default defineConfig({
  plugins: [react(), embed()],
  cacheDir: '../build/vite',
  // The service puts a fresh nonce in place of this word into each answer of index.html.
  html: { cspNonce: 'ROLLCALL_NONCE' },
  build: {
    outDir: '../build/web/dist',
    emptyOutDir: true,
    assetsInlineLimit: 0, // the page's policy has no data: addresses
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: service, changeOrigin: true } },
  },
  test: {
    projects: [
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts', 'src/**/*.test.tsx'], env: { TZ: 'UTC' } } },
      {
        extends: true,
        test: {
          name: 'page',
          sequence: { groupOrder: 1 }, // after the units, which take every core
          include: ['tests/**/*.test.ts'],
          retry: 2, // keys and clicks overtake a page that draws on a busy machine; what is wrong stays wrong
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: true,
          maxWorkers: 2,
        },
      },
    ],
  },
});
