/** Elements made from words that are never read as HTML. */

type Attribute = string | number | boolean | null | undefined | ((event: Event) => void);
export type Child = Node | string | null | undefined | false;

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  close: "M6 6l12 12M18 6L6 18",
  enlarge: "M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5",
  edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
  history: "M4 12a8 8 0 1 0 3-6.2L4 8M4 4v4h4M12 8v4l3 2",
  again: "M20 12a8 8 0 1 1-2.5-5.8L20 8M20 4v4h-4",
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  star: "M12 4l2.5 5.2 5.5.7-4 3.9 1 5.6-5-2.8-5 2.8 1-5.6-4-3.9 5.5-.7z",
  spark: "M12 3l2 6 6 2-6 2-2 6-2-6-6-2 6-2z",
};
export type Icon = keyof typeof ICONS;

/** Return an element; functions are listeners, true an attribute without a value, false and null none. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Record<string, Attribute> = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

export function icon(name: Icon): SVGSVGElement {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  drawing.append(path);
  return drawing;
}

/** Return a button of a picture and a name for those who do not see it. */
export function iconButton(name: Icon, label: string, click: () => void): HTMLButtonElement {
  return make("button", { type: "button", class: "icon", "aria-label": label, title: label, click }, icon(name));
}

export function button(label: Child, click: () => void, kind = ""): HTMLButtonElement {
  return make("button", { type: "button", class: kind, click }, label);
}

let made = 0;

/** Return an id that no other element of the panel has. */
export function newId(): string {
  made += 1;
  return `g${made}`;
}

/** Return a control with its name above and, if any, a hint below. */
export function field(label: string, control: HTMLElement, hint?: string): HTMLElement {
  control.id ||= newId();
  const said = hint ? make("small", { id: newId() }, hint) : null;
  if (said) control.setAttribute("aria-describedby", said.id);
  return make("div", { class: "field" }, make("label", { for: control.id }, label), control, said);
}

export interface Option {
  value: string;
  label: string;
  /** Shows what is meant, beside its label. */
  picture?: HTMLImageElement | null;
}

/** Return a row of radio buttons that look like one switch, and what is chosen. */
export class Switch {
  readonly element: HTMLFieldSetElement;
  private readonly name = newId();

  constructor(label: string, kind: string, options: Option[], chosen: string, changed: () => void) {
    this.element = make(
      "fieldset", { class: `switch ${kind}`, change: changed },
      make("legend", {}, label),
      make("div", { class: "options" }, ...options.map((option) => this.draw(option, chosen))),
    );
  }

  get value(): string {
    return this.inputs().find((input) => input.checked)?.value ?? "";
  }

  set value(value: string) {
    for (const input of this.inputs()) input.checked = input.value === value;
  }

  private inputs(): HTMLInputElement[] {
    return [...this.element.querySelectorAll("input")];
  }

  private draw({ value, label, picture }: Option, chosen: string): HTMLElement {
    const input = make("input", { type: "radio", name: this.name, value, checked: value === chosen });
    return make("label", {}, input, make("span", {}, picture, label));
  }
}

export function debounce(act: () => void, ms: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, ms);
  };
}
