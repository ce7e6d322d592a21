/** Pictures large, one or several side by side; arrows turn the pages. */

import { promptOf } from "./alt";
import type { Context } from "./context";
import { button, iconButton, make, newId } from "./dom";
import type { Shown } from "./types";

export class Viewer {
  readonly element: HTMLDialogElement;
  private readonly stage = make("div", { class: "stage" });
  private readonly facts = make("p", { class: "facts", role: "status" });
  private readonly turning: HTMLElement[];
  private shown: Shown[] = [];
  private place = 0;

  constructor(private readonly context: Context) {
    const { say } = context;
    const title = make("h2", { id: newId(), class: "unseen" }, say("enlarge"));
    this.turning = [
      iconButton("back", say("previous"), () => this.turn(-1)), iconButton("next", say("next"), () => this.turn(1)),
    ];
    this.element = make("dialog", {
      class: "viewer", "aria-labelledby": title.id, keydown: (event) => this.key(event as KeyboardEvent),
    }, title, this.stage,
    make("footer", {}, ...this.turning, this.facts, button(say("close"), () => this.element.close())));
  }

  /** Show one picture; the others are a page away. */
  open(shown: Shown, all: Shown[]): void {
    this.shown = all;
    this.place = Math.max(0, all.findIndex(({ id }) => id === shown.id));
    this.turn(0);
    this.element.showModal();
  }

  /** Show pictures side by side. */
  compare(all: Shown[]): void {
    this.shown = [];
    this.draw(all);
    this.facts.textContent = "";
    this.element.showModal();
  }

  private turn(by: number): void {
    const shown = this.shown[(this.place + by + this.shown.length) % this.shown.length];
    if (!shown) return;
    this.place = this.shown.indexOf(shown);
    this.draw([shown]);
    const { width, height, seed, task } = shown;
    const place = this.shown.length > 1 ? `${this.place + 1} / ${this.shown.length} · ` : "";
    const drawn = seed === null ? "" : ` · ${this.context.say("seed")} ${seed}`;
    this.facts.textContent = `${place}${width} × ${height}${drawn} · ${promptOf(task)}`;
  }

  private draw(all: Shown[]): void {
    for (const each of this.turning) each.hidden = this.shown.length < 2;
    this.stage.replaceChildren(...all.map((shown) => {
      const image = make("img", { alt: shown.alt });
      this.context.pictures.show(image, shown.id, this.context.complain);
      return image;
    }));
  }

  private key(event: KeyboardEvent): void {
    if (event.key === "ArrowLeft") this.turn(-1);
    else if (event.key === "ArrowRight") this.turn(1);
  }
}
