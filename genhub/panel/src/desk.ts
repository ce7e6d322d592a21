/** The panel itself: the form, the orders beside it, and what can be done with their pictures. */

import { Bar } from "./bar";
import type { Catalogue } from "./catalogue";
import type { Context } from "./context";
import { button, icon, make } from "./dom";
import { Edits } from "./edits";
import { Form } from "./form";
import { History } from "./history";
import { Refusal } from "./hub";
import { OrderCard, type Shared } from "./order";
import { Price } from "./price";
import { Selection } from "./selection";
import { order, patiently } from "./sending";
import type { Inserted, Order, Quote, Shown, Task } from "./types";
import { Viewer } from "./viewer";

const DAY_SECONDS = 86_400;
// A browser that asks where to save takes its time.
const SAVED_WITHIN_MS = 60_000;

export interface Page {
  /** Days that the link of an inserted picture lives; 0: no link, the page keeps files of its own. */
  linkDays: number;
  insert(picture: Inserted): void;
}

export class Desk {
  readonly element: HTMLElement;
  readonly form: Form;
  private readonly selection = new Selection();
  private readonly viewer: Viewer;
  private readonly edits: Edits;
  private readonly price: Price;
  private readonly start: HTMLButtonElement;
  private readonly orders = make("div", { class: "orders" });
  private readonly empty: HTMLElement;
  private readonly question = make("div", { class: "question", hidden: true, role: "group" });
  private readonly history: History;
  private readonly shared: Shared;
  private readonly cards: OrderCard[] = [];
  private asked = new Set<string>();

  constructor(private readonly context: Context, catalogue: Catalogue, private readonly page: Page) {
    const { say } = context;
    this.viewer = new Viewer(context);
    this.edits = new Edits(context, (shown) => this.keepEdit(shown));
    this.shared = { selection: this.selection, deeds: {
      enlarge: (shown) => this.viewer.open(shown, this.shownBeside(shown)),
      edit: (shown) => this.edits.open(shown),
      again: (words) => void this.send({ ...without(words), cache: "off" }),
      ended: () => this.price.renew(),
    } };
    this.price = new Price(context, () => this.form);
    this.form = new Form(context, catalogue, () => this.price.renew());
    this.start = button("", () => void this.order(), "main start");
    this.start.append(icon("spark"), say("start"));
    this.history = new History(context, (task) => this.show(task), (id) => this.cards.some((card) => card.holds(id)),
      (shown) => this.addTo(shown));
    this.empty = make("p", { class: "empty" }, icon("picture"), say("empty"));
    const bar = new Bar(context, this.selection, {
      insert: (chosen, alt) => this.insert(chosen, alt),
      download: (chosen) => this.download(chosen),
      compare: (chosen) => this.viewer.compare(chosen),
      edit: (shown) => this.edits.open(shown),
      vary: (shown) => this.vary(shown),
      refine: (shown) => void this.askToRefine(shown),
    });
    this.element = make("div", { class: "desk" },
      make("div", { class: "left" }, this.form.element,
        make("div", { class: "pay" }, this.price.element, this.start)),
      make("div", { class: "right" }, make("div", { class: "scroll" }, this.empty, this.orders, this.history.element),
        make("div", { class: "foot" }, this.question, bar.element)),
      this.viewer.element, this.edits.element);
    this.form.element.addEventListener("submit", () => void this.order());
    this.selection.listen(() => void this.learnWords());
    this.price.renew();
  }

  /** Show what this panel ordered and has not ended: it went on while nobody looked. */
  async resume(): Promise<void> {
    const { hub, name } = this.context;
    const query = new URLSearchParams({ status: "pending,processing", "metadata.panel": name, limit: "20" });
    const { items } = await hub.read<{ items: Task[] }>(`tasks?${query}`);
    for (const task of items.reverse()) this.show(task, true);
  }

  /** Learn what changed while nobody looked. */
  async renew(): Promise<void> {
    this.price.renew();
    await this.context.reviews.renew().catch(this.context.complain);
  }

  /** Stop listening; orders go on. */
  leave(): void {
    for (const card of this.cards) card.leave();
  }

  private async order(): Promise<void> {
    if (this.start.disabled || !this.form.check()) return;
    const words = this.form.order;
    if (!words) return;
    const { usual } = this.form;
    if (usual) void this.context.hub.send("me/preferences", usual, "", "PUT").catch(this.context.complain);
    await this.send(words);
  }

  private async send(words: Order): Promise<void> {
    const { say, announce } = this.context;
    await this.begin(() => order(this.context, words, () => announce(say("connectionLost"))));
  }

  private async begin(ask: () => Promise<Task>): Promise<void> {
    const { say, announce, complain, calm } = this.context;
    calm();
    this.start.disabled = true;
    this.start.setAttribute("aria-busy", "true");
    try {
      this.show(await ask(), true);
      announce(say("ordered"));
    } catch (error) {
      complain(error);
    } finally {
      this.start.disabled = false;
      this.start.removeAttribute("aria-busy");
      this.price.renew();
    }
  }

  private show(task: Task, isNewest = false): void {
    if (this.cards.some((card) => card.holds(task.id))) return;
    const card = new OrderCard(this.context, this.shared, task);
    this.cards.push(card);
    this.empty.hidden = true;
    if (!isNewest) {
      this.orders.append(card.element);
      return;
    }
    this.orders.prepend(card.element);
    card.element.scrollIntoView({ block: "start" });
  }

  private addTo(shown: Shown): void {
    const card = this.cards.find((each) => each.holds(shown.task.id));
    if (card && !card.shows(shown.id)) card.add(shown);
  }

  private keepEdit(shown: Shown): void {
    this.addTo(shown);
    for (const other of this.selection.all) this.selection.set(other, false);
    this.selection.set(shown, true);
    this.context.announce(this.context.say("editKept"));
  }

  private shownBeside(shown: Shown): Shown[] {
    const { result } = shown.task;
    const all = (result?.images ?? []).map((image, position) => (
      { ...image, position, task: shown.task, isEdited: false }));
    return all.some(({ id }) => id === shown.id) ? all : [...all, shown];
  }

  /** Ask what the pictures show that were just chosen: a vision model may have said it meanwhile. */
  private async learnWords(): Promise<void> {
    const chosen = this.selection.all.filter(({ isEdited }) => !isEdited);
    const tasks = new Set(chosen.filter(({ id }) => !this.asked.has(id)).map(({ task }) => task.id));
    this.asked = new Set(chosen.map(({ id }) => id));
    for (const id of tasks) {
      // What is known already does, where nobody answers.
      const task = await this.context.hub.read<Task>(`tasks/${id}`).catch(() => null);
      for (const { id: picture, alt, caption } of task?.result?.images ?? []) {
        const shown = chosen.find((each) => each.id === picture);
        if (shown) Object.assign(shown, { alt, caption });
      }
      this.selection.tell();
    }
  }

  private vary(shown: Shown): void {
    this.form.reference.vary(shown);
    this.form.focus();
    this.form.element.scrollIntoView({ block: "start" });
  }

  private async askToRefine(shown: Shown): Promise<void> {
    const { hub, say, complain } = this.context;
    const path = `tasks/${shown.task.id}/refine`;
    const body = { picture: shown.position };
    try {
      const { price } = await hub.send<Quote>(`${path}/quote`, body);
      const leave = (): void => { this.question.hidden = true; };
      const go = button(say("refineFor", { credits: price }), () => {
        leave();
        const lost = (): void => this.context.announce(say("connectionLost"));
        void this.begin(() => patiently((key) => hub.send<Task>(path, body, key), lost));
      }, "main");
      this.question.replaceChildren(make("p", {}, say("refineMeans")), go, button(say("back"), leave));
      this.question.hidden = false;
      go.focus();
    } catch (error) {
      complain(error);
    }
  }

  private async insert(chosen: Shown[], alt: string | null): Promise<void> {
    const { pictures, say } = this.context;
    const links = new Map<string, string>();
    // All or none: one that waits for approval holds the others back.
    for (const { id, url } of chosen) links.set(id, await this.link(id, url));
    for (const { id, url, width, height, task, ...words } of chosen) {
      this.page.insert({
        url: links.get(id) ?? url, artifactId: id, taskId: task.id, width, height, label: say("label"),
        alt: alt ?? words.alt, caption: words.caption, file: () => pictures.file(id),
      });
    }
    this.selection.clear();
    this.context.announce(say("inserted", { number: chosen.length }));
  }

  /** Return what opens a picture without a token, or its own address where the page keeps files. */
  private async link(id: string, url: string): Promise<string> {
    const days = this.page.linkDays;
    if (!days || this.context.reviews.isAsked(id)) await this.context.reviews.check(id);
    if (!days) return url;
    const body = { expires_in: days * DAY_SECONDS };
    try {
      const path = `artifacts/${id}/links`;
      return (await this.context.hub.send<{ url: string }>(path, body, crypto.randomUUID())).url;
    } catch (error) {
      // It was drawn before staff were asked about pictures: now they are, and the picture says so.
      if (error instanceof Refusal && error.code.startsWith("picture_")) await this.context.reviews.check(id);
      throw error;
    }
  }

  private async download(chosen: Shown[]): Promise<void> {
    for (const { id } of chosen) {
      const file = await this.context.pictures.file(id);
      const address = URL.createObjectURL(file);
      const ending = file.type.replace("image/", "").replace("jpeg", "jpg");
      make("a", { href: address, download: `${id}.${ending}` }).click();
      setTimeout(() => URL.revokeObjectURL(address), SAVED_WITHIN_MS);
    }
  }
}

/** Return an order's words for a picture that is drawn anew: the seed would draw the same. */
function without(words: Order): Order {
  const { seed: _, ...others } = words;
  return others;
}
