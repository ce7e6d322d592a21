/** The description of a picture, with examples and phrases that help it. */

import type { Context } from "./context";
import { button, make, newId } from "./dom";
import type { Phrase } from "./types";
import type { Word } from "./words";

const PURPOSES: Record<string, Word> = {
  product: "purposeProduct", illustration: "purposeIllustration", photo: "purposePhoto", ui: "purposeUi",
};
const EXAMPLES: Word[] = ["exampleOne", "exampleTwo"];

export class Description {
  readonly element: HTMLElement;
  readonly input: HTMLTextAreaElement;
  private readonly count = make("small", { class: "count" });
  private readonly missing = make("p", { class: "missing", id: newId(), hidden: true });
  private readonly examples: HTMLElement;
  private longest = Infinity;

  constructor({ say }: Context, phrases: Phrase[], changed: () => void) {
    const hint = make("small", { id: newId() }, say("descriptionHint"));
    this.input = make("textarea", {
      id: newId(), rows: 4, placeholder: say("descriptionExample"), "aria-describedby": `${this.missing.id} ${hint.id}`,
      input: () => this.look(), change: changed,
    });
    this.missing.textContent = say("descriptionMissing");
    this.examples = make("div", { class: "chips" }, make("small", {}, say("tryThis")),
      ...EXAMPLES.map((word) => button(say(word), () => {
        this.text = say(word);
        changed();
        this.input.focus();
      }, "chip")));
    this.element = make("div", { class: "field description" },
      make("label", { for: this.input.id }, say("description")), this.input,
      make("div", { class: "under" }, hint, this.count), this.missing, this.examples,
      drawPhrases(say("phrases"), phrases.filter(({ purpose }) => purpose in PURPOSES),
        (purpose) => say(PURPOSES[purpose] ?? "phrases"), this.input, () => { this.look(); changed(); }));
    this.look();
  }

  get text(): string {
    return this.input.value.trim();
  }

  set text(text: string) {
    this.input.value = text;
    this.look();
  }

  /** The most signs that the chosen model reads. */
  limit(signs: number): void {
    this.longest = signs;
    this.look();
  }

  /** Return whether it can be sent; else say what is missing, where it is missing. */
  check(): boolean {
    const isMissing = !this.text;
    this.missing.hidden = !isMissing;
    const isFit = !isMissing && this.length <= this.longest;
    this.input.toggleAttribute("aria-invalid", false);
    if (!isFit) {
      this.input.setAttribute("aria-invalid", "true");
      this.input.focus();
    }
    return isFit;
  }

  private get length(): number {
    return [...this.text].length;
  }

  private look(): void {
    const isLimited = Number.isFinite(this.longest);
    this.count.textContent = isLimited ? `${this.length} / ${this.longest}` : "";
    this.count.classList.toggle("over", this.length > this.longest);
    this.examples.hidden = this.text !== "";
    if (this.text) {
      this.missing.hidden = true;
      this.input.removeAttribute("aria-invalid");
    }
  }
}

/** Return phrases by purpose; each is put into a text, or taken out of it, by one click. */
export function drawPhrases(
  title: string, phrases: Phrase[], nameOf: (purpose: string) => string,
  input: HTMLTextAreaElement, changed: () => void,
): HTMLElement | null {
  if (!phrases.length) return null;
  const chips: [HTMLButtonElement, string][] = [];
  const look = (): void => {
    for (const [chip, text] of chips) chip.setAttribute("aria-pressed", String(split(input.value).includes(text)));
  };
  const draw = ({ text }: Phrase): HTMLElement => {
    const chip = button(text, () => {
      input.value = toggle(input.value, text);
      look();
      changed();
    }, "chip");
    chips.push([chip, text]);
    return chip;
  };
  const groups = [...new Set(phrases.map(({ purpose }) => purpose))].map((purpose) =>
    make("div", { class: "chips", role: "group", "aria-label": nameOf(purpose) },
      make("small", {}, nameOf(purpose)), ...phrases.filter((phrase) => phrase.purpose === purpose).map(draw)));
  input.addEventListener("input", look);
  const fold = make("details", { class: "phrases", toggle: look }, make("summary", {}, title), ...groups);
  look();
  return fold;
}

function split(text: string): string[] {
  return text.split(/[,，]/).map((part) => part.trim()).filter(Boolean);
}

/** Return a text with a phrase at its end, or without it where it stood already. */
export function toggle(text: string, phrase: string): string {
  const parts = split(text);
  const mark = /[\u3400-\u9fff]/.test(text || phrase) ? "，" : ", ";
  const left = parts.includes(phrase) ? parts.filter((part) => part !== phrase) : [...parts, phrase];
  return left.join(mark);
}
