/** The words that an order was made of. */

import type { Task } from "./types";

/** Return the words that the editor wrote, not those that styles and templates added. */
export function promptOf(task: Task): string {
  return wordsOf(task)?.prompt ?? task.prompt;
}

/** Return the order as this panel sent it, or null for orders of others. */
export function wordsOf(task: Task): import("./types").Order | null {
  const kept = task.metadata["order"];
  if (typeof kept !== "string") return null;
  try {
    return JSON.parse(kept) as import("./types").Order;
  } catch {
    return null;
  }
}
