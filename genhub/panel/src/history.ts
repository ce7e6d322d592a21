/** What the user had made before, and likes, newest first, a page at a time. */

import type { Context } from "./context";
import { button, icon, make } from "./dom";
import type { Favourite, Shown, Task } from "./types";

const PAGE = "6";

interface TaskPage {
  items: Task[];
  next: string | null;
}

export class History {
  readonly element: HTMLElement;
  private readonly more: HTMLButtonElement;
  private readonly liked: HTMLButtonElement;
  private readonly none = make("p", { class: "quiet", hidden: true });
  private cursor: string | null = "";
  private likedCursor: string | null = "";

  constructor(
    private readonly context: Context, private readonly show: (task: Task) => void,
    private readonly isShown: (id: string) => boolean,
    private readonly add: (shown: Shown) => void,
  ) {
    this.more = button("", () => void this.load());
    this.more.append(icon("history"), context.say("earlier"));
    this.liked = button("", () => void this.loadLiked());
    this.liked.append(icon("star"), context.say("favourites"));
    this.element = make("div", { class: "history" }, this.more, this.liked, this.none);
    this.none.textContent = context.say("noFavourites");
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

  /** Show the orders that the favourites are of; what was edited is put beside what it was made of. */
  private async loadLiked(): Promise<void> {
    const { hub, say, complain, announce } = this.context;
    this.liked.disabled = true;
    try {
      const query = new URLSearchParams({ limit: PAGE });
      if (this.likedCursor) query.set("cursor", this.likedCursor);
      const { items, next } = await hub.read<{ items: Favourite[]; next: string | null }>(`me/favourites?${query}`);
      const ids = [...new Set(items.map(({ task_id }) => task_id))].filter((id) => id !== null);
      const tasks = new Map((await Promise.all(ids.map((id) => hub.read<Task>(`tasks/${id}`)))).map((task) => [task.id, task]));
      for (const task of tasks.values()) if (!this.isShown(task.id)) this.show(task);
      for (const { task_id, edited, ...image } of items) {
        const task = tasks.get(task_id ?? "");
        if (edited && task) this.add({ ...image, seed: null, favourite: true, position: 0, task, isEdited: true });
      }
      this.likedCursor = next ? new URL(next).searchParams.get("cursor") : null;
      this.liked.hidden = !this.likedCursor && items.length > 0;
      this.none.hidden = items.length > 0;
      announce(say(items.length ? "earlierShown" : "noFavourites", { number: tasks.size }));
    } catch (error) {
      complain(error);
    } finally {
      this.liked.disabled = false;
    }
  }
}
