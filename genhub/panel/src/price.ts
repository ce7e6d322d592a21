/** What the order would cost, what there is to spend, and how long it usually takes, before anything is ordered. */

import { word } from "./complaints";
import type { Context } from "./context";
import { debounce, make } from "./dom";
import { Refusal } from "./hub";
import type { Form } from "./form";
import type { Quote } from "./types";

const PAUSE_MS = 250;
// What nobody has written yet costs what any picture costs.
const ANYTHING = "a star";

export class Price {
  readonly element = make("p", { class: "price", role: "status" });
  /** Ask again, in a moment. */
  readonly renew = debounce(() => void this.ask(), PAUSE_MS);
  private turn = 0;

  constructor(private readonly context: Context, private readonly form: () => Form | null) {}

  private async ask(): Promise<void> {
    const order = this.form()?.order;
    const turn = ++this.turn;
    if (!order) {
      this.element.textContent = "";
      return;
    }
    const { hub, say } = this.context;
    try {
      const body = order.template ? order : { ...order, prompt: order.prompt || ANYTHING };
      const quote = await hub.send<Quote>("quote", body);
      if (turn === this.turn) this.show(quote);
    } catch (error) {
      if (turn !== this.turn) return;
      const { title, detail } = word(error, say);
      this.element.classList.add("short");
      this.element.textContent = error instanceof Refusal ? detail : title;
    }
  }

  private show({ price, available, refusal, usual_seconds: seconds }: Quote): void {
    const { say } = this.context;
    const isShort = refusal !== null;
    this.element.classList.toggle("short", isShort);
    const parts = [
      make("strong", {}, say("credits", { credits: price })),
      available === null ? null : say("available", { credits: available }),
      seconds ? say("usually", { time: nameSeconds(seconds, say) }) : null,
      isShort ? say(refusal === "insufficient_credits" ? "tooFew" : "notNow") : null,
    ].filter((part) => part !== null);
    this.element.replaceChildren(...parts.flatMap((part, place) => (place ? [" · ", part] : [part])));
  }
}

/** Return seconds as people say them. */
export function nameSeconds(seconds: number, say: Context["say"]): string {
  return seconds < 90
    ? say("seconds", { seconds: Math.max(1, Math.round(seconds)) })
    : say("minutes", { minutes: Math.round(seconds / 60) });
}
