/** Follows a task to its end: by its stream of events, and by asking where there is none. */

import { Refusal, wait, type Hub } from "./hub";
import type { Queue, Task } from "./types";

export interface Step {
  task?: Task;
  progress?: number;
  preview?: string | null;
  queue?: Queue | null;
}

const SHORTEST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 8000;
// The hub says something at least every 15 s.
const SILENCE_MS = 45_000;

/** Return a task once it has ended, telling each step on the way; raise Refusal when it may not be read. */
export async function follow(
  hub: Hub, id: string, tell: (step: Step) => void, lost: (isLost: boolean) => void, signal: AbortSignal,
): Promise<Task> {
  let pauseMs = SHORTEST_PAUSE_MS;
  const place = { last: "" };
  for (;;) {
    try {
      const ended = await listen(hub, id, place, (step) => {
        pauseMs = SHORTEST_PAUSE_MS;
        tell(step);
      }, signal);
      if (ended) return ended;
    } catch (error) {
      signal.throwIfAborted();
      if (isFinal(error)) throw error;
    }
    try {
      const task = await hub.read<Task>(`tasks/${id}`, signal);
      lost(false);
      tell({ task, progress: task.progress, preview: task.preview ?? null, queue: task.queue ?? null });
      if (hasEnded(task)) return task;
    } catch (error) {
      signal.throwIfAborted();
      if (isFinal(error)) throw error;
      lost(true);
    }
    await wait(pauseMs, signal);
    signal.throwIfAborted();
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }
}

export function hasEnded(task: Task): boolean {
  return task.status !== "pending" && task.status !== "processing";
}

function isFinal(error: unknown): boolean {
  return error instanceof Refusal && [401, 403, 404].includes(error.status);
}

async function listen(
  hub: Hub, id: string, place: { last: string }, tell: (step: Step) => void, signal: AbortSignal,
): Promise<Task | null> {
  const silence = new AbortController();
  const stop = (): void => silence.abort();
  signal.addEventListener("abort", stop, { once: true });
  // A stream that is open when the network goes may stay so, and silent.
  addEventListener("offline", stop, { once: true });
  let timer = setTimeout(stop, SILENCE_MS);
  try {
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (place.last) headers["Last-Event-ID"] = place.last;
    const path = `tasks/${id}/events`;
    const answer = await hub.ask(path, { headers, signal: silence.signal });
    if (!answer.body) return null;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ; ) {
      const piece = await reader.read();
      if (piece.done) return null;
      clearTimeout(timer);
      timer = setTimeout(stop, SILENCE_MS);
      const events = (text + piece.value).split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) {
        const step = readEvent(event, place);
        if (step) hub.pass(path, { id: place.last, event: /^event: (.*)$/m.exec(event)?.[1] ?? "message", data: step });
        if (step) tell(step);
        if (step?.task && hasEnded(step.task)) {
          void reader.cancel();
          return step.task;
        }
      }
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    removeEventListener("offline", stop);
  }
}

function readEvent(text: string, place: { last: string }): Step | null {
  place.last = /^id: (.*)$/m.exec(text)?.[1] ?? place.last;
  const data = /^data: (.*)$/m.exec(text)?.[1];
  return data ? (JSON.parse(data) as Step) : null;
}
