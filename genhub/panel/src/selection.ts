/** The pictures that are chosen, over all orders that are shown, in the order of the choice. */

import type { Shown } from "./types";

export class Selection {
  private readonly chosen = new Map<string, Shown>();
  private readonly listeners = new Map<() => void, Node | null>();

  /** Hear of each change; while a part of the page is given, as long as it is there. */
  listen(changed: () => void, part: Node | null = null): void {
    this.listeners.set(changed, part);
  }

  get all(): Shown[] {
    return [...this.chosen.values()];
  }

  has({ id }: Shown): boolean {
    return this.chosen.has(id);
  }

  set(shown: Shown, isChosen: boolean): void {
    if (isChosen) this.chosen.set(shown.id, shown);
    else this.chosen.delete(shown.id);
    this.tell();
  }

  clear(): void {
    this.chosen.clear();
    this.tell();
  }

  /** Say that something changed of what is chosen, or which that is. */
  tell(): void {
    for (const [changed, part] of this.listeners) {
      if (part && !part.isConnected) this.listeners.delete(changed);
      else changed();
    }
  }
}
