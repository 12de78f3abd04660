// Asks again whenever what is asked for changes; the answer before stays on screen until the new one is there.
import { Refused } from './api';

export interface Loaded<T> { value: T | undefined; error: string; busy: boolean }

export function load<T>(question: () => ((signal: AbortSignal) => Promise<T>) | undefined): Loaded<T> {
  const state: Loaded<T> = $state({ value: undefined, error: '', busy: true });
  $effect(() => {
    const asked = question();
    if (!asked) return;
    const abort = new AbortController();
    state.busy = true;
    asked(abort.signal).then(
      (value) => Object.assign(state, { value, error: '', busy: false }),
      (e) => { if (!abort.signal.aborted) Object.assign(state, { value: undefined, error: e instanceof Refused ? e.message : String(e), busy: false }); },
    );
    return () => abort.abort();
  });
  return state;
}
