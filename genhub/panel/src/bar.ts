/** What can be done with the chosen pictures. */

import type { Context } from "./context";
import { button, field, icon, make } from "./dom";
import type { Selection } from "./selection";
import type { Shown } from "./types";

const MOST_COMPARED = 4;

export interface BarDeeds {
  insert(chosen: Shown[], alt: string | null): Promise<void>;
  download(chosen: Shown[]): Promise<void>;
  compare(chosen: Shown[]): void;
  edit(shown: Shown): void;
  vary(shown: Shown): void;
  refine(shown: Shown): void;
}

export class Bar {
  readonly element: HTMLElement;
  private readonly alt = make("input", { type: "text", maxlength: 500 });
  private readonly altRow: HTMLElement;
  private readonly chosen = make("p", { role: "status", class: "quiet" });
  private readonly insert: HTMLButtonElement;
  private readonly ofOne: HTMLButtonElement[];
  private readonly compare: HTMLButtonElement;
  private described = "";
  private proposed = "";

  constructor(
    private readonly context: Context, private readonly selection: Selection, deeds: BarDeeds,
  ) {
    const { say } = context;
    const one = (act: (shown: Shown) => void) => (): void => {
      const [shown] = selection.all;
      if (shown) act(shown);
    };
    this.altRow = field(say("alt"), this.alt, say("altHint"));
    const insert = (): void => void this.during(deeds.insert(selection.all, this.written));
    this.insert = button(say("insert"), insert, "main");
    this.compare = button(say("compare"), () => deeds.compare(selection.all));
    const refine = button(say("refine"), one((shown) => deeds.refine(shown)));
    this.ofOne = [
      button(say("edit"), one((shown) => deeds.edit(shown))),
      button(say("vary"), one((shown) => deeds.vary(shown))),
      refine,
    ];
    const download = button("", () => void this.during(deeds.download(selection.all)));
    download.append(icon("download"), say("download"));
    this.element = make("div", { class: "bar", role: "region", "aria-label": say("chosenPictures") }, this.altRow,
      make("div", { class: "tools" }, this.chosen, button(say("none"), () => selection.clear()), this.compare,
        ...this.ofOne, download, this.insert));
    selection.listen(() => this.look());
    // What was edited is no picture of the task's any more.
    selection.listen(() => { refine.hidden = refine.hidden || selection.all.some(({ isEdited }) => isEdited); });
    this.look();
  }

  /** The text for those who do not see, where one picture is chosen. */
  private get written(): string | null {
    return this.selection.all.length === 1 ? this.alt.value.trim() : null;
  }

  private look(): void {
    const { all } = this.selection;
    const isOne = all.length === 1;
    this.element.hidden = !all.length;
    this.altRow.hidden = !isOne;
    for (const each of this.ofOne) each.hidden = !isOne;
    this.compare.hidden = all.length < 2 || all.length > MOST_COMPARED;
    this.chosen.textContent = this.context.say("chosen", { number: all.length });
    const [first] = all;
    // Better words may come later; what the editor wrote stays.
    if (isOne && first && (first.id !== this.described || this.alt.value === this.proposed)) {
      this.described = first.id;
      this.alt.value = this.proposed = first.alt;
    }
  }

  private async during(work: Promise<void>): Promise<void> {
    this.element.setAttribute("aria-busy", "true");
    this.insert.disabled = true;
    try {
      await work;
    } catch (error) {
      this.context.complain(error);
    } finally {
      this.element.removeAttribute("aria-busy");
      this.insert.disabled = false;
    }
  }
}
