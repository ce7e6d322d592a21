/** What the user had made before, newest first, a page at a time. */

import type { Context } from "./context";
import { button, icon, make } from "./dom";
import type { Task } from "./types";

const PAGE = "6";

interface TaskPage {
  items: Task[];
  next: string | null;
}

export class History {
  readonly element: HTMLElement;
  private readonly more: HTMLButtonElement;
  private cursor: string | null = "";

  constructor(
    private readonly context: Context, private readonly show: (task: Task) => void,
    private readonly isShown: (id: string) => boolean,
  ) {
    this.more = button("", () => void this.load());
    this.more.append(icon("history"), context.say("earlier"));
    this.element = make("div", { class: "history" }, this.more);
  }

  private async load(): Promise<void> {
    const { hub, say, complain, announce } = this.context;
    this.more.disabled = true;
    try {
      const query = new URLSearchParams({ status: "completed", limit: PAGE });
      if (this.cursor) query.set("cursor", this.cursor);
      const { items, next } = await hub.read<TaskPage>(`tasks?${query}`);
      const fresh = items.filter(({ id, result }) => !this.isShown(id) && result?.images.length);
      for (const task of fresh) this.show(task);
      this.cursor = next ? new URL(next).searchParams.get("cursor") : null;
      this.more.hidden = !this.cursor;
      announce(say("earlierShown", { number: fresh.length }));
    } catch (error) {
      complain(error);
    } finally {
      this.more.disabled = false;
    }
  }
}
