/** Sends what makes something: once, however often the answer is lost. */

import type { Context } from "./context";
import { isPassing, Refusal, wait } from "./hub";
import type { Order, Task } from "./types";

const PAUSES_MS = [1000, 2000, 4000, 8000, 8000, 15_000, 15_000, 30_000];

/** Order; the same key goes with each repeat, so that none makes a second order. */
export async function order(context: Context, words: Order, lost: () => void): Promise<Task> {
  const { hub, name } = context;
  const metadata = { panel: name, order: JSON.stringify(words) };
  return patiently((key) => hub.send<Task>("generate", { ...words, metadata }, key), lost);
}

/** Do what takes an Idempotency-Key until the hub has answered. */
export async function patiently<T>(send: (key: string) => Promise<T>, lost: () => void): Promise<T> {
  const key = crypto.randomUUID();
  for (const pauseMs of PAUSES_MS) {
    try {
      return await send(key);
    } catch (error) {
      if (!isPassing(error)) throw error;
      lost();
      const afterSeconds = error instanceof Refusal ? error.retryAfterSeconds : null;
      await wait(Math.max(pauseMs, 1000 * (afterSeconds ?? 0)));
    }
  }
  return send(key);
}
