// What tests of the page stand on: the simulator of Iterable and `rollcall serve` over a home of the
// test's own, and Chromium, which opens the page as a person does.
//
//   const world = useWorld({ extent: 'segments' });
//   it('…', async () => {
//     const visit = await world.open('/segments');
//     await visit.page.getByRole('link', { name: 'Regulars' }).click();
//     await visit.isWell();             // axe in both schemes, no sideways scrolling
//     await visit.shot('segment');      // docs/screenshots/segment.png
//   });
//
// ROLLCALL_BIN and ITERABLE_SIM_BIN name the programs. ROLLCALL_PAGE names a folder that `vite build`
// wrote, to try a page that is not in the binary yet; else the page is the binary's.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

import { serveFolder } from './front';
import { catalogText, contacts, shopPeople, shopSize, writeShop } from './shop';
import type { Extent, Person } from './shop';

const root = resolve(import.meta.dirname, '../..');
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const screenshots = join(root, 'docs/screenshots');

export const password = 'four unrelated words here';
export const wide = { width: 1280, height: 800 };
export const narrow = { width: 390, height: 844 };

function program(variable: string): string {
  const path = process.env[variable];
  if (!path) throw new Error(`${variable} is not set: it names the program`);
  return resolve(path);
}

interface Started {
  process: ChildProcess;
  url: string;
  said: string[]; // all its lines
}

// Starts a program, and waits for the line that tells its address.
function start(file: string, args: string[], env: Record<string, string> = {}): Promise<Started> {
  return new Promise((done, fail) => {
    const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const said: string[] = [];
    const hear = (line: string) => {
      said.push(line);
      const told = /(http:\/\/127\.0\.0\.1:\d+)/.exec(line);
      if (told) done({ process: child, url: told[1]!, said });
    };
    createInterface({ input: child.stdout! }).on('line', hear);
    createInterface({ input: child.stderr! }).on('line', hear);
    child.on('error', fail);
    child.on('exit', (code) => fail(new Error(`${file} ${args.join(' ')} ended with ${code}\n${said.join('\n')}`)));
  });
}

async function end(child: ChildProcess) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
  await gone;
  clearTimeout(timer);
}

export async function until<T>(what: () => Promise<T | undefined | null | false>, says = 'it did not come about', deadline = 60_000): Promise<T> {
  for (const from = Date.now(); ; ) {
    const got = await what();
    if (got) return got;
    if (Date.now() - from > deadline) throw new Error(says);
    await new Promise((done) => setTimeout(done, 100));
  }
}

// Statements against a DuckDB file, by the program that makes the sample shop: it lies beside rollcall.
export function duck(database: string, sql: string) {
  const file = `${database}.sql`;
  writeFileSync(file, sql);
  const done = spawnSync(join(dirname(program('ROLLCALL_BIN')), 'shopgen'), [database, file], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`shopgen ended with ${done.status}\n${done.stdout}${done.stderr}`);
}

export interface Signed {
  cookie: { name: string; value: string };
  csrf: string;
}

export interface WorldOptions {
  extent?: Extent; // of the catalog; 'all' when not given
  size?: number; // of the shop
  projectType?: 'hybrid' | 'email' | 'user_id';
  setUp?: boolean; // false: nobody may sign in yet
  catalog?: string; // YAML to apply besides; BASE and FOLDER stand for Iterable's address and the shop's folder
  data?: (folder: string) => void; // puts further data into the shop's folder
  serve?: string[]; // further options of the service
}

export class World {
  readonly people: Person[];
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-page-'));
  readonly home = join(this.folder, 'home');
  readonly shop = join(this.folder, 'shop');
  url = ''; // of the page
  service = ''; // of the API
  simulator = '';
  private running: Started[] = [];
  private front?: { url: string; close: () => Promise<void> };
  private browser?: Browser;
  private sessions = new Map<string, Signed>();
  visits: Visit[] = [];

  constructor(readonly options: WorldOptions = {}) {
    this.people = shopPeople(options.size ?? shopSize);
  }

  async begin() {
    const { extent = 'all', projectType = 'hybrid', setUp = true, catalog, data, serve = [] } = this.options;
    writeShop(this.shop, this.people);
    data?.(this.shop);
    writeFileSync(join(this.folder, 'contacts.ndjson'), contacts(this.people));
    const simulator = await start(program('ITERABLE_SIM_BIN'), [
      ...['--listen', '127.0.0.1:0', '--project-type', projectType],
      ...['--contacts', join(this.folder, 'contacts.ndjson'), '--visible-after', '0'],
    ]);
    this.running.push(simulator);
    this.simulator = simulator.url;
    if (setUp) this.rollcall(['user', 'add', 'admin@example.com', '--role', 'admin', '--password-stdin'], `${password}\n`);
    this.apply(catalogText(extent, this.shop, this.simulator));
    if (catalog) this.apply(catalog.replaceAll('BASE', this.simulator).replaceAll('FOLDER', this.shop));
    await this.serve(serve);
    this.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--headless=new', '--disable-dev-shm-usage', '--force-prefers-reduced-motion'],
    });
  }

  // Starts the service; after end_service(), again at the same address.
  async serve(options: string[] = this.options.serve ?? []) {
    const at = this.service ? new URL(this.service).host : '127.0.0.1:0';
    const service = await start(program('ROLLCALL_BIN'), ['--home', this.home, 'serve', '--listen', at, '--retry-after', '1', ...options]);
    this.running.push(service);
    this.service = service.url;
    const folder = process.env.ROLLCALL_PAGE;
    if (folder && !this.front) this.front = await serveFolder(resolve(folder), () => this.service);
    this.url = this.front?.url ?? this.service;
    await until(async () => (await fetch(`${this.service}/api/v1/ready`).catch(() => undefined))?.ok, 'the service did not become ready');
  }

  async endService() {
    const service = this.running.pop()!;
    await end(service.process);
  }

  // All that the service said.
  get said(): string[] {
    return this.running.at(-1)!.said;
  }

  // A command on the home; its stdout.
  rollcall(args: string[], input = ''): string {
    const done = spawnSync(program('ROLLCALL_BIN'), ['--home', this.home, ...args], { input, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`rollcall ${args.join(' ')} ended with ${done.status}\n${done.stdout}${done.stderr}`);
    return done.stdout;
  }

  apply(text: string) {
    const file = join(this.folder, 'catalog.yaml');
    writeFileSync(file, text);
    this.rollcall(['apply', file]);
  }

  // A session of the admin, or of somebody with another role, who is made when first asked for.
  async signIn(role: 'viewer' | 'operator' | 'editor' | 'admin' = 'admin'): Promise<Signed> {
    const kept = this.sessions.get(role);
    if (kept) return kept;
    const email = `${role}@example.com`;
    if (role !== 'admin') this.rollcall(['user', 'add', email, '--role', role, '--password-stdin'], `${password}\n`);
    const answer = await fetch(`${this.service}/api/v1/session`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email, password }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`not signed in: ${text}`);
    const [name, ...value] = answer.headers.get('set-cookie')!.split(';')[0]!.split('=');
    const signed = { cookie: { name: name!, value: value.join('=') }, csrf: JSON.parse(text).csrf_token };
    this.sessions.set(role, signed);
    return signed;
  }

  // A request to the API by the admin's session; its JSON. What is refused is thrown.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async api(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<any> {
    const signed = await this.signIn();
    const answer = await fetch(this.service + path, {
      method,
      headers: {
        Cookie: `${signed.cookie.name}=${signed.cookie.value}`,
        'X-CSRF-Token': signed.csrf,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  // The uid of an object.
  async uid(kind: string, name: string): Promise<string> {
    const found = await this.api('GET', `/api/v1/${kind}?name=${encodeURIComponent(name)}`);
    if (found.items.length !== 1) throw new Error(`${found.items.length} ${kind} are named ${name}`);
    return found.items[0].uid;
  }

  // Runs an activation, to its end.
  async run(uid: string, order: unknown = {}) {
    return this.api('POST', `/api/v1/activations/${uid}/run?wait=60`, order);
  }

  // The simulator's side door, such as `sim('/_sim/lists')`.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async sim(path: string, method = 'GET', body?: unknown): Promise<any> {
    const answer = await fetch(this.simulator + path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  // The true members of a list of Iterable, by e-mail.
  async members(list: string): Promise<string[]> {
    const { lists } = await this.sim('/_sim/lists');
    const found = lists.find((one: { name: string }) => one.name === list);
    if (!found) throw new Error(`there is no list ${list}`);
    return (await this.sim(`/_sim/lists/${found.id}/members`)).map((one: { email: string }) => one.email).sort();
  }

  // Opens the page in a browser of its own, signed in as the admin unless said otherwise.
  async open(
    path = '/',
    { as = 'admin' as 'viewer' | 'operator' | 'editor' | 'admin' | 'nobody', size = wide, scheme = 'light' as 'light' | 'dark', zone = 'Europe/Paris' } = {},
  ): Promise<Visit> {
    const context = await this.browser!.newContext({ viewport: size, colorScheme: scheme, timezoneId: zone, locale: 'en-GB', reducedMotion: 'reduce' });
    if (as !== 'nobody') await context.addCookies([{ ...(await this.signIn(as)).cookie, url: this.url }]);
    const visit = new Visit(context, await context.newPage(), this.url);
    this.visits.push(visit);
    await visit.go(path);
    return visit;
  }

  async close() {
    await this.browser?.close();
    await this.front?.close();
    for (const one of this.running.reverse()) await end(one.process);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class Visit {
  // What must not happen: errors of the console (a breach of the page's policy is one), requests to
  // other hosts. What the API refuses is no error: the page tells it.
  readonly troubles: string[] = [];

  constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    private readonly base: string,
  ) {
    page.setDefaultTimeout(45_000);
    page.on('console', (message) => {
      const refused = message.text().startsWith('Failed to load resource') && message.location().url.includes('/api/');
      if (message.type() === 'error' && !refused) this.troubles.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.troubles.push(`error: ${error.stack ?? error.message}`));
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith('http') && url.origin !== base) this.troubles.push(`request to ${url.origin}`);
    });
  }

  async go(path: string) {
    await this.page.goto(this.base + path, { waitUntil: 'load' });
    await this.page.locator('h1').first().waitFor();
  }

  // Nothing is being loaded: no placeholder in sight.
  async settled() {
    await this.page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
  }

  // What axe finds that is serious, in both colour schemes.
  async axe() {
    await this.page.evaluate(axeSource);
    for (const scheme of ['light', 'dark'] as const) {
      await this.page.emulateMedia({ colorScheme: scheme });
      await this.page.waitForFunction((wanted) => document.documentElement.dataset.mantineColorScheme === wanted, scheme);
      const found = await this.page.evaluate(async () => {
        // @ts-expect-error axe is not declared
        const result = await window.axe.run(document, { resultTypes: ['violations'] });
        return result.violations
          .filter((one: { impact: string }) => one.impact === 'serious' || one.impact === 'critical')
          .map((one: { id: string; help: string; nodes: { html: string; failureSummary: string }[] }) => ({
            id: one.id,
            help: one.help,
            nodes: one.nodes.map((node) => `${node.html.slice(0, 300)}\n${node.failureSummary}`),
          }));
      });
      expect(found, `axe, ${scheme}, ${this.page.url()}`).toEqual([]);
    }
    await this.page.emulateMedia({ colorScheme: 'light' });
  }

  // The page does not scroll sideways.
  async fits() {
    const { content, window } = await this.page.evaluate(() => ({
      content: document.documentElement.scrollWidth,
      window: document.documentElement.clientWidth,
    }));
    expect(content, `the page is wider than its window: ${this.page.url()}`).toBeLessThanOrEqual(window);
  }

  // At both widths: no sideways scrolling, and nothing serious found by axe.
  async isWell() {
    await this.settled();
    const before = this.page.viewportSize()!;
    for (const size of [wide, narrow]) {
      await this.page.setViewportSize(size);
      await this.fits();
      await this.axe();
    }
    await this.page.setViewportSize(before);
  }

  // docs/screenshots/NAME.png, and NAME-dark.png when `dark`.
  async shot(name: string, { dark = false, full = false } = {}) {
    await this.settled();
    mkdirSync(screenshots, { recursive: true });
    await this.page.mouse.move(0, 0);
    const before = this.page.viewportSize()!;
    // The whole page by a window as high as it is: what sticks to the window's top then sticks to the page's.
    if (full) await this.page.setViewportSize({ ...before, height: await this.page.evaluate(() => document.documentElement.scrollHeight) });
    await this.page.evaluate(() => window.scrollTo(0, 0));
    await this.page.screenshot({ path: join(screenshots, `${name}.png`), animations: 'disabled' });
    if (dark) {
      await this.page.emulateMedia({ colorScheme: 'dark' });
      await this.page.screenshot({ path: join(screenshots, `${name}-dark.png`), animations: 'disabled' });
      await this.page.emulateMedia({ colorScheme: 'light' });
    }
    if (full) await this.page.setViewportSize(before);
  }

  // What moved by itself while it was loaded.
  async layoutShift(): Promise<number> {
    return this.page.evaluate(
      () =>
        new Promise<number>((done) => {
          let sum = 0;
          new PerformanceObserver((list) => {
            for (const one of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[])
              if (!one.hadRecentInput) sum += one.value;
          }).observe({ type: 'layout-shift', buffered: true });
          setTimeout(() => done(sum), 300);
        }),
    );
  }

  // By the keyboard alone: Tab until what has the focus bears this name.
  async tabTo(name: string | RegExp, most = 80) {
    for (let i = 0; i < most; i++) {
      await this.page.keyboard.press('Tab');
      if (await this.focusIsOn(name)) return;
    }
    throw new Error(`Tab does not lead to ${name}`);
  }

  // The same in a menu that opens. One that has just come to be seen may take the focus a moment
  // later, and a key pressed before that is lost: so each press is waited for.
  async arrowTo(name: string | RegExp, most = 20) {
    for (let i = 0; i < most; i++) {
      await this.page.keyboard.press('ArrowDown');
      await this.page.waitForTimeout(100);
      if (await this.focusIsOn(name)) return;
    }
    throw new Error(`the arrow does not lead to ${name}`);
  }

  private async focusIsOn(name: string | RegExp): Promise<boolean> {
    const told = await this.page.evaluate(() => {
      const at = document.activeElement as HTMLElement & { labels?: NodeListOf<HTMLElement> };
      return at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent ?? at.textContent ?? '';
    });
    return typeof name === 'string' ? told.trim() === name : name.test(told);
  }

  async close() {
    await this.context.close();
  }
}

// One world for all tests of a file. After each test its visits are closed, and nothing may have
// gone wrong in them.
export function useWorld(options: WorldOptions = {}): World {
  const world = new World(options);
  beforeAll(async () => {
    try {
      await world.begin();
    } catch (error) {
      await world.close();
      throw error;
    }
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') {
      // What was in sight when it failed.
      const folder = join(root, 'build/page-failures');
      mkdirSync(folder, { recursive: true });
      for (const [i, visit] of world.visits.entries())
        await visit.page.screenshot({ path: join(folder, `${task.name.replace(/\W+/g, '-')}-${i}.png`), fullPage: true }).catch(() => {});
    }
    const troubles = world.visits.flatMap((visit) => visit.troubles);
    for (const visit of world.visits) await visit.close();
    world.visits = [];
    expect(troubles, 'what the browser complained of').toEqual([]);
  });
  afterAll(() => world.close());
  return world;
}
