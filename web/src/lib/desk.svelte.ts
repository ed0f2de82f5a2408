// The staff's side of the console: who is signed in, commands to the server, and what changes there.
//
// A session lives in a cookie that scripts cannot read; every command carries the header that shows it comes from this
// page, and a key of its own, so that a repeated click or a lost answer never does a thing twice.

import { Problem } from './api';
import { store } from './store.svelte';

export const ROLES = ['rider', 'clerk', 'dispatcher', 'road_unit', 'police', 'planner', 'auditor', 'admin', 'driver'] as const;
export type Role = (typeof ROLES)[number];

export interface Me {
  name: string;
  roles: Role[];
}

/** What the server says has happened (server-sent events). */
export interface Happening {
  seq: number;
  at: string;
  topic: string;
  id: string;
  verb: string;
  network: boolean;
}

const TIMEOUT_MS = 30_000;
const KEPT_MAX = 100;
export const TOPICS = ['closure', 'case', 'work', 'point', 'task', 'crew', 'speeds', 'feed', 'peer', 'shift', 'session', 'order', 'call', 'callback', 'caller', 'vehicle', 'driver', 'policy', 'complaint', 'line', 'request', 'booking', 'consignment'] as const;

function newKey(): string {
  return crypto.randomUUID();
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const body = (await response.json()) as { code?: string; title?: string; detail?: string };
    return new Problem(String(body.code ?? 'error'), body.title ?? '', body.detail ?? '', response.status);
  } catch {
    return new Problem('bad_answer', '', '', response.status);
  }
}

class Desk {
  me = $state.raw<Me | null>(null);
  /** False until the server has said whether somebody is signed in. */
  known = $state(false);
  /** Nobody has an account yet: the first one is made here. */
  empty = $state(false);
  happenings = $state.raw<Happening[]>([]);
  /** Grows with every event of a topic; a page that lists such things asks again. */
  turns = $state<Record<string, number>>({});
  /** The stream of events is open, as far as is known. */
  live = $state(true);
  private source: EventSource | null = null;

  is(...roles: Role[]): boolean {
    return this.me !== null && (this.me.roles.includes('admin') || roles.some((role) => this.me!.roles.includes(role)));
  }

  /** Ask or command; a command is repeated with the same key when its answer was lost. */
  async call<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': store.lang };
    if (method !== 'GET') {
      headers['Tongqu-Console'] = '1';
      headers['Idempotency-Key'] = newKey();
      headers['Content-Type'] = 'application/json';
    }
    for (let round = 0; ; round++) {
      const clock = new AbortController();
      const timer = setTimeout(() => clock.abort(), TIMEOUT_MS);
      const forward = () => clock.abort();
      signal?.addEventListener('abort', forward);
      try {
        const response = await fetch(path, {
          method,
          headers,
          body: method === 'POST' ? JSON.stringify(body ?? {}) : undefined,
          signal: clock.signal,
        });
        if (!response.ok) {
          const problem = await problemOf(response);
          if (response.status === 401 && this.me) this.me = null;
          throw problem;
        }
        return (await response.json()) as T;
      } catch (cause) {
        if (cause instanceof Problem || signal?.aborted) throw cause;
        if (method !== 'GET' && round === 0) continue;
        throw new Problem(clock.signal.aborted ? 'timeout' : 'offline', '', '', 0);
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', forward);
      }
    }
  }

  async whoAmI(): Promise<void> {
    try {
      const me = await this.call<Me & { setup?: boolean }>('GET', '/api/v1/me');
      this.empty = me.setup === true;
      this.me = me.name ? { name: me.name, roles: me.roles } : null;
    } catch {
      this.me = null;
    }
    this.known = true;
    this.listen();
  }

  async signIn(name: string, password: string): Promise<void> {
    await this.call('POST', '/api/v1/sessions', { name, password });
    await this.whoAmI();
  }

  async setUp(token: string, name: string, password: string): Promise<void> {
    await this.call('POST', '/api/v1/setup', { token, name, password });
    await this.signIn(name, password);
  }

  async signOut(): Promise<void> {
    await this.call('DELETE', '/api/v1/sessions');
    this.me = null;
    this.listen();
  }

  /** Open the stream (again): what one may see depends on who one is. The browser resumes by itself after a cut. */
  private listen(): void {
    this.source?.close();
    const source = new EventSource('/api/v1/events');
    // What was read before the stream was open may have changed in between; after a cut the browser resumes where it was.
    let opened = false;
    source.onopen = () => {
      this.live = true;
      if (!opened) this.turns = Object.fromEntries(TOPICS.map((topic) => [topic, (this.turns[topic] ?? 0) + 1]));
      opened = true;
    };
    source.onerror = () => (this.live = false);
    for (const topic of TOPICS) source.addEventListener(topic, (event) => this.take(event));
    this.source = source;
  }

  private take(event: MessageEvent<string>): void {
    try {
      const said = JSON.parse(event.data) as Happening;
      this.happenings = [said, ...this.happenings].slice(0, KEPT_MAX);
      this.turns = { ...this.turns, [said.topic]: (this.turns[said.topic] ?? 0) + 1 };
    } catch {
      // A line that is not understood changes nothing here.
    }
  }

  turn(...topics: string[]): number {
    return topics.reduce((sum, topic) => sum + (this.turns[topic] ?? 0), 0);
  }
}

export const desk = new Desk();
