/** The picture that an order starts from: chosen, dropped, pasted, of the article, or one that was made here. */

import type { Context } from "./context";
import { field, iconButton, make, newId } from "./dom";
import type { Order, Shown } from "./types";

const KINDS = ["image/png", "image/jpeg", "image/webp"];
const USUAL_PERCENT = 70;

export class Reference {
  readonly element: HTMLElement;
  private readonly place = make("div", { class: "reference" });
  private readonly picker: HTMLInputElement;
  private readonly strength: HTMLInputElement;
  private readonly strengthRow: HTMLElement;
  private image = "";

  constructor(private readonly context: Context, private readonly changed: () => void) {
    const { say } = context;
    this.picker = make("input", {
      type: "file", id: newId(), accept: KINDS.join(","), class: "hidden", "aria-label": say("reference"),
      change: () => { const [file] = this.picker.files ?? []; if (file) void this.take(file); },
    });
    this.strength = make("input", { type: "range", min: 5, max: 100, step: 5, value: USUAL_PERCENT });
    this.strengthRow = field(say("strength"), this.strength, say("strengthHint"));
    this.element = make("div", { class: "field", dragover: allow, drop: (event) => this.drop(event as DragEvent) },
      make("span", { class: "label" }, say("reference")), this.picker, this.place, this.strengthRow);
    this.clear();
  }

  /** The part of an order that this decides. */
  get words(): Pick<Order, "image" | "strength"> {
    return this.image ? { image: this.image, strength: this.strength.valueAsNumber / 100 } : {};
  }

  /** Start from a file, or from a public https:// address; complain of what the hub does not take. */
  async take(picture: Blob | string): Promise<void> {
    if (typeof picture === "string") {
      this.use(picture, null);
      return;
    }
    const { hub, say, complain } = this.context;
    if (!KINDS.includes(picture.type)) {
      complain(new Error(say("referenceKind")));
      return;
    }
    this.place.replaceChildren(make("p", { class: "quiet" }, say("uploading")));
    try {
      const headers = { "Idempotency-Key": crypto.randomUUID() };
      const answer = await hub.ask("artifacts", { method: "POST", body: picture, headers });
      const { id } = (await answer.json()) as { id: string };
      this.use(id, id);
    } catch (error) {
      this.clear();
      complain(error);
    }
  }

  /** Start from a picture that was made here. */
  vary(shown: Shown): void {
    this.use(shown.id, shown.id);
  }

  /** Take an earlier order's picture, or none. */
  fill(order: Order): void {
    if (!order.image) this.clear();
    else this.use(order.image, order.image.startsWith("art_") ? order.image : null);
    if (order.strength) this.strength.value = String(100 * order.strength);
  }

  private clear(): void {
    const { say } = this.context;
    this.image = this.picker.value = "";
    this.strengthRow.hidden = true;
    const choose = make("button", { type: "button", click: () => this.picker.click() }, say("choosePicture"));
    this.place.replaceChildren(choose, make("small", {}, say("dropPicture")));
  }

  private use(image: string, id: string | null): void {
    const { say, pictures } = this.context;
    this.image = image;
    this.strengthRow.hidden = false;
    const shown = make("img", { alt: say("reference") });
    if (id) pictures.show(shown, id, this.context.complain);
    const remove = iconButton("close", say("removePicture"), () => { this.clear(); this.changed(); });
    this.place.replaceChildren(id ? shown : make("span", {}, image), remove);
    this.changed();
  }

  private drop(event: DragEvent): void {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    const address = event.dataTransfer?.getData("text/uri-list") ?? "";
    if (file) void this.take(file);
    else if (address.startsWith("https://")) void this.take(address);
  }

  /** Take a picture out of what was pasted; return whether there was one. */
  paste(event: ClipboardEvent): boolean {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => KINDS.includes(type));
    if (file) void this.take(file);
    return Boolean(file);
  }
}

function allow(event: Event): void {
  event.preventDefault();
}
