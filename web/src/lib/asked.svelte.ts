// An answer that follows its question: asked again when the question changes, an answer to an older one is dropped.

import { untrack } from 'svelte';
import { ask, Problem } from './api';
import { store } from './store.svelte';

export class Asked<T> {
  answer = $state.raw<T | null>(null);
  failure = $state.raw<Problem | null>(null);
  asking = $state(false);
  private round = $state(0);

  /** Made while a component is made; `query` is null as long as there is nothing to ask. */
  constructor(path: string, query: () => Record<string, string> | null, then?: (answer: T) => void) {
    $effect(() => {
      void this.round;
      const asked = query();
      if (!asked) return;
      const stop = new AbortController();
      untrack(() => void this.look(path, asked, stop.signal, then));
      return () => stop.abort();
    });
  }

  again(): void {
    this.round += 1;
  }

  private async look(path: string, asked: Record<string, string>, signal: AbortSignal, then?: (answer: T) => void): Promise<void> {
    this.asking = true;
    try {
      const got = await ask<T>(path, asked, store.lang, signal);
      if (signal.aborted) return;
      this.answer = got;
      this.failure = null;
      then?.(got);
    } catch (cause) {
      if (signal.aborted || !(cause instanceof Problem)) return;
      this.answer = null;
      this.failure = cause;
    } finally {
      if (!signal.aborted) this.asking = false;
    }
  }
}
