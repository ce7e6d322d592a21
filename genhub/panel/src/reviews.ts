/** Where staff stand with pictures, on hubs that publish approved ones alone. */

import { Refusal, type Hub } from "./hub";
import type { Review } from "./types";
import type { Say } from "./words";

type Show = (review: Review | null) => void;
type Standing = Omit<Review, "state"> & { state: Review["state"] | "not_needed" | "not_asked" };

const FREE = ["approved", "not_needed"];

export class Reviews {
  private readonly known = new Map<string, Review>();
  private readonly listeners = new Map<Show, { id: string; part: Node }>();

  constructor(private readonly hub: Hub, private readonly say: Say) {}

  /** Tell a part of the page where a picture stands, now and at each change, as long as the part is there. */
  watch(id: string, told: Review | null, part: Node, show: Show): void {
    if (told) this.known.set(id, told);
    this.listeners.set(show, { id, part });
    show(this.known.get(id) ?? null);
  }

  /** Return whether staff are asked about a picture, as far as is known. */
  isAsked(id: string): boolean {
    return this.known.has(id);
  }

  /** Ask anew about all that wait: staff may have decided since. */
  async renew(): Promise<void> {
    const waiting = [...this.known].filter(([, { state }]) => state === "waiting");
    await Promise.all(waiting.map(([id]) => this.read(id, "GET")));
  }

  /** Put a picture before staff where that is needed; raise Refusal, in words, unless it may be published. */
  async check(id: string): Promise<void> {
    const { state, reason } = await this.read(id, "POST");
    if (FREE.includes(state)) return;
    const isRejected = state === "rejected";
    throw new Refusal(409, isRejected ? "picture_rejected" : "picture_waits",
      this.say(isRejected ? "rejected" : "waits"), reason ?? this.say("waitsMeans"), [], null);
  }

  private async read(id: string, method: string): Promise<Standing> {
    const path = `artifacts/${id}/review`;
    const found: Standing = await (await this.hub.ask(path, { method })).json();
    const { state, reason } = found;
    if (state === "not_needed" || state === "not_asked") this.known.delete(id);
    else this.known.set(id, { state, reason });
    this.tell(id);
    return found;
  }

  private tell(changed: string): void {
    for (const [show, { id, part }] of this.listeners) {
      if (!part.isConnected) this.listeners.delete(show);
      else if (id === changed) show(this.known.get(id) ?? null);
    }
  }
}
