/** Crop, colours and words on a picture; the hub draws each look, so that what is seen is what is kept. */

import { word } from "./complaints";
import type { Context } from "./context";
import { button, debounce, field, make, newId, Switch } from "./dom";
import { toAddress } from "./pictures";
import type { Image, Shown } from "./types";
import type { Word } from "./words";

interface Operation {
  action: string;
  [word: string]: unknown;
}

const RATIOS = ["1:1", "4:3", "3:4", "16:9", "9:16"];
const COLOURS = ["brightness", "contrast", "saturation"] as const satisfies Word[];
const PLACES = ["top", "center", "bottom"] as const satisfies Word[];
const PAUSE_MS = 350;

export class Edits {
  readonly element: HTMLDialogElement;
  private readonly image = make("img", { alt: "" });
  private readonly trouble = make("p", { class: "trouble", role: "alert" });
  private readonly price = make("p", { class: "price", role: "status" });
  private readonly ratio: Switch;
  private readonly place: Switch;
  private readonly sliders = new Map<string, HTMLInputElement>();
  private readonly text = make("textarea", { rows: 2, maxlength: 500 });
  private readonly size = make("input", { type: "range", min: 3, max: 30, value: 10 });
  private readonly color = make("input", { type: "color", value: "#ffffff" });
  private readonly outline = make("input", { type: "checkbox", checked: true });
  private readonly save: HTMLButtonElement;
  private readonly look = debounce(() => void this.draw(), PAUSE_MS);
  private shown: Shown | null = null;
  private turn = 0;
  private key = "";
  // The address of the last look, whose memory is given back with the next.
  private drawn = "";

  constructor(private readonly context: Context, private readonly made: (shown: Shown) => void) {
    const { say } = context;
    const title = make("h2", { id: newId() }, say("edit"));
    this.ratio = new Switch(say("crop"), "", [{ value: "", label: say("whole") }, ...RATIOS.map((value) => (
      { value, label: value }))], "", this.look);
    this.place = new Switch(say("textPlace"), "", PLACES.map((value) => (
      { value, label: say(value) })), "bottom", this.look);
    this.save = button(say("saveEdit"), () => void this.keep(), "main");
    const colours = COLOURS.map((action) => {
      const slider = make("input", { type: "range", min: -100, max: 100, value: 0 });
      this.sliders.set(action, slider);
      return field(say(action), slider);
    });
    const controls = make("div", { class: "controls", input: this.look }, this.ratio.element, ...colours,
      field(say("text"), this.text, say("textHint")), this.place.element, field(say("textSize"), this.size),
      make("div", { class: "row" }, field(say("textColor"), this.color),
        make("label", { class: "check" }, this.outline, say("outline"))));
    this.element = make("dialog", { class: "edits", "aria-labelledby": title.id }, title,
      make("div", { class: "halves" }, make("div", { class: "stage" }, this.image), controls), this.trouble,
      make("footer", {}, this.price, button(say("reset"), () => this.reset()),
        button(say("back"), () => this.element.close()), this.save));
  }

  /** Begin with a picture as it stands. */
  open(shown: Shown): void {
    this.shown = shown;
    this.image.alt = this.context.say("preview");
    this.reset();
    this.element.showModal();
  }

  private reset(): void {
    this.ratio.value = "";
    this.place.value = "bottom";
    for (const slider of this.sliders.values()) slider.value = "0";
    this.text.value = "";
    this.size.value = "10";
    void this.draw();
  }

  /** Return what was chosen, in the order in which the hub does it. */
  private get operations(): Operation[] {
    if (!this.shown) return [];
    const found: Operation[] = [];
    const ratio = this.ratio.value;
    if (ratio) found.push({ action: "crop", ratio });
    for (const [action, slider] of this.sliders) {
      if (slider.valueAsNumber) found.push({ action, amount: slider.valueAsNumber });
    }
    const text = this.text.value.trim();
    if (text) found.push(this.write(text, shortSide(this.shown, ratio)));
    return found;
  }

  private write(text: string, side: number): Operation {
    const size = Math.max(4, Math.round((side * this.size.valueAsNumber) / 100));
    const outline = this.outline.checked ? Math.max(1, Math.round(size / 20)) : 0;
    const isDark = parseInt(this.color.value.slice(1, 3), 16) < 128;
    return {
      action: "text", text, size, color: this.color.value, position: this.place.value,
      margin: Math.round(side / 20), width: Math.round(side * 0.9), outline_width: outline,
      outline_color: isDark ? "#ffffff" : "#000000",
    };
  }

  private async draw(): Promise<void> {
    const { hub, pictures } = this.context;
    const { shown, operations } = this;
    if (!shown) return;
    const turn = ++this.turn;
    this.save.disabled = !operations.length;
    // What was sent and got lost must not stand for what is wanted now.
    this.key = crypto.randomUUID();
    const body = { operations };
    try {
      const address = operations.length
        ? await toAddress(await hub.ask(`artifacts/${shown.id}/edits?preview=true`, { method: "POST", body }))
        : await pictures.address(shown.id);
      if (turn !== this.turn) return;
      if (this.drawn) URL.revokeObjectURL(this.drawn);
      this.drawn = operations.length ? address : "";
      this.image.src = address;
      this.trouble.textContent = "";
      await this.quote(turn, operations);
    } catch (error) {
      if (turn === this.turn) this.complain(error);
    }
  }

  private async quote(turn: number, operations: Operation[]): Promise<void> {
    if (!this.shown || !operations.length) {
      this.price.textContent = "";
      return;
    }
    const { hub, say } = this.context;
    const quote = await hub.send<{ price: number; width: number; height: number }>(
      `artifacts/${this.shown.id}/edits/quote`, { operations });
    if (turn !== this.turn) return;
    const cost = quote.price ? say("credits", { credits: quote.price }) : say("free");
    this.price.textContent = `${quote.width} × ${quote.height} · ${cost}`;
  }

  private async keep(): Promise<void> {
    const { shown, operations } = this;
    if (!shown) return;
    this.save.disabled = true;
    try {
      const edited = await this.context.hub.send<Image>(`artifacts/${shown.id}/edits`, { operations }, this.key);
      const { id, url, width, height, review } = edited;
      this.made({ ...shown, id, url, width, height, review, isEdited: true, favourite: false });
      this.element.close();
    } catch (error) {
      this.complain(error);
      // The same again makes no second picture.
      this.save.disabled = false;
    }
  }

  private complain(error: unknown): void {
    const { title, detail, advice } = word(error, this.context.say);
    this.trouble.textContent = [`${title}.`, detail, advice].filter(Boolean).join(" ");
    this.price.textContent = "";
    this.save.disabled = true;
  }
}

function shortSide({ width, height }: Shown, ratio: string): number {
  const [across = width, down = height] = ratio ? ratio.split(":").map(Number) : [];
  const unit = Math.min(width / across, height / down);
  return Math.min(across, down) * unit;
}
