import { useSyncExternalStore } from 'react';

const TICK_MS = 5000;

const listeners = new Set<() => void>();
let timer = 0;
let nowUs = 0;

/**
 * The time in µs since the epoch, the same wherever it is shown.
 *
 * #### Notes
 * What uses it is drawn again as time goes by, so that ages are never old themselves and those on one page agree.
 */
export function useNowUs(): number {
  return useSyncExternalStore(subscribe, read);
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    timer = window.setInterval(tick, TICK_MS);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      window.clearInterval(timer);
    }
  };
}

function read(): number {
  if (listeners.size === 0) {
    nowUs = Date.now() * 1000;
  }
  return nowUs;
}

function tick(): void {
  nowUs = Date.now() * 1000;
  listeners.forEach(listener => listener());
}
