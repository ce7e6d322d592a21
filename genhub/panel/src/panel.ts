/** <genhub-panel>: the button, the sheet that it opens, and what the page around it may say and hear. */

import { readCatalogue } from "./catalogue";
import { word } from "./complaints";
import type { Context } from "./context";
import { Desk } from "./desk";
import { button, icon, iconButton, make, newId } from "./dom";
import { Hub, type News, type Traffic } from "./hub";
import { insertMarkdown } from "./markdown";
import { Pictures } from "./pictures";
import { Reviews } from "./reviews";
import styles from "./panel.css";
import { mintAt, Tokens, type Mint } from "./tokens";
import type { Inserted } from "./types";
import { speak, type Say } from "./words";

const USUAL_LINK_DAYS = 365;
const LONGEST_LINK_DAYS = 366;
// This module lies at <hub>/static/genhub/panel/panel.js.
const OWN_HUB = new URL("../../../", import.meta.url).href;

const sheet = new CSSStyleSheet();
sheet.replaceSync(styles);

export class GenHubPanel extends HTMLElement {
  static readonly observedAttributes = ["lang"];
  /** Asks the page's server for a token, where `token-url` does not suffice. */
  mintToken: Mint | null = null;
  private readonly root = this.attachShadow({ mode: "open" });
  private desk: Desk | null = null;
  private pictures: Pictures | null = null;
  private dialog: HTMLDialogElement | null = null;
  private body = make("div");
  private alert = make("div");
  private status = make("p");

  connectedCallback(): void {
    this.root.adoptedStyleSheets = [sheet];
    this.draw();
  }

  disconnectedCallback(): void {
    this.forget();
  }

  attributeChangedCallback(): void {
    if (this.isConnected && this.root.hasChildNodes()) this.draw();
  }

  /** Open the sheet; orders that went on while it was closed are there again. */
  show(): void {
    if (this.dialog && !this.dialog.open) this.dialog.showModal();
    if (this.desk) void this.desk.renew();
    else void this.load();
    this.dispatch("genhub-open", null);
  }

  /** Close the sheet; orders go on. */
  close(): void {
    this.dialog?.close();
  }

  /** Start from a picture of the page: a file, or a public https:// address. */
  async useReference(picture: Blob | string): Promise<void> {
    if (!this.desk) await this.load();
    await this.desk?.form.reference.take(picture);
  }

  private get isInline(): boolean {
    return this.hasAttribute("inline");
  }

  /** The language in which it speaks. */
  get spoken(): "en" | "zh-hans" {
    const said = this.lang || this.closest<HTMLElement>("[lang]")?.lang || navigator.language;
    return said.toLowerCase().startsWith("zh") ? "zh-hans" : "en";
  }

  private get say(): Say {
    return speak(this.spoken);
  }

  private draw(): void {
    this.forget();
    const { say } = this;
    const title = make("h2", { id: newId() }, icon("spark"), say("title"));
    this.alert = make("div", { class: "alert", role: "alert", hidden: true });
    this.status = make("p", { class: "unseen", role: "status", "aria-live": "polite" });
    this.body = make("div", { class: "body" });
    const close = this.isInline ? null : iconButton("close", say("close"), () => this.close());
    const content = [make("header", { class: "top" }, title, close), this.alert, this.body, this.status];
    this.root.replaceChildren();
    if (this.isInline) {
      const attributes = { class: "sheet inline", lang: this.spoken, "aria-labelledby": title.id };
      this.root.append(make("section", attributes, ...content));
      void this.load();
      return;
    }
    this.dialog = make("dialog", {
      class: "sheet", lang: this.spoken, "aria-labelledby": title.id, close: () => this.dispatch("genhub-close", null),
    }, ...content);
    if (!this.hasAttribute("no-button")) {
      const opens = button("", () => this.show(), "opens");
      opens.append(icon("spark"), say("open"));
      opens.lang = this.spoken;
      opens.setAttribute("part", "button");
      this.root.append(opens);
    }
    this.root.append(this.dialog);
  }

  private async load(): Promise<void> {
    const { say } = this;
    const tokens = new Tokens(this.mint());
    const hub = new Hub(this.hubAddress, tokens, this.spoken, (traffic) => this.dispatch("genhub-traffic", traffic),
      (news) => this.dispatch("genhub-news", news));
    this.alert.hidden = true;
    this.body.replaceChildren(make("p", { class: "empty", role: "status" }, say("loading")));
    this.pictures?.release();
    this.pictures = new Pictures(hub);
    const context: Context = {
      hub, say, pictures: this.pictures, reviews: new Reviews(hub, say), name: this.getAttribute("name") ?? location.pathname,
      announce: (text) => { this.status.textContent = text; },
      complain: (error) => this.complain(error),
      calm: () => { this.alert.hidden = true; },
    };
    try {
      const desk = new Desk(context, await readCatalogue(hub), {
        linkDays: this.linkDays, insert: (picture) => this.insert(picture),
      });
      this.desk = desk;
      this.body.replaceChildren(desk.element);
      // On a phone the keyboard would cover what there is to choose.
      if (!this.isInline && matchMedia("(pointer: fine)").matches) desk.form.focus();
      await desk.resume();
    } catch (error) {
      this.complain(error);
      if (!this.desk) this.body.replaceChildren(button(say("tryAgain"), () => void this.load()));
    }
  }

  private mint(): Mint {
    const address = this.getAttribute("token-url");
    if (this.mintToken) return this.mintToken;
    if (address) return mintAt(address, this.getAttribute("csrf-token"));
    return () => Promise.reject(new Error("neither token-url nor mintToken"));
  }

  private get hubAddress(): string {
    const hub = this.getAttribute("hub");
    return new URL("api/v1/", hub ? `${hub.replace(/\/*$/, "")}/` : OWN_HUB).href;
  }

  private get linkDays(): number {
    if (this.getAttribute("insert") === "file") return 0;
    const days = Number(this.getAttribute("link-days") ?? USUAL_LINK_DAYS);
    return days >= 1 && days <= LONGEST_LINK_DAYS ? days : USUAL_LINK_DAYS;
  }

  private insert(picture: Inserted): void {
    const isLeft = this.dispatch("genhub-insert", picture);
    const target = this.getAttribute("for");
    const field = target ? (this.getRootNode() as Document).getElementById(target) : null;
    if (isLeft && field instanceof HTMLTextAreaElement) insertMarkdown(field, picture);
    this.close();
  }

  /** Say what did not work, and what to do. */
  complain(error: unknown): void {
    const { title, detail, advice } = word(error, this.say);
    const dismiss = iconButton("close", this.say("dismiss"), () => { this.alert.hidden = true; });
    this.alert.replaceChildren(make("div", {}, make("strong", {}, title), detail && make("p", {}, detail),
      advice && make("p", {}, advice)), dismiss);
    this.alert.hidden = false;
  }

  /** Tell the page; return whether it left the rest to the panel. */
  private dispatch(name: string, detail: Inserted | Traffic | News | null): boolean {
    return this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true }));
  }

  private forget(): void {
    this.desk?.leave();
    this.pictures?.release();
    this.desk = this.pictures = this.dialog = null;
  }
}

if (!customElements.get("genhub-panel")) customElements.define("genhub-panel", GenHubPanel);
