/** What an editor chooses before an order: all of it, as the body of `generate`. */

import type { Catalogue } from "./catalogue";
import type { Context } from "./context";
import { Description, drawPhrases } from "./description";
import { field, make, Switch, type Option } from "./dom";
import { Recipe } from "./recipe";
import { Reference } from "./reference";
import { isSame, nameSize, sizesOf } from "./sizes";
import type { Model, Order, Preferences, Size } from "./types";

const COUNTS = ["1", "2", "4", "9"];

export class Form {
  readonly element: HTMLElement;
  readonly reference: Reference;
  private readonly description: Description;
  private readonly template: Switch;
  private readonly style: Switch;
  private readonly count: Switch;
  private readonly mode: Switch;
  private readonly size = make("select");
  private readonly model = make("select");
  private readonly negative = make("textarea", { rows: 2 });
  private readonly seed = make("input", { type: "number", min: 0, step: 1, max: Number.MAX_SAFE_INTEGER });
  private readonly remember = make("input", { type: "checkbox" });
  private readonly recipePlace = make("div");
  private readonly direct: HTMLElement;
  private recipe: Recipe | null = null;
  private sizes: Size[] = [];

  constructor(
    private readonly context: Context, private readonly catalogue: Catalogue, private readonly changed: () => void,
  ) {
    const { say } = context;
    const { usual, templates } = catalogue;
    this.description = new Description(context, catalogue.phrases, changed);
    this.reference = new Reference(context, changed);
    const free = { value: "", label: say("freeDescription") };
    const priced = templates.map(({ code, name, price, example_url: example }) => ({
      value: code, label: price === null ? name : `${name} · ${say("credits", { credits: price })}`,
      picture: example === null ? null : context.pictures.thumbnail(example),
    }));
    this.template = new Switch(say("template"), "cards", [free, ...priced], "", () => this.chooseTemplate());
    this.template.element.hidden = !templates.length;
    this.style = new Switch(say("style"), "cards", this.styles(), usual.style_preset ?? "", changed);
    this.count = new Switch(say("count"), "", COUNTS.map(same), countOf(usual), changed);
    const modes = [["fast", "fast"], ["", "standard"], ["fine", "fine"]] as const;
    const named = modes.map(([value, word]) => ({ value, label: say(word) }));
    this.mode = new Switch(say("mode"), "", named, usual.mode ?? "", changed);
    this.negative.value = usual.negative_prompt ?? "";
    const sizeRow = field(say("size"), this.size);
    const modelRow = this.drawModels(usual);
    this.direct = this.description.element;
    this.element = make("form", { class: "form", submit: stay, paste: (event) => this.paste(event as ClipboardEvent) },
      this.template.element, this.direct, this.recipePlace,
      make("div", { class: "row" }, this.count.element, this.mode.element), this.style.element, sizeRow,
      this.reference.element, this.drawMore(modelRow));
    for (const control of [this.size, this.model, this.negative, this.seed]) {
      control.addEventListener("change", changed);
    }
    this.model.addEventListener("change", () => this.lookAtModel());
    this.lookAtModel(usual);
    if (usual.template && templates.some(({ code }) => code === usual.template)) {
      this.template.value = usual.template;
      this.chooseTemplate();
    }
  }

  /** Return whether it can be ordered; what is missing is said in its place. */
  check(): boolean {
    return this.recipe ? this.recipe.check() : this.description.check();
  }

  /** Return an order, or null while its template's words are missing. */
  get order(): Order | null {
    const shared: Order = { num_images: Number(this.count.value), ...this.reference.words };
    if (this.mode.value) shared.mode = this.mode.value;
    if (this.seed.value) shared.seed = this.seed.valueAsNumber;
    if (this.recipe) {
      if (!this.recipe.isComplete) return null;
      return { ...shared, template: this.recipe.template.code, parameters: this.recipe.parameters };
    }
    const order: Order = { ...shared, prompt: this.description.text };
    if (this.style.value) order.style_preset = this.style.value;
    if (this.negative.value.trim()) order.negative_prompt = this.negative.value.trim();
    if (this.catalogue.models.length > 1) order.model = this.model.value;
    const size = this.sizes[Number(this.size.value)];
    return size && this.size.value !== "" ? { ...order, ...size } : order;
  }

  /** Return the user's usual words as they stand now, or null when they are not to be kept. */
  get usual(): Preferences | null {
    const order = this.order;
    if (!this.remember.checked || !order) return null;
    const { num_images, mode, style_preset, negative_prompt, model, width, height } = order;
    const words = { num_images, mode, style_preset, negative_prompt, model, width, height };
    return Object.fromEntries(Object.entries(words).filter(([, value]) => value !== undefined));
  }

  /** Fill in an earlier order. */
  fill(order: Order): void {
    this.template.value = order.template ?? "";
    this.chooseTemplate();
    this.recipe?.fill(order.parameters ?? {});
    this.description.text = order.prompt ?? "";
    this.style.value = order.style_preset ?? "";
    this.mode.value = order.mode ?? "";
    this.count.value = countOf(order);
    this.negative.value = order.negative_prompt ?? "";
    this.seed.value = order.seed === undefined ? "" : String(order.seed);
    this.reference.fill(order);
    if (order.model) this.model.value = order.model;
    this.lookAtModel(order);
    this.changed();
  }

  focus(): void {
    this.description.input.focus();
  }

  private styles(): Option[] {
    const { styles, suggested } = this.catalogue;
    const { say } = this.context;
    const often = (code: string): boolean => suggested.style_preset.includes(code);
    const sorted = [...styles].sort((one, other) => Number(often(other.code)) - Number(often(one.code)));
    return [{ value: "", label: say("noStyle") }, ...sorted.map(({ code, name }) => (
      { value: code, label: often(code) ? `★ ${name}` : name }
    ))];
  }

  private drawModels(usual: Preferences): HTMLElement {
    const { models } = this.catalogue;
    const chosen = usual.model ?? models.find(({ is_default }) => is_default)?.alias;
    this.model.append(...models.map(({ alias }) =>
      make("option", { value: alias, selected: alias === chosen }, alias)));
    const row = field(this.context.say("model"), this.model);
    row.hidden = models.length < 2;
    return row;
  }

  private drawMore(modelRow: HTMLElement): HTMLElement {
    const { say } = this.context;
    const negatives = this.catalogue.phrases.filter(({ purpose }) => purpose === "negative");
    return make("details", { class: "more" }, make("summary", {}, say("more")), modelRow,
      field(say("negative"), this.negative, say("negativeHint")),
      drawPhrases(say("phrases"), negatives, () => say("negative"), this.negative, this.changed),
      field(say("seed"), this.seed, say("seedHint")),
      make("label", { class: "check" }, this.remember, say("remember")));
  }

  private chooseTemplate(): void {
    const template = this.catalogue.templates.find(({ code }) => code === this.template.value);
    this.recipe = template ? new Recipe(template, this.changed) : null;
    this.recipePlace.replaceChildren(...(this.recipe ? [this.recipe.element] : []));
    this.direct.hidden = Boolean(this.recipe);
    // A template decides these itself.
    for (const control of [this.size, this.negative, this.model]) control.disabled = Boolean(this.recipe);
    for (const row of [this.style.element, this.size.parentElement]) {
      row?.toggleAttribute("hidden", Boolean(this.recipe));
    }
    this.changed();
  }

  private lookAtModel(wanted: Preferences = {}): void {
    const model = this.chosenModel;
    if (!model) return;
    this.description.limit(model.longest_prompt);
    this.sizes = sizesOf(model);
    const { width, height } = wanted;
    const size = width && height ? { width, height } : null;
    if (size && !this.sizes.some((known) => isSame(known, size))) this.sizes.push(size);
    this.size.replaceChildren(make("option", { value: "" }, this.context.say("usualSize")),
      ...this.sizes.map((known, place) => make("option", {
        value: place, selected: Boolean(size && isSame(known, size)),
      }, nameSize(known))));
    this.mode.element.hidden = !Object.keys(model.modes).length;
    this.reference.element.hidden = model.unsupported.includes("image");
  }

  private get chosenModel(): Model | undefined {
    return this.catalogue.models.find(({ alias }) => alias === this.model.value) ?? this.catalogue.models[0];
  }

  private paste(event: ClipboardEvent): void {
    if (this.reference.paste(event)) event.preventDefault();
  }
}

/** Return the number of pictures of an order as the form offers it: what it does not offer is one. */
function countOf({ num_images: number }: Order): string {
  return COUNTS.includes(String(number)) ? String(number) : "1";
}

function same(value: string): Option {
  return { value, label: value };
}

function stay(event: Event): void {
  event.preventDefault();
}
