/** One order: where it stands, how far each picture is, and what came of it. */

import { promptOf, wordsOf } from "./alt";
import { adviseFailure } from "./complaints";
import type { Context } from "./context";
import { button, make, newId } from "./dom";
import { nameSeconds } from "./price";
import type { Selection } from "./selection";
import { follow, hasEnded, type Step } from "./stream";
import { awaitTile, drawTile, missTile, type Deeds } from "./tile";
import type { Order, Shown, Task } from "./types";

export interface Shared {
  selection: Selection;
  deeds: Deeds & { again(order: Order): void; ended(): void };
}

export class OrderCard {
  readonly element: HTMLElement;
  private readonly status = make("p", { class: "quiet", role: "status" });
  private readonly tools = make("div", { class: "tools" });
  private readonly tiles = make("ul", { class: "tiles" });
  private readonly awaited = new Map<HTMLElement, (progress: number, preview: string | null) => void>();
  private readonly shown = new Set<string>();
  private readonly leaving = new AbortController();

  constructor(private readonly context: Context, private readonly shared: Shared, private task: Task) {
    const title = make("h3", { id: newId() }, promptOf(task) || task.template?.name || "");
    this.element = make("section", { class: "order", "aria-labelledby": title.id },
      make("header", {}, title, this.tools), this.status, this.tiles);
    if (hasEnded(task)) this.end(task);
    else this.begin();
  }

  /** Stop listening; the order itself goes on. */
  leave(): void {
    this.leaving.abort();
  }

  /** Show a picture that was made of one of these. */
  add(shown: Shown): void {
    const { selection, deeds } = this.shared;
    this.shown.add(shown.id);
    this.tiles.append(drawTile(shown, this.context, selection, deeds));
  }

  /** Return whether a picture is among these already. */
  shows(id: string): boolean {
    return this.shown.has(id);
  }

  holds(taskId: string): boolean {
    return this.task.id === taskId;
  }

  private begin(): void {
    const { say } = this.context;
    for (let place = 0; place < this.task.num_images; place++) {
      const { element, tell } = awaitTile();
      this.awaited.set(element, tell);
      this.tiles.append(element);
    }
    this.element.setAttribute("aria-busy", "true");
    this.tools.replaceChildren(button(say("cancel"), () => void this.cancel()));
    this.tell({ task: this.task, progress: this.task.progress, queue: this.task.queue ?? null });
    void this.follow();
  }

  private async follow(): Promise<void> {
    const { hub, say, complain, announce } = this.context;
    const lost = (isLost: boolean): void => {
      this.element.classList.toggle("lost", isLost);
      if (isLost) this.status.textContent = say("connectionLost");
    };
    try {
      const ended = await follow(hub, this.task.id, (step) => this.tell(step), lost, this.leaving.signal);
      this.end(ended);
      announce(this.status.textContent ?? "");
      this.shared.deeds.ended();
    } catch (error) {
      if (!this.leaving.signal.aborted) complain(error);
    }
  }

  private tell({ task, progress = task?.progress, preview, queue }: Step): void {
    const { say } = this.context;
    if (task) this.task = { ...this.task, ...task };
    if (progress !== undefined) {
      for (const show of this.awaited.values()) show(progress, preview ?? null);
    }
    if (progress) this.status.textContent = say("drawing", { percent: Math.round(100 * progress) });
    else if (queue) {
      const { position, starts_in_seconds: seconds } = queue;
      const time = seconds === null ? "" : say("startsIn", { time: nameSeconds(seconds, say) });
      this.status.textContent = [say("queued", { position }), time].filter(Boolean).join(" · ");
    } else if (task) this.status.textContent = task.message;
  }

  private end(task: Task): void {
    this.task = { ...this.task, ...task };
    this.element.removeAttribute("aria-busy");
    this.element.dataset["status"] = task.status;
    this.awaited.clear();
    this.tiles.replaceChildren();
    const { result } = this.task;
    for (const [place, image] of (result?.images ?? []).entries()) {
      this.add({ ...image, position: place, task: this.task, isEdited: false });
    }
    for (const error of result?.errors ?? []) this.tiles.append(missTile(error.message));
    this.status.textContent = this.summary();
    const words = wordsOf(this.task);
    const { say } = this.context;
    this.tools.replaceChildren(...(words ? [
      button(say("again", { credits: this.task.credits.price }), () => this.shared.deeds.again(words)),
    ] : []));
  }

  private summary(): string {
    const { say } = this.context;
    const { status, error, result, credits, num_images: number } = this.task;
    if (status === "failed" && error) return `${error.message} ${adviseFailure(error.code, say)}`;
    if (status !== "completed") return this.task.message;
    const drawn = result?.images.length ?? 0;
    const paid = say("credits", { credits: credits.captured });
    return drawn < number
      ? say("partly", { drawn, number, credits: paid }) : say("drawn", { number: drawn, credits: paid });
  }

  private async cancel(): Promise<void> {
    try {
      await this.context.hub.send(`tasks/${this.task.id}/cancel`, {});
    } catch (error) {
      this.context.complain(error);
    }
  }
}
