/** The words that a template asks for, as its JSON Schema says them. */

import { field, make } from "./dom";
import type { Field, Template } from "./types";

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export class Recipe {
  readonly element: HTMLElement;
  private readonly controls = new Map<string, Control>();

  constructor(readonly template: Template, changed: () => void) {
    const { properties = {}, required = [] } = template.parameters;
    const rows = Object.entries(properties).map(([name, shape]) => {
      const control = draw(shape, required.includes(name));
      control.addEventListener("change", changed);
      this.controls.set(name, control);
      return field(shape.title ?? name, control, shape.description);
    });
    this.element = make("div", { class: "recipe" }, ...rows);
  }

  /** Return whether every word is there; else the browser says which is not. */
  check(): boolean {
    return [...this.controls.values()].every((control) => control.reportValidity());
  }

  get isComplete(): boolean {
    return [...this.controls.values()].every((control) => control.checkValidity());
  }

  /** Return what was filled in; what was left empty is the template's to decide. */
  get parameters(): Record<string, unknown> {
    const { properties = {} } = this.template.parameters;
    const found: Record<string, unknown> = {};
    for (const [name, control] of this.controls) {
      const value = read(control, properties[name] ?? {});
      if (value !== undefined) found[name] = value;
    }
    return found;
  }

  /** Fill in what an earlier order said. */
  fill(parameters: Record<string, unknown>): void {
    for (const [name, value] of Object.entries(parameters)) {
      const control = this.controls.get(name);
      if (control instanceof HTMLInputElement && control.type === "checkbox") control.checked = value === true;
      else if (control) control.value = control instanceof HTMLSelectElement ? JSON.stringify(value) : String(value);
    }
  }
}

function draw(shape: Field, isRequired: boolean): Control {
  const usual = shape.default;
  if (shape.enum) {
    const options = shape.enum.map((value) =>
      make("option", { value: JSON.stringify(value), selected: value === usual }, String(value)));
    const none = usual === undefined ? make("option", { value: "" }, "–") : null;
    return make("select", { required: isRequired }, none, ...options);
  }
  if (shape.type === "boolean") return make("input", { type: "checkbox", checked: usual === true });
  if (shape.type === "integer" || shape.type === "number") {
    return make("input", {
      type: "number", required: isRequired, step: shape.type === "integer" ? 1 : "any",
      value: usual as number | undefined, min: shape.minimum, max: shape.maximum,
    });
  }
  return make("input", {
    type: "text", required: isRequired, maxlength: shape.maxLength, value: usual as string | undefined,
  });
}

function read(control: Control, shape: Field): unknown {
  if (control instanceof HTMLInputElement && control.type === "checkbox") return control.checked;
  if (control.value === "") return undefined;
  if (shape.enum) return JSON.parse(control.value);
  return control instanceof HTMLInputElement && control.type === "number" ? control.valueAsNumber : control.value;
}
